"""Who does not run what they should: from what hubs say and what lies on the shelf."""

from collections.abc import Sequence

import httpx
import msgspec
import pytest

from central.configuration.decided import Decided
from central.configuration.differences import Difference, Wanted, differences, wanted
from central.scope import Scope
from central.store.configurations import Made
from central.store.connection import Database
from central.store.database import Location, transaction
from central.store.reader import NodeRow, Reader
from central.store.updates import UpdateBook
from central.updates.rollout import Rollout, RolloutState
from contract.wire import Phase, SiteMachine, UpdateState, configuration_label
from tests.central.decisions import decide
from tests.central.journal import DAY, NODE, OTHER_NODE
from tests.central.nation import OTHER_SITE, QUIET_SITE, SITE, UNREGISTERED_SITE, Nation, answer
from tests.central.updates.test_rollout import ROLLOUT

TEXT = 'follow_url = "https://centre.example/{site}"'


def heard(db: Database, *nodes: tuple[str, str | None, str | None]) -> dict[str, Sequence[NodeRow]]:
    """Hubs with what they said, as a reader of the nation finds them."""
    begin = db.execute("SELECT count(*) FROM sites").fetchone()[0] + 1
    for number, (node, software, config) in enumerate(nodes, start=begin):
        site, province = node[:11], node[:2]
        db.execute(
            "INSERT INTO sites (site, code, province) VALUES (?, ?, ?)", (number, site, province)
        )
        db.execute(
            "INSERT INTO nodes (site, code, software, config) VALUES (?, ?, ?, ?)",
            (number, node, software, config),
        )
    return {row.site: [row] for row in Reader(db.conn, Scope()).nodes()}


def differing(db: Database, *nodes: tuple[str, str | None, str | None]) -> list[str]:
    """The names of hubs that differ in configuration and in software."""
    found = differences(heard(db, *nodes), wanted(db.conn, DAY))
    return [
        f"{one.node} {'config' * one.config_differs}{'software' * one.software_differs}"
        for one in found
    ]


def roll_out(db: Database, rollout: Rollout, *nodes: str) -> None:
    with transaction(db.conn):
        book = UpdateBook(db.conn)
        book.add(rollout)
        for node in nodes:
            book.note_told(node, rollout.order, rollout.release, 1)


def say(db: Database, rollout: Rollout, node: str, phase: Phase) -> None:
    with transaction(db.conn):
        said = UpdateState(rollout.order, rollout.release, phase)
        assert UpdateBook(db.conn).note_said(node, said, 2)


def never_heard(node: str, label: str | None) -> Difference:
    return Difference(
        site=node[:11],
        node=node,
        config=None,
        wanted_config=label,
        config_differs=True,
        software=None,
        wanted_software=None,
    )


# --- what differs -----------------------------------------------------------------------------


def test_a_hub_differs_until_it_says_what_was_decided(
    each_db: Database, location: Location
) -> None:
    label = decide(location, NODE, TEXT).label
    assert label is not None
    assert differing(each_db, (NODE, "0.1.0", "c1")) == [f"{NODE} config"]
    each_db.execute("UPDATE nodes SET config = ? WHERE code = ?", (label, NODE))
    assert differing(each_db) == []


def test_a_hub_that_runs_what_this_centre_has_not_made_differs_from_nothing_known(
    each_db: Database,
) -> None:
    lost = configuration_label(7, TEXT, b"")
    [found] = differences(heard(each_db, (NODE, "0.1.0", lost)), wanted(each_db.conn, DAY))
    assert (found.config, found.wanted_config, found.config_differs) == (lost, None, True)


def test_software_differs_where_another_was_told_whatever_most_run(each_db: Database) -> None:
    hubs = [f"01-00097-{n:02}-h1" for n in range(1, 6)]
    early, late, silent, *_ = hubs
    heard(each_db, (early, "7.0", "own"), (late, "6.0", "own"), (silent, None, None))
    heard_later = [(node, "6.0", "own") for node in hubs[3:]]
    assert differing(each_db, *heard_later) == []
    roll_out(each_db, ROLLOUT, early, late, silent)
    assert differing(each_db) == [f"{late} software"]


def test_a_card_that_came_with_later_software_and_says_done_runs_what_it_should(
    each_db: Database,
) -> None:
    """Also while the rollout goes on: the hub keeps what it has."""
    hubs = [f"01-00097-{n:02}-h1" for n in range(1, 6)]
    card, before_it_looked, earlier, candidate, first = hubs
    runs = {card: "7.0.1", before_it_looked: "7.0.1", earlier: "6.0", candidate: "7.1rc1"}
    heard(each_db, *((node, runs.get(node, "7.0"), "own") for node in hubs))
    roll_out(each_db, ROLLOUT, *hubs)
    for node in (card, earlier, candidate, first):
        say(each_db, ROLLOUT, node, "done")
    others = (before_it_looked, earlier, candidate)
    assert differing(each_db) == [f"{node} software" for node in others]
    assert wanted(each_db.conn, DAY).software == {**dict.fromkeys(hubs, "7.0"), card: "7.0.1"}
    each_db.execute("UPDATE nodes SET software = '6.0' WHERE code = ?", (card,))
    assert f"{card} software" in differing(each_db)


@pytest.mark.parametrize("state", [RolloutState.STOPPED, RolloutState.HALTED])
def test_of_a_rollout_that_was_given_up_holds_what_hubs_have_of_it(
    each_db: Database, state: RolloutState
) -> None:
    """Who has it keeps it; who refused it, or had not switched, should run what was told before."""
    older = msgspec.structs.replace(ROLLOUT, release=6, software="6.0")
    newer = msgspec.structs.replace(ROLLOUT, rollout=2, state=state)
    done, trying, refused, fetching = hubs = [f"01-00097-{n:02}-h1" for n in range(1, 5)]
    software = {done: "7.0", trying: "7.0", refused: "6.0", fetching: "6.0"}
    heard(each_db, *((node, software[node], "own") for node in hubs))
    roll_out(each_db, older, *hubs)
    roll_out(each_db, newer, *hubs)
    phases: dict[str, Phase] = {done: "done", trying: "trying", refused: "refused"}
    for node, phase in phases.items():
        say(each_db, newer, node, phase)
    assert wanted(each_db.conn, DAY).software == software
    assert differing(each_db) == []


def test_with_no_hub_and_no_decision_nothing_differs(each_db: Database) -> None:
    assert wanted(each_db.conn, DAY) == Wanted({}, {})
    assert differing(each_db) == []


def test_a_hub_never_heard_differs_where_its_site_is_seen_and_nowhere_else() -> None:
    should = Wanted({node: Decided(Made(1, TEXT), b"") for node in (NODE, OTHER_NODE)}, {})
    label = configuration_label(1, TEXT, b"")
    own, other = (never_heard(node, label) for node in (NODE, OTHER_NODE))
    assert differences({SITE: []}, should) == [own]
    assert differences({OTHER_SITE: [], SITE: []}, should) == [own, other]
    assert differences({QUIET_SITE: []}, should) == []


def test_a_machine_differs_that_runs_something_else_than_its_hub(each_db: Database) -> None:
    hall = SiteMachine("10.0.0.7", "6.0", "hall")
    heard(each_db, (NODE, "7.0", "own"), (OTHER_NODE, None, None))
    for said in ((hall, SiteMachine("10.0.0.8", "7.0")), (SiteMachine("10.0.0.7", "7.0"),)):
        each_db.execute("UPDATE nodes SET machines = ?", (msgspec.json.encode(said).decode(),))
        hubs = {row.site: [row] for row in Reader(each_db.conn, Scope()).nodes()}
        found = [one.machines for one in differences(hubs, wanted(each_db.conn, DAY))]
        assert found == ([(hall,)] if hall in said else [])


# --- the answer -------------------------------------------------------------------------------


def test_the_api_says_who_differs_and_from_what(national: httpx.Client) -> None:
    found = answer(national, "/differences")
    hubs = {hub["node"]: hub for hub in found["hubs"]}
    assert list(hubs) == [f"{QUIET_SITE}-h1", OTHER_NODE, NODE]  # by the names of their sites
    mine, old, never = hubs[NODE], hubs[OTHER_NODE], hubs[f"{QUIET_SITE}-h1"]
    assert (mine["config_differs"], mine["software_differs"]) == (True, True)
    assert (mine["software"], mine["wanted_software"]) == ("0.1.0", "0.2.0")
    assert (mine["config"], mine["name"]) == ("c1", "Trung tâm phường Hồng Hà")
    assert mine["wanted_config"].startswith("1-")
    assert (old["config_differs"], old["software_differs"]) == (False, True)
    assert (old["software"], old["wanted_config"]) == ("0.0.9", None)
    assert (never["config"], never["freshness"]["state"]) == (None, "never")
    assert (old["wanted_software"], never["wanted_software"]) == ("0.2.0", None)
    assert {one["software"]: one["hubs"] for one in found["software"]}["0.0.9"] == 1
    assert (mine["machines"], never["machines"]) == ([], [])
    assert old["machines"] == [{"address": "10.0.0.7", "device": "hall", "software": "0.0.8"}]


def test_a_province_sees_its_own_hubs(served: Nation) -> None:
    with served.client("danang") as client:
        found = answer(client, "/differences")
    assert [hub["node"] for hub in found["hubs"]] == [OTHER_NODE]
    assert found["software"] == [{"software": "0.0.9", "hubs": 1}]


def test_pages_add_up_and_an_unchanged_answer_is_not_sent_again(national: httpx.Client) -> None:
    whole = answer(national, "/differences")
    first = answer(national, "/differences?limit=2")
    second = answer(national, f"/differences?limit=2&offset={first['next_offset']}")
    assert first["hubs"] + second["hubs"] == whole["hubs"]
    assert (first["total"], second["next_offset"]) == (3, None)
    tag = national.get("/api/v1/differences").headers["etag"]
    again = national.get("/api/v1/differences", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_question_is_narrowed_to_a_place(national: httpx.Client) -> None:
    by_site = answer(national, f"/differences?site={SITE}")["hubs"]
    assert [hub["node"] for hub in by_site] == [NODE]
    assert answer(national, f"/differences?site={UNREGISTERED_SITE}")["total"] == 0
