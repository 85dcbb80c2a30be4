"""MQTT topics, which anyone may send anything on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import NodeId
from contract.topics import ROOT, down, parse_up, up
from tests.contract.values import values

NODE = "01-00097-01-h1"


def test_the_topics_of_a_node() -> None:
    assert up(NODE, "events") == "thutu/v1/01-00097-01-h1/up/events"
    assert up("+", "status") == "thutu/v1/+/up/status"
    assert down(NODE, "ack") == "thutu/v1/01-00097-01-h1/down/ack"


@given(values(NodeId), st.sampled_from(["events", "status"]))
def test_a_topic_tells_who_speaks_of_what(node: str, what: str) -> None:
    assert parse_up(f"{ROOT}/{node}/up/{what}") == (node, what)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        f"thutu/v1/{NODE}/down/ack",
        f"thutu/v2/{NODE}/up/events",
        f"thutu/v1/{NODE}/up",
        f"thutu/v1/{NODE}/up/events/more",
        f"/thutu/v1/{NODE}/up/events",
        "thutu/v1/+/up/events",
        "thutu/v1/01-00097-01/up/events",
        f"thutu/v1/{NODE}\n/up/events",
    ],
)
def test_what_is_no_upward_topic_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_up(topic)
