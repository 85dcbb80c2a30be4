"""Sites that end: their days stay, and nothing more is expected of them."""

from datetime import date
from pathlib import Path

import pytest

from central.api.freshness import of_many, of_site_standings, of_standing
from central.api.known import Moment, freshness_of, known_sites
from central.api.models import Liveness
from central.catalogue.catalogue import publish
from central.configuration.differences import differences, wanted
from central.ingest.intake import Intake, Received
from central.registry.dated_names import DatedName, DatedNames
from central.registry.lists import ListError
from central.registry.published_names import publish_units
from central.registry.register import compare, register
from central.registry.sites import parse_sites
from central.registry.units import shipped_units
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location, database_of, transaction, writing
from central.store.given_up import write_off
from central.store.ingest import SqlIngestStore
from central.store.reader import Reader
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals, sum_standings
from central.store.updates import UpdateBook
from central.store.visible import Where
from tests.central.alerts.office import Office, quiet_day
from tests.central.busy_day import morning
from tests.central.catalogue.lists import BIRTH, procedures
from tests.central.decisions import decide
from tests.central.journal import DAY, MORNING_MS, NODE
from tests.central.nation import (
    OTHER_SITE,
    QUIET_SITE,
    SITE,
    UNREGISTERED_SITE,
    answer,
    nation,
)
from tests.central.updates.test_rollout import ROLLOUT

HEAD = "site,name,type,national_code,valid_to"
NEXT_DAY = "2026-11-21"
DAY_MS = 24 * 3_600_000
HOURS_LATER_MS = MORNING_MS + 4 * 3_600_000
NEXT_MS = HOURS_LATER_MS + DAY_MS
LIVE_MS = 180_000
ENDS, GOES_ON = NODE[:11], "01-00103-01"


def end(db: Database, site: str, last: str) -> None:
    register(
        db, parse_sites([HEAD, f"{site},Trung tâm cũ,centre,,{last}"]), who="x", now_ms=MORNING_MS
    )


def end_in(folder: Path, *sites: tuple[str, str]) -> None:
    with writing(database_of(folder)) as db:
        for site, last in sites:
            end(db, site, last)


def live_a_day(db: Database, site: str, day: str, at_ms: int) -> None:
    """Its events, and a heartbeat, at a moment of the day."""
    days = (date.fromisoformat(day) - date.fromisoformat(DAY)).days
    made = morning(f"{site}-h1", tickets=30, seed=days + 1, day=day, days_before=-days).journal
    intake = Intake(SqlIngestStore(db))
    for topic, payload in (
        (made.events_topic, made.all()),
        (made.status_topic, made.status(wall_ms=at_ms)),
    ):
        intake.commit([Received(topic, payload, at_ms)])
    folder = Folder(SqlRollupStore(db))
    while folder.step():
        pass
    with transaction(db.conn):
        write_off(db.conn, made.node, at_ms)  # each day is a journal of its own here


@pytest.fixture
def db(each_db: Database) -> Database:
    """Two sites worked on DAY, which was the last of one of them; the other worked on."""
    for site in (ENDS, GOES_ON):
        live_a_day(each_db, site, DAY, HOURS_LATER_MS)
    live_a_day(each_db, GOES_ON, NEXT_DAY, NEXT_MS)
    end(each_db, ENDS, DAY)
    return each_db


# --- the list ---------------------------------------------------------------------------------


def test_a_list_that_does_not_say_leaves_the_last_day_as_it_was(db: Database) -> None:
    without = parse_sites(["site,name,type,national_code", f"{ENDS},Trung tâm cũ,centre,"])
    assert compare(db, without, DAY).unchanged == (ENDS,)
    again = parse_sites([HEAD, f"{ENDS},Trung tâm cũ,centre,,"])
    assert compare(db, again, DAY).changed == (ENDS,)
    assert Reader(db.conn, Scope()).sites(DAY, Where(site=ENDS))[0].valid_to == DAY
    register(db, again, who="x", now_ms=MORNING_MS)
    assert Reader(db.conn, Scope()).sites(DAY, Where(site=ENDS))[0].valid_to is None


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(ListError, match="line 2"):
        parse_sites([HEAD, f"{ENDS},Trung tâm cũ,centre,,31/12/2026"])


def test_a_unit_may_end_with_its_sites(db: Database) -> None:
    unit = ENDS[:8]

    def publish(last: date) -> None:
        ended = [
            DatedName(one.code, one.name, one.valid_from, last) if one.code == unit else one
            for one in shipped_units().all
        ]
        publish_units(db, DatedNames(ended), who="x", now_ms=7, keep_sites=False)

    with pytest.raises(ListError, match=f"site {ENDS}"):
        publish(date(2026, 11, 19))
    publish(date.fromisoformat(DAY))


# --- figures ----------------------------------------------------------------------------------


def test_it_is_listed_on_its_days_and_no_more(db: Database) -> None:
    reader = Reader(db.conn, Scope())
    assert [row.site for row in reader.sites(DAY)] == [ENDS, GOES_ON]
    assert [row.site for row in reader.sites(NEXT_DAY)] == [GOES_ON]
    assert [row.site for row in reader.sites(NEXT_DAY, since=DAY)] == [ENDS, GOES_ON]
    assert [row.site for row in reader.sites(NEXT_DAY, Where(site=ENDS))] == [ENDS]
    assert Totals(db.conn, Scope()).days(DAY, DAY)[DAY].issued == 60


def test_until_the_end_of_its_last_day_it_is_as_live_as_others(db: Database) -> None:
    standing = Totals(db.conn, Scope()).standings(DAY, HOURS_LATER_MS, LIVE_MS)["01"]
    assert (standing.sites, standing.live, standing.ended) == (2, 2, 0)


def test_after_its_last_day_it_is_neither_silent_nor_holds_others_back(db: Database) -> None:
    totals = Totals(db.conn, Scope())
    for day, sites, ended in ((NEXT_DAY, 1, 0), (DAY, 2, 1), (None, 2, 1)):
        standing = totals.standings(day, NEXT_MS, LIVE_MS)["01"]
        assert (standing.sites, standing.ended, standing.live) == (sites, ended, 1)
        assert (standing.offline, standing.never) == (0, 0)
        assert standing.complete_up_to_ms == NEXT_MS


@pytest.mark.parametrize("day", [DAY, NEXT_DAY])
def test_lists_and_sums_say_the_same_of_it(db: Database, day: str) -> None:
    reader, totals = Reader(db.conn, Scope()), Totals(db.conn, Scope())
    moment = Moment(NEXT_MS, LIVE_MS)
    known = known_sites(reader, day, Where(), moment)
    reporting = set(reader.site_days(day))
    said = of_standing(totals.standings(day, *moment)["01"])
    assert freshness_of(known, reporting) == said
    stands = totals.site_standings(day, day, *moment, Where())
    assert sorted(stands) == [site.row.site for site in known]
    rows = [(stands[site.row.site], site.row.site in reporting) for site in known]
    assert of_site_standings(rows) == said


def test_where_all_have_ended_their_own_time_is_told(db: Database) -> None:
    end(db, GOES_ON, NEXT_DAY)
    later_ms = NEXT_MS + DAY_MS
    standing = Totals(db.conn, Scope()).standings(NEXT_DAY, later_ms, LIVE_MS)["01"]
    assert (standing.ended, standing.complete_up_to_ms) == (1, NEXT_MS)
    known = known_sites(Reader(db.conn, Scope()), NEXT_DAY, Where(), Moment(later_ms, LIVE_MS))
    assert [site.freshness.state for site in known] == [Liveness.ENDED]
    assert of_many((site.freshness, True) for site in known) == of_standing(standing)
    ever = sum_standings(Totals(db.conn, Scope()).standings(None, later_ms, LIVE_MS).values())
    assert (ever.ended, ever.reporting, ever.complete_up_to_ms) == (2, 0, None)


def test_a_hub_that_goes_on_after_the_end_loses_nothing(db: Database) -> None:
    live_a_day(db, ENDS, NEXT_DAY, NEXT_MS)
    reader, totals = Reader(db.conn, Scope()), Totals(db.conn, Scope())
    assert [row.site for row in reader.sites(NEXT_DAY)] == [ENDS, GOES_ON]
    assert totals.days(NEXT_DAY, NEXT_DAY)[NEXT_DAY].issued == 60
    standing = totals.standings(NEXT_DAY, NEXT_MS, LIVE_MS)["01"]
    assert (standing.sites, standing.reporting, standing.live, standing.ended) == (2, 2, 1, 1)


# --- alerts and pages -------------------------------------------------------------------------


def test_the_alert_of_a_silent_site_ends_with_it(location: Location) -> None:
    office = Office(location)
    office.take(quiet_day())
    office.live(30)
    assert office.open() == [("silent", ENDS, "h1")]
    with writing(location) as db:
        end(db, ENDS, "2026-11-19")
    office.live(12)
    assert office.open() == []
    assert office.history(1) == [("opened", ""), ("let_go", "")]


def test_pages_and_rankings_leave_it_out(tmp_path: Path) -> None:
    with nation(tmp_path) as running:
        end_in(tmp_path, (SITE, "2026-11-18"), (QUIET_SITE, "2026-11-19"))
        with running.client("national") as client:
            overview = answer(client, "/overview")
            assert overview["freshness"]["ended"] == 1, "the one whose hub goes on"
            ranked = {place["code"] for place in answer(client, "/ranking?of=sites")["places"]}
            assert (QUIET_SITE in ranked, SITE in ranked) == (False, True)
            listed = {site["site"] for site in answer(client, "/provinces/01/sites")["sites"]}
            assert listed == ranked - {OTHER_SITE}
            day = answer(client, f"/sites/{QUIET_SITE}/days/{DAY}")
            assert day["site"]["freshness"]["state"] == "ended"
            client.post("/sign-in", data={"token": running.tokens["national"]})
            page = client.get(f"/sites/{SITE}/days/{DAY}").raise_for_status().text
            assert "Đã kết thúc, đầy đủ đến" in page
            trends = client.get(f"/trends?site={QUIET_SITE}").raise_for_status().text
            assert "Không còn điểm nào hoạt động" in trends


# --- its hubs -----------------------------------------------------------------------------------


def test_from_the_day_after_its_hubs_should_run_nothing(db: Database, location: Location) -> None:
    """Also one that was never heard, and one that a rollout was on its way to."""
    never_heard = f"{ENDS}-h2"
    for node in (NODE, never_heard, f"{GOES_ON}-h1"):
        decide(location, node, 'follow_url = "https://centre.example/{site}"')
    with transaction(db.conn):
        UpdateBook(db.conn).add(ROLLOUT)
        for node in (NODE, f"{GOES_ON}-h1"):
            UpdateBook(db.conn).note_told(node, ROLLOUT.order, ROLLOUT.release, 1)
    hubs = {site: [node] for node in Reader(db.conn, Scope()).nodes() for site in (node.site,)}
    for day, sites in ((DAY, [ENDS, GOES_ON]), (NEXT_DAY, [GOES_ON])):
        should = wanted(db.conn, day)
        assert sorted({node[:11] for node in should.configurations}) == sites
        assert sorted(node[:11] for node in should.software) == sites
        assert sorted({one.site for one in differences(hubs, should)}) == sites


def test_a_catalogue_is_nothing_that_its_hubs_lack(db: Database) -> None:
    publish(db, procedures(BIRTH), who="x", address="", now_ms=0)
    hubs = {site: [node] for node in Reader(db.conn, Scope()).nodes() for site in (node.site,)}
    assert [one.site for one in differences(hubs, wanted(db.conn, NEXT_DAY))] == [GOES_ON]


def test_its_hubs_are_counted_and_need_nobody_any_more(tmp_path: Path) -> None:
    with nation(tmp_path) as running, running.client("national") as client:
        assert answer(client, "/rollouts")["rollouts"][0]["counts"]["hubs"] == 3
        assert SITE in {one["site"] for one in answer(client, "/devices")["devices"]}
        end_in(tmp_path, (SITE, "2026-11-18"), (UNREGISTERED_SITE, "2026-11-19"))
        counts = answer(client, "/rollouts")["rollouts"][0]["counts"]
        assert (counts["hubs"], counts["refused"], counts["silent"]) == (1, 0, 0)
        assert [hub["site"] for hub in answer(client, "/rollouts/1/hubs")["hubs"]] == [OTHER_SITE]
        found = answer(client, "/differences")
        assert not {SITE, UNREGISTERED_SITE} & {hub["site"] for hub in found["hubs"]}
        assert found["software"] == [{"software": "0.0.9", "hubs": 1}]
        assert answer(client, f"/differences?site={SITE}")["total"] == 0
        assert SITE not in {one["site"] for one in answer(client, "/devices")["devices"]}
        client.post("/sign-in", data={"token": running.tokens["national"]})
        updates = client.get("/updates").raise_for_status().text
        assert "is not healthy" not in updates
        assert "0.0.9" in updates


def test_its_hubs_are_found_as_ended_and_their_past_is_told(tmp_path: Path) -> None:
    """One that works on is in the list of its day, behind all others."""
    with nation(tmp_path) as running, running.client("national") as client:
        end_in(tmp_path, (SITE, "2026-11-18"), (UNREGISTERED_SITE, "2026-11-19"))
        listed = answer(client, "/nodes")["nodes"]
        states = [hub["freshness"]["state"] for hub in listed]
        assert states[0] == "delayed"
        assert set(states[1:]) == {"ended"}
        [asked] = answer(client, f"/nodes?site={SITE}")["nodes"]
        assert (asked["node"]["node"], asked["freshness"]["state"]) == (NODE, "ended")
        [of_rollout] = answer(client, f"/rollouts/1/hubs?site={SITE}")["hubs"]
        assert (of_rollout["progress"], of_rollout["reason"]) == (
            "refused",
            f"{NODE} is not healthy",
        )
        assert answer(client, f"/rollouts/1/hubs?site={UNREGISTERED_SITE}")["hubs"] == []
        assert answer(client, f"/sites/{SITE}/devices")["devices"]
        client.post("/sign-in", data={"token": running.tokens["national"]})
        page = client.get("/machines").raise_for_status().text
        assert "Đã kết thúc, đầy đủ đến" in page


def test_nobody_is_alerted_for_what_its_hubs_run(location: Location) -> None:
    journal = quiet_day()
    office = Office(location)
    office.take(journal)
    decide(location, NODE, 'follow_url = "https://centre.example/{site}"')
    office.live(1, journal)
    with writing(location) as db:
        end(db, ENDS, "2026-11-19")
    office.now_ms += DAY_MS
    office.live(20, journal)
    assert office.open() == []
