"""MQTT topics, which anyone may send anything on."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import NodeId
from contract.topics import LANES, ROOT, down, lane_of, parse_up, up, up_in_lane
from tests.contract.values import values

NODE = "01-00097-01-h1"


def test_the_topics_of_a_node() -> None:
    assert up(NODE, "events") == "thutu/v1/21/01-00097-01-h1/up/events"
    assert down(NODE, "ack") == "thutu/v1/21/01-00097-01-h1/down/ack"


def test_the_topics_of_many_nodes() -> None:
    assert up("+", "status") == "thutu/v1/+/+/up/status"
    assert down("+", "ack") == "thutu/v1/+/+/down/ack"
    assert up_in_lane(7) == "thutu/v1/07/+/up/+"


def test_nobody_else_has_a_topic() -> None:
    with pytest.raises(ValueError, match="is not the name of a node"):
        up("01-00097-01", "events")


def test_lanes_are_fixed_for_ever() -> None:
    """Another answer would part hubs from their centres."""
    assert [lane_of(site) for site in ("01-00097-01", "48-20194-01", "79-26734-02")] == [21, 43, 40]


def test_the_nodes_of_a_site_share_its_lane() -> None:
    lanes = {up(f"01-00097-01-{part}", "events").split("/")[2] for part in ("h1", "h2", "s1")}
    assert lanes == {"21"}


def test_lanes_are_about_equally_full() -> None:
    """3,139 sites: for eight workers none has a fifth more than its share."""
    lanes = Counter(lane_of(f"{unit % 34 + 1:02d}-{unit * 7:05d}-01") for unit in range(3_139))
    shares = [sum(n for lane, n in lanes.items() if lane % 8 == share) for share in range(8)]
    assert len(lanes) == LANES
    assert max(shares) < 1.2 * 3_139 / 8


@given(values(NodeId), st.sampled_from(["events", "status"]))
def test_a_topic_tells_who_speaks_of_what(node: str, what: str) -> None:
    lane = lane_of(node[:11])
    assert 0 <= lane < LANES
    assert parse_up(f"{ROOT}/{lane:02d}/{node}/up/{what}") == (node, what)


@given(values(NodeId), st.integers(0, LANES - 1))
def test_another_lane_than_the_nodes_is_refused(node: str, lane: int) -> None:
    topic = f"{ROOT}/{lane:02d}/{node}/up/events"
    if lane == lane_of(node[:11]):
        assert parse_up(topic) == (node, "events")
    else:
        with pytest.raises(ValueError, match="not in the lane"):
            parse_up(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        f"thutu/v1/21/{NODE}/down/ack",
        f"thutu/v2/21/{NODE}/up/events",
        f"thutu/v1/21/{NODE}/up",
        f"thutu/v1/21/{NODE}/up/events/more",
        f"/thutu/v1/21/{NODE}/up/events",
        f"thutu/v1/{NODE}/up/events",
        f"thutu/v1/+/{NODE}/up/events",
        f"thutu/v1/021/{NODE}/up/events",
        "thutu/v1/21/+/up/events",
        "thutu/v1/21/01-00097-01/up/events",
        f"thutu/v1/21/{NODE}\n/up/events",
    ],
)
def test_what_is_no_upward_topic_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_up(topic)
