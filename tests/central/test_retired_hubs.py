"""A hub that was taken away for good: what it sent stays, and nobody waits for more, in either
store."""

import asyncio

import pytest

from central.alerts.facts import FactReader
from central.alerts.rules import Limits
from central.alerts.settings import AlertSettings
from central.api.archive import Archive
from central.api.desk import Desk
from central.api.exports.table import sites_table
from central.api.freshness import local_time, of_site
from central.api.kept import Kept
from central.api.known import Moment, Period, known_sites
from central.api.models import Liveness
from central.api.period_models import Group, Wait, When
from central.api.ranking import Page, Question
from central.configuration.differences import wanted
from central.ingest.intake import Intake, Received
from central.public.board import Board
from central.public.queue import Place, place_of
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location, transaction
from central.store.given_up import is_known, retire, retired
from central.store.history import History
from central.store.ingest import SqlIngestStore
from central.store.machines import Machines
from central.store.reader import Reader
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals, sum_standings
from central.store.updates import UpdateReader
from central.store.visible import Where
from contract import events as e
from contract.stamp import Stamp
from tests.central.decisions import decide, open_on
from tests.central.journal import DAY, MORNING_MS, Journal

SITE, H1, H2 = "01-00097-01", "01-00097-01-h1", "01-00097-01-h2"
LIVE_MS = 180_000
NOW_MS = MORNING_MS + 2 * 3_600_000
LIMITS = Limits(1_200_000, 3, 900_000, 50, 0.1)


class StoppedClock:
    """A clock that stands at NOW_MS."""

    def stamp(self) -> Stamp:
        """The present reading."""
        return Stamp(NOW_MS, NOW_MS * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Never called."""
        raise NotImplementedError


def send(db: Database, journal: Journal, now_ms: int) -> None:
    """All of a journal, and a heartbeat."""
    intake = Intake(SqlIngestStore(db))
    intake.commit([Received(journal.events_topic, journal.all(), now_ms)])
    status = journal.status(wall_ms=now_ms)
    intake.commit([Received(journal.status_topic, status, now_ms)])
    folder = Folder(SqlRollupStore(db))
    while folder.step():
        pass


@pytest.fixture
def two_hubs(each_db: Database) -> Database:
    """h1 with six numbers of which nothing was heard for two hours, and h2 with one of the same."""
    h1, h2 = Journal(H1), Journal(H2, epoch="00000000000000b1")
    h1.open_day()
    h2.open_day()
    for number in range(1, 7):
        h1.add(e.TicketIssued(f"100{number}", ("1",)), number * 1000)
    h1.add(e.DeviceLost("printer", "paper-out"), 9_000)
    h2.add(e.TicketIssued("1006", ("1",)), 500)
    send(each_db, h1, MORNING_MS + 60_000)
    send(each_db, h2, NOW_MS)
    return each_db


def take_away(db: Database, node: str) -> None:
    with transaction(db.conn):
        assert retire(db.conn, node, NOW_MS)
        assert not retire(db.conn, node, NOW_MS), "that is no news"


def test_a_retired_hub_does_not_hold_the_site_and_the_nation_back(two_hubs: Database) -> None:
    reader, totals = Reader(two_hubs.conn, Scope()), Totals(two_hubs.conn, Scope())
    assert of_site(reader.nodes(), NOW_MS, LIVE_MS).state is Liveness.OFFLINE
    take_away(two_hubs, H1)
    assert retired(two_hubs.conn) == {H1}
    assert is_known(two_hubs.conn, H1)
    fresh = of_site(reader.nodes(), NOW_MS, LIVE_MS)
    assert fresh.state is Liveness.LIVE
    standing = sum_standings(totals.standings(DAY, NOW_MS, LIVE_MS).values())
    assert (standing.live, standing.offline, standing.waiting) == (1, 0, 1)
    assert standing.complete_up_to_ms == NOW_MS
    assert reader.site_days(DAY)[SITE].issued == 7, "what it sent stays"
    machines, told = Machines(two_hubs.conn, Scope()), UpdateReader(two_hubs.conn, Scope())
    assert machines.devices(Where()) == []
    assert machines.software(Where(), DAY) == {"0.1.0": 1}
    assert told.software(Where(), DAY) == [("01", "0.1.0", 1)]
    with transaction(two_hubs.conn):
        assert retire(two_hubs.conn, H1, None)
    assert of_site(reader.nodes(), NOW_MS, LIVE_MS).state is Liveness.OFFLINE


def test_a_site_whose_hubs_were_all_taken_away_holds_nobody_back(two_hubs: Database) -> None:
    other = Journal("48-20194-01-h1", epoch="00000000000000c1")
    other.open_day()
    other.add(e.TicketIssued("2001", ("1",)))
    send(two_hubs, other, NOW_MS)
    take_away(two_hubs, H1)
    take_away(two_hubs, H2)
    totals = Totals(two_hubs.conn, Scope())
    for day in (DAY, None):
        standing = sum_standings(totals.standings(day, NOW_MS, LIVE_MS).values())
        assert (standing.live, standing.ended, standing.never) == (1, 1, 0)
        assert standing.complete_up_to_ms == NOW_MS


def test_everybody_says_the_same_of_a_site_whose_hubs_were_all_taken_away(
    two_hubs: Database,
) -> None:
    """Its figures stay, and it stands as ended and not as never heard."""
    for node in (H1, H2):
        take_away(two_hubs, node)
    reader, totals = Reader(two_hubs.conn, Scope()), Totals(two_hubs.conn, Scope())
    day, places = local_time(NOW_MS).date(), Places(shipped_provinces(), shipped_units())
    desk = Desk(reader, totals, Moment(NOW_MS, LIVE_MS), shipped_provinces())
    archive = Archive(
        reader, History(two_hubs.conn, Scope()), totals, Moment(NOW_MS, LIVE_MS), places
    )
    found = desk.site_day(SITE, day, "vi")
    assert found is not None
    assert (found.site.freshness.state, found.site.figures.issued) == (Liveness.ENDED, 7)
    overview = desk.overview(day)
    [unit] = archive.units(day, None, Page(0, 10)).units
    period = Period(day, day)
    question = Question(Group.SITES, Wait.P90, When.PERIOD, period, Where())
    [place] = archive.ranking(question, Page(0, 10), Kept()).places
    report = archive.report(period, Where())
    assert report is not None
    for said in (overview, unit, place, report):
        assert said.reporting == 1
        state = said.freshness
        assert (state.ended, state.never, state.complete_up_to) == (1, 0, None)
    made = local_time(NOW_MS)
    [row] = sites_table("x", report.sites, {"01": "Hà Nội"}, made, "vi", last=day).rows
    assert "đã kết thúc" in row
    assert "chưa có số liệu" not in row


def test_a_site_whose_new_hub_is_decided_upon_and_not_heard_yet_has_not_ended(
    two_hubs: Database, location: Location
) -> None:
    h3 = f"{SITE}-h3"
    reader, totals = Reader(two_hubs.conn, Scope()), Totals(two_hubs.conn, Scope())

    def states() -> tuple[Liveness, int, int]:
        [site] = known_sites(reader, DAY, Where(site=SITE), Moment(NOW_MS, LIVE_MS))
        standing = sum_standings(totals.standings(DAY, NOW_MS, LIVE_MS).values())
        of_sites = totals.site_standings(DAY, DAY, NOW_MS, LIVE_MS, Where())
        assert of_sites[SITE].state == (3 if site.freshness.state is Liveness.ENDED else None)
        assert (standing.reporting, standing.running) == (1, 0), "it holds nobody back"
        return site.freshness.state, standing.ended, standing.never

    text = 'follow_url = "https://centre.example"'
    for node in (H1, H2):
        decide(location, node, text)
        take_away(two_hubs, node)
    assert states() == (Liveness.ENDED, 1, 0)
    decide(location, "48-20194-01-h1", text)
    assert states() == (Liveness.ENDED, 1, 0)
    decide(location, h3, text)
    assert states() == (Liveness.NEVER, 0, 1)
    two_hubs.execute("UPDATE sites SET valid_to = '2026-11-19'")
    assert states() == (Liveness.ENDED, 1, 0)
    two_hubs.execute("UPDATE sites SET valid_to = NULL")
    new = Journal(h3, epoch="00000000000000d1")
    new.open_day()
    send(two_hubs, new, NOW_MS)
    [site] = known_sites(reader, DAY, Where(site=SITE), Moment(NOW_MS, LIVE_MS))
    assert site.freshness.state is Liveness.LIVE
    take_away(two_hubs, h3)
    assert states() == (Liveness.ENDED, 1, 0)


def test_a_province_that_has_ended_does_not_hold_the_nation_back(two_hubs: Database) -> None:
    other = Journal("48-20194-01-h1", epoch="00000000000000c1")
    other.open_day()
    other.add(e.TicketIssued("2001", ("1",)))
    send(two_hubs, other, MORNING_MS + 60_000)
    two_hubs.execute("UPDATE sites SET valid_to = '2026-11-19' WHERE province = '48'")
    take_away(two_hubs, H1)
    standings = Totals(two_hubs.conn, Scope()).standings(DAY, NOW_MS, LIVE_MS)
    assert standings["48"].complete_up_to_ms == MORNING_MS + 60_000
    assert (standings["48"].reporting, standings["48"].running) == (1, 0)
    assert sum_standings(standings.values()).complete_up_to_ms == NOW_MS


def test_a_site_is_open_by_what_the_hub_that_stays_was_told(
    two_hubs: Database, location: Location
) -> None:
    saturday_ms = MORNING_MS + 86_400_000

    def is_open() -> bool:
        facts = FactReader(LIMITS, LIVE_MS, AlertSettings().opening_hours())
        facts.read(two_hubs.conn, NOW_MS)
        return facts.opening(SITE).since_ms(saturday_ms) is not None

    decide(location, H1, 'follow_url = "https://centre.example"')
    assert not is_open()
    decide(
        location, H2, open_on(6, 'issue_from = "07:00", last_ticket = "18:30", closes = "19:00"')
    )
    assert is_open(), "h1 was told no hours"
    take_away(two_hubs, H1)
    assert is_open()
    take_away(two_hubs, H2)
    assert not is_open(), "nobody is awaited there"


def test_nothing_is_wanted_of_a_retired_hub_and_no_alert_speaks_of_it(
    two_hubs: Database, location: Location
) -> None:
    for node in (H1, H2):
        decide(location, node, 'follow_url = "https://centre.example/{node}"')
    take_away(two_hubs, H1)
    assert wanted(two_hubs.conn, DAY).configurations.keys() == {H2}
    facts = FactReader(LIMITS, LIVE_MS, AlertSettings().opening_hours())
    (site,) = facts.read(two_hubs.conn, NOW_MS)
    assert [hub.hub for hub in site.hubs] == ["h2"]
    assert site.devices == ()


def test_a_number_is_looked_up_in_the_queue_of_the_hub_that_gave_it_out(
    two_hubs: Database, location: Location
) -> None:
    def place(where: str) -> Place | None:
        board = Board(location, StoppedClock(), 180)
        queue = asyncio.run(board.queue(where))
        return None if queue is None else place_of(queue, DAY, "1006")

    assert place(H1) == Place("waiting", ahead=5)
    assert place(H2) == Place("waiting", ahead=0)
    assert place(SITE) == Place("unclear")
    assert place(f"{SITE}-h3") == Place("no-news"), "it may be new"
    assert place("01-00098-01-h1") is None
    take_away(two_hubs, H1)
    assert place(SITE) == Place("waiting", ahead=0)
    assert place(H1) == Place("no-news")
    take_away(two_hubs, H2)
    assert place(SITE) == Place("no-news")


def test_a_new_card_that_has_not_opened_the_day_has_no_news_of_who_waits(
    two_hubs: Database, location: Location
) -> None:
    card = Journal(H1, epoch="00000000000000a2")
    card.add(e.DeviceReturned("printer"), 60_000)
    send(two_hubs, card, NOW_MS)
    queue = asyncio.run(Board(location, StoppedClock(), 180).queue(H1))
    assert queue is not None
    assert place_of(queue, DAY, "1003") == Place("no-news")
