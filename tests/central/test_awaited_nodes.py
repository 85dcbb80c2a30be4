"""Hubs that an operator's list says are to report: until they do, the figures of their sites say
so, in either store."""

from datetime import date
from pathlib import Path

import pytest

from central.alerts.facts import FactReader
from central.alerts.message import describe
from central.alerts.rules import Finding, Limits, Rule, findings
from central.alerts.settings import AlertSettings
from central.api.known import KnownSite, Moment, known_sites
from central.api.models import Liveness
from central.api.quality import shares
from central.api.quality_models import NodeQuality
from central.api.ranking import Page
from central.api.records import Records
from central.configuration.differences import wanted
from central.registry.lists import ListError
from central.registry.nodes import Awaiting, await_nodes, compare_nodes, node_check, read_nodes
from central.registry.register import register
from central.registry.sites import parse_sites
from central.rollup.business_day import midnight_ms
from central.scope import Scope
from central.store.access import AccessStore
from central.store.alerts import AlertRow
from central.store.awaited_nodes import AwaitedNode, await_no_more
from central.store.connection import Database
from central.store.database import transaction
from central.store.event_log import EventLog
from central.store.given_up import retire
from central.store.machines import Machines
from central.store.reader import Reader
from central.store.totals import Totals, sum_standings
from central.store.visible import Where
from contract import events as e
from tests.central.journal import DAY, MORNING_MS, Journal
from tests.central.test_retired_hubs import send

SITE, QUIET_SITE = "01-00097-01", "48-20194-01"
H1, H2, QUIET_HUB = f"{SITE}-h1", f"{SITE}-h2", f"{QUIET_SITE}-h1"
NOW_MS = MORNING_MS + 2 * 3_600_000
MOMENT = Moment(NOW_MS, 180_000)
TODAY, YESTERDAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 19), date(2026, 11, 21)
LIMITS = Limits(1_200_000, 3, 900_000, 50, 0.1)


@pytest.fixture
def centre(each_db: Database) -> Database:
    """Two registered sites, at the first of which one hub is at work."""
    sites = ["site,name,type,national_code"]
    sites += [f"{SITE},Trung tâm Hồng Hà,centre,", f"{QUIET_SITE},Trung tâm Hải Châu,centre,"]
    register(each_db, parse_sites(sites), who="x", now_ms=MORNING_MS)
    report(each_db, H1)
    return each_db


def report(db: Database, node: str, epoch: str = "00000000000000a1") -> None:
    journal = Journal(node, epoch=epoch)
    journal.open_day()
    journal.add(e.TicketIssued("1001", ("1",)))
    send(db, journal, NOW_MS)


def await_from(db: Database, **days: date | None) -> Awaiting:
    """Await the hubs h1, h2 and `quiet` from their days on."""
    nodes = {"h1": H1, "h2": H2, "quiet": QUIET_HUB}
    listed = {nodes[name]: day for name, day in days.items()}
    before = compare_nodes(db.conn, listed, DAY)
    done = await_nodes(db, listed, who="minh", now_ms=NOW_MS)
    assert done == before, "the dry run says what is done"
    return done


def site_known(db: Database, code: str = SITE) -> KnownSite:
    """What is known of a site, of which everybody says the same."""
    [site] = known_sites(Reader(db.conn, Scope()), DAY, Where(site=code), MOMENT)
    totals = Totals(db.conn, Scope())
    standing = sum_standings(totals.standings(DAY, *MOMENT, Where(site=code)).values())
    of_site = totals.site_standings(DAY, DAY, *MOMENT, Where(site=code))[code]
    states = [standing.live, standing.delayed, standing.offline, standing.ended, standing.never]
    order = [Liveness.LIVE, Liveness.DELAYED, Liveness.OFFLINE, Liveness.ENDED, Liveness.NEVER]
    assert order[states.index(1)] is site.freshness.state
    assert [0, 1, 2, 3, None][states.index(1)] == of_site.state
    up_to = site.freshness.complete_up_to
    assert of_site.complete_up_to_ms == (None if up_to is None else up_to.timestamp() * 1000)
    return site


# --- the list ----------------------------------------------------------------------------------


def test_every_fault_of_a_list_is_named_with_its_line(centre: Database, tmp_path: Path) -> None:
    with transaction(centre.conn):
        retire(centre.conn, H1, NOW_MS)
    lines = ["node,awaited_from", f"{H2},2026-11-19", f"{H2},", "01-00097-01,", f"{SITE}-s1,"]
    lines += ["01-00098-01-h1,", f"{H1},", f"{QUIET_HUB},tomorrow", f"{QUIET_HUB}"]
    (tmp_path / "nodes.csv").write_text("\n".join(lines), "utf-8")
    with pytest.raises(ListError) as raised:
        read_nodes(tmp_path / "nodes.csv", node_check(centre.conn))
    _, *faults = str(raised.value).splitlines()
    assert [fault.split(":")[0] for fault in faults] == [f"line {line}" for line in range(3, 10)]


def test_a_list_is_read_with_days_or_without(centre: Database, tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text(
        f"awaited_from,node\r\n2026-11-19,{H2}\r\n,{QUIET_HUB}\r\n", "utf-8-sig"
    )
    nodes = read_nodes(tmp_path / "nodes.csv", node_check(centre.conn))
    assert nodes == {H2: YESTERDAY, QUIET_HUB: None}


def test_a_list_imported_again_changes_nothing_and_names_what_has_come(centre: Database) -> None:
    listed = {"h1": None, "h2": YESTERDAY, "quiet": None}
    assert await_from(centre, **listed) == Awaiting((H2, QUIET_HUB), (), 0, heard=1)
    assert await_from(centre, **listed) == Awaiting((), (), 2, heard=1)
    assert await_from(centre, quiet=TOMORROW) == Awaiting((), (QUIET_HUB,), 0, heard=0)
    assert await_from(centre, quiet=None) == Awaiting((), (), 1, heard=0), "it keeps its day"
    said = [line.subject for line, _ in AccessStore(centre.conn).audit(0, 9)]
    assert said[-2:] == ["2 new, 0 changed", "0 new, 1 changed"]


# --- figures -----------------------------------------------------------------------------------


def test_a_site_is_complete_until_the_day_of_a_hub_that_has_not_come(centre: Database) -> None:
    assert site_known(centre).freshness.state is Liveness.LIVE
    await_from(centre, h2=TOMORROW)
    assert site_known(centre).freshness.state is Liveness.LIVE, "it is not to come yet"
    await_from(centre, h2=YESTERDAY)
    site = site_known(centre)
    assert site.freshness.state is Liveness.DELAYED
    assert f"{site.freshness.complete_up_to}" == "2026-11-19 00:00:00+07:00"
    assert shares(site.nodes, *MOMENT, awaited=len(site.awaited)).alive == 0.5
    report(centre, H2, "00000000000000b1")
    site = site_known(centre)
    assert (site.freshness.state, site.awaited) == (Liveness.LIVE, [])


def test_a_hub_that_is_not_to_come_any_more_holds_nothing_back(centre: Database) -> None:
    await_from(centre, h2=YESTERDAY)
    with transaction(centre.conn):
        assert await_no_more(centre.conn, H2)
        assert not await_no_more(centre.conn, H2), "that is no news"
    assert site_known(centre).freshness.state is Liveness.LIVE


def test_a_site_of_which_nothing_came_stays_one_of_which_nothing_came(centre: Database) -> None:
    await_from(centre, quiet=YESTERDAY)
    site = site_known(centre, QUIET_SITE)
    assert site.freshness.state is Liveness.NEVER
    assert site.awaited == [AwaitedNode(QUIET_SITE, QUIET_HUB, midnight_ms("2026-11-19"))]
    standing = sum_standings(Totals(centre.conn, Scope()).standings(DAY, *MOMENT).values())
    assert standing.complete_up_to_ms == NOW_MS, "it is counted as never heard, and holds nobody"


def test_a_site_whose_hub_was_taken_away_and_awaits_another_has_not_ended(
    centre: Database,
) -> None:
    with transaction(centre.conn):
        retire(centre.conn, H1, NOW_MS)
    assert site_known(centre).freshness.state is Liveness.ENDED
    await_from(centre, h2=TOMORROW)
    assert site_known(centre).freshness.state is Liveness.NEVER


# --- who sees it ---------------------------------------------------------------------------------


def hubs(db: Database, scope: Scope) -> list[NodeQuality]:
    reader = Reader(db.conn, scope)
    records = Records(
        reader,
        Machines(db.conn, scope),
        EventLog(db.conn, scope),
        AccessStore(db.conn),
        moment=MOMENT,
        wanted=lambda: wanted(db.conn, DAY),
    )
    return [hub.node for hub in records.nodes(Where(), Page(0, 10)).nodes]


def test_hubs_to_come_are_listed_to_those_who_may_see_their_site(centre: Database) -> None:
    await_from(centre, h2=YESTERDAY, quiet=None)
    everywhere = hubs(centre, Scope())
    assert [hub.node for hub in everywhere] == [QUIET_HUB, H1, H2]
    assert [hub.awaited_since for hub in everywhere] == [TODAY, None, YESTERDAY]
    assert everywhere[0].state is Liveness.NEVER
    assert [hub.node for hub in hubs(centre, Scope(province="48"))] == [QUIET_HUB]
    assert [hub.node for hub in hubs(centre, Scope(province="01"))] == [H1, H2]


# --- alerts --------------------------------------------------------------------------------------


def silent(db: Database, now_ms: int) -> list[Finding]:
    opening = AlertSettings().opening_hours()
    facts = FactReader(LIMITS, 180_000, opening).read(db.conn, now_ms)
    found = [one for site in facts for one in findings(site, LIMITS, opening, now_ms)]
    return [one for one in found if one.key.rule is Rule.SILENT]


def test_a_hub_that_has_not_come_by_its_day_is_an_alert_in_opening_hours(
    centre: Database,
) -> None:
    await_from(centre, h2=TODAY, quiet=TOMORROW)
    opens_ms = midnight_ms(DAY) + 450 * 60_000
    [early] = [one for one in silent(centre, opens_ms + 900_000) if one.key.subject == "h2"]
    assert not early.raises
    [one] = silent(centre, NOW_MS)
    assert (one.key, one.raises) == ((Rule.SILENT, SITE, "h2"), True)
    alert = AlertRow(
        alert=1,
        rule=one.key.rule,
        site=SITE,
        name=None,
        subject=one.key.subject,
        phase="open",
        began_ms=NOW_MS,
        opened_ms=NOW_MS,
        closed_ms=None,
        acknowledged_ms=None,
        detail=dict(one.detail),
    )
    assert "Chưa nhận được gì từ máy chủ tại chỗ h2" in describe(alert, "vi")
    assert "since 20/11/2026" in describe(alert, "en")
    report(centre, H2, "00000000000000b1")
    assert silent(centre, NOW_MS) == []


def test_a_site_that_was_never_heard_is_an_alert_too_until_it_ends(centre: Database) -> None:
    await_from(centre, quiet=YESTERDAY)
    [one] = silent(centre, NOW_MS)
    assert one.key == (Rule.SILENT, QUIET_SITE, "h1")
    centre.execute("UPDATE sites SET valid_to = '2026-11-19' WHERE code = ?", (QUIET_SITE,))
    assert silent(centre, NOW_MS) == []
