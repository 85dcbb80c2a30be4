"""A hub goes on with a new card: what its former card never sent is awaited, until it is given up,
in either store."""

from datetime import date, datetime

import pytest

from central.api.archive import Archive
from central.api.desk import Desk
from central.api.freshness import local_time
from central.api.known import Moment, Period
from central.api.models import Liveness, Site
from central.api.quality_models import MissingRange
from central.ingest.intake import Intake, Received
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import transaction
from central.store.given_up import FormerJournal, write_off
from central.store.history import History
from central.store.ingest import SqlIngestStore
from central.store.reader import Gap, Reader
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals
from central.store.visible import Where
from central.web.words import Words
from contract import events as e
from tests.central.journal import DAY, MORNING_MS, NODE, Journal

MIN = 60_000
LIVE_MS = 180_000
SITE = NODE[:11]
LOST_MS = MORNING_MS + 101 * MIN
NOW_MS = MORNING_MS + 180 * MIN


class Centre:
    """What is taken in, and what is said of the one site."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._intake = Intake(SqlIngestStore(db))

    def take(self, journal: Journal, first: int, last: int, now_ms: int) -> None:
        """Rows of a journal and a status that announces all of it."""
        unsent = len(journal.rows) - last
        status = journal.status(wall_ms=now_ms, unsent=unsent)
        batch = journal.batch(first, last)
        self._intake.commit([Received(journal.events_topic, batch, now_ms)])
        self._intake.commit([Received(journal.status_topic, status, now_ms)])
        folder = Folder(SqlRollupStore(self.db))
        while folder.step():
            pass

    def site(self, now_ms: int = NOW_MS) -> Site:
        """The site as its page shows it, by an answer in which the province says the same."""
        reader, totals = Reader(self.db.conn, Scope()), Totals(self.db.conn, Scope())
        day = local_time(now_ms).date()
        desk = Desk(reader, totals, Moment(now_ms, LIVE_MS), shipped_provinces())
        found = desk.site_day(SITE, day, "vi")
        assert found is not None
        (province,) = (one for one in desk.provinces(day).provinces if one.code == "01")
        shown = found.site
        assert province.now == shown.now
        if province.reporting:
            assert province.freshness.complete_up_to == shown.freshness.complete_up_to
        standings = totals.site_standings(DAY, DAY, now_ms, LIVE_MS, Where())
        assert (standings[SITE].state == 0) is (shown.freshness.state is Liveness.LIVE)
        return shown

    def complete_up_to(self) -> str | None:
        """Up to when the site's figures are complete, as a time of day."""
        up_to = self.site().freshness.complete_up_to
        return None if up_to is None else f"{up_to:%H:%M}"


@pytest.fixture
def centre(each_db: Database) -> Centre:
    return Centre(each_db)


def former_card(tickets: int = 99) -> Journal:
    """A day with a number every minute."""
    journal = Journal()
    journal.open_day()
    for minute in range(1, tickets + 1):
        journal.add(e.TicketIssued(f"1{minute:03d}", ("1",)), minute * MIN)
    return journal


def new_card() -> Journal:
    """A journal that took over two tickets and gave out one."""
    journal = Journal(epoch="00000000000000bb")
    brought = tuple(
        e.Brought(f"1{minute:03d}", ("1",), "waiting", MORNING_MS + minute * MIN)
        for minute in (1, 2)
    )
    carried = tuple(ticket.number for ticket in brought)
    journal.add(e.DayOpened(DAY, True, {"1": 200}, carried=carried, brought=brought), 170 * MIN)
    journal.add(e.TicketIssued("1201", ("1",)), 179 * MIN)
    return journal


def test_the_queue_goes_on_and_what_is_missing_holds_the_figures_back(centre: Centre) -> None:
    old, new = former_card(), new_card()
    centre.take(old, 1, 60, LOST_MS)
    centre.take(new, 1, 2, NOW_MS)
    shown = centre.site()
    assert (shown.now.waiting, shown.now.longest_wait_ms) == (3, 179 * MIN)
    assert shown.freshness.state is Liveness.LIVE
    assert (centre.complete_up_to(), shown.freshness.missing) == ("08:29", 40)
    assert Reader(centre.db.conn, Scope()).gaps(SITE) == [
        Gap(NODE, old.epoch, 61, 100),
        Gap(NODE, old.epoch, 101, None),
    ]


def test_a_card_that_had_sent_all_it_announced_may_have_recorded_more(centre: Centre) -> None:
    centre.take(former_card(), 1, 100, LOST_MS)
    centre.take(new_card(), 1, 2, NOW_MS)
    assert centre.complete_up_to() == "09:11"
    assert centre.site().freshness.missing == 0


def test_only_figures_of_the_time_before_the_new_card_are_held_back(centre: Centre) -> None:
    new, next_day_ms = new_card(), 86_400_000
    centre.take(former_card(), 1, 60, LOST_MS)
    centre.take(new, 1, 2, NOW_MS)
    new.open_day("2026-11-21")
    new.add(e.TicketIssued("1001", ("1",)), next_day_ms + MIN)
    now_ms = MORNING_MS + next_day_ms + 2 * MIN
    centre.take(new, 3, 4, now_ms)
    assert centre.site(now_ms).freshness.complete_up_to == local_time(now_ms)
    reader, totals = Reader(centre.db.conn, Scope()), Totals(centre.db.conn, Scope())
    history, places = History(centre.db.conn, Scope()), Places(shipped_provinces(), shipped_units())
    archive = Archive(reader, history, totals, Moment(now_ms, LIVE_MS), places)
    held_back = local_time(MORNING_MS + 59 * MIN)
    for first, up_to in ((DAY, held_back), ("2026-11-21", local_time(now_ms))):
        period = Period(date.fromisoformat(first), date(2026, 11, 21))
        total = archive.total(period, Where())
        assert total is not None
        assert total.freshness.complete_up_to == up_to
        (standing,) = totals.site_standings(*period.days, now_ms, LIVE_MS, Where()).values()
        assert local_time(standing.complete_up_to_ms or 0) == up_to


def up_to_of(centre: Centre, day: str, now_ms: int) -> datetime | None:
    """Up to when figures of a day are complete, by the site's page and by the sum alike."""
    reader, totals = Reader(centre.db.conn, Scope()), Totals(centre.db.conn, Scope())
    desk = Desk(reader, totals, Moment(now_ms, LIVE_MS), shipped_provinces())
    found = desk.site_day(SITE, date.fromisoformat(day), "vi")
    assert found is not None
    up_to = found.site.freshness.complete_up_to
    (standing,) = totals.site_standings(day, day, now_ms, LIVE_MS, Where()).values()
    of_sum_ms = standing.complete_up_to_ms
    assert up_to == (None if of_sum_ms is None else local_time(of_sum_ms))
    return up_to


def test_a_card_that_was_tried_and_taken_out_again_holds_later_days_back(centre: Centre) -> None:
    """The present card began before it, so nobody can tell when the other recorded its last."""
    first, tried, day_ms = former_card(1), former_card(7), 86_400_000
    tried.epoch = "00000000000000bb"
    centre.take(first, 1, 2, MORNING_MS - day_ms)
    centre.take(tried, 1, 3, MORNING_MS + 10 * MIN)
    first.add(e.TicketIssued("1002", ("1",)), 30 * MIN)
    now_ms = MORNING_MS + 31 * MIN
    centre.take(first, 3, 3, now_ms)
    told = local_time(MORNING_MS + 2 * MIN)
    assert up_to_of(centre, DAY, now_ms) == told
    first.open_day("2026-11-21")
    first.add(e.TicketIssued("1001", ("1",)), day_ms + MIN)
    centre.take(first, 4, 5, now_ms + day_ms)
    assert up_to_of(centre, "2026-11-21", now_ms + day_ms) == told
    with transaction(centre.db.conn):
        write_off(centre.db.conn, NODE, now_ms + day_ms)
    assert up_to_of(centre, "2026-11-21", now_ms + day_ms) == local_time(now_ms + day_ms)


def test_a_former_card_that_was_put_back_for_a_while_is_not_over_before_that(
    centre: Centre,
) -> None:
    old, new, day_ms = former_card(1), new_card(), 86_400_000
    centre.take(old, 1, 2, LOST_MS)
    centre.take(new, 1, 2, NOW_MS)
    now_ms = NOW_MS + 2 * day_ms
    new.open_day("2026-11-22")
    old.add(e.DayOpened("2026-11-22", True, {}), 2 * day_ms)
    old.add(e.TicketIssued("1001", ("1",)), 2 * day_ms + MIN)
    centre.take(old, 3, 3, now_ms)
    centre.take(new, 3, 3, now_ms + MIN)
    assert up_to_of(centre, "2026-11-22", now_ms + MIN) == local_time(MORNING_MS + 2 * day_ms)


def test_of_a_former_card_that_told_no_time_nobody_knows_when_it_was_over(centre: Centre) -> None:
    old, new, day_ms = Journal(), new_card(), 86_400_000
    old.add(e.DayOpened(DAY, False, {}), synced=False, wall_ms=0)
    centre.take(old, 1, 1, LOST_MS)
    new.open_day("2026-11-21")
    centre.take(new, 1, 3, NOW_MS + day_ms)
    assert up_to_of(centre, "2026-11-21", NOW_MS + day_ms) == local_time(LOST_MS)


def test_a_former_card_that_was_never_heard_does_not_take_the_present_ones_place(
    centre: Centre,
) -> None:
    """It comes by hand, so no status comes with it."""
    old, new = former_card(), new_card()
    centre.take(new, 1, 2, NOW_MS)
    before = centre.site()
    Intake(SqlIngestStore(centre.db)).commit([Received(old.events_topic, old.all(), NOW_MS)])
    while Folder(SqlRollupStore(centre.db)).step():
        pass
    after = centre.site()
    assert after.now == before.now
    assert after.freshness.state is Liveness.LIVE
    assert after.figures.issued == 100
    assert [gap.epoch for gap in Reader(centre.db.conn, Scope()).gaps(SITE)] == [old.epoch]


def test_what_is_written_off_holds_nothing_back_and_stays_told(centre: Centre) -> None:
    old = former_card()
    centre.take(old, 1, 60, LOST_MS)
    centre.take(new_card(), 1, 2, NOW_MS)
    with transaction(centre.db.conn):
        given_up = write_off(centre.db.conn, NODE, NOW_MS)
    assert given_up == [FormerJournal(old.epoch, 100, 40)]
    assert (centre.complete_up_to(), centre.site().freshness.missing) == ("10:30", 0)
    reader = Reader(centre.db.conn, Scope())
    assert [gap.written_off_ms for gap in reader.gaps(SITE)] == [NOW_MS, NOW_MS]
    (node,) = reader.nodes()
    assert (node.owed, node.written_off) == (0, 40)
    with transaction(centre.db.conn):
        assert write_off(centre.db.conn, NODE, NOW_MS) == []


def test_the_sites_page_names_what_is_missing_and_what_was_given_up() -> None:
    words = Words("en", date(2026, 11, 20), Places(shipped_provinces(), shipped_units()))
    gap = MissingRange(node=NODE, epoch="aa", first=61, last=100, written_off=None)
    assert words.gap(gap) == f"{NODE}: rows 61 to 100 are missing"
    given_up = gap.model_copy(update={"written_off": local_time(NOW_MS)})
    assert words.gap(given_up).endswith("are missing (given up on 20/11/2026)")
    open_end = gap.model_copy(update={"first": 101, "last": None})
    assert "its former card aa recorded from row 101 on" in words.gap(open_end)


def test_what_comes_by_hand_after_all_is_taken_in(centre: Centre) -> None:
    old, new = former_card(), new_card()
    centre.take(old, 1, 60, LOST_MS)
    centre.take(new, 1, 2, NOW_MS)
    with transaction(centre.db.conn):
        write_off(centre.db.conn, NODE, NOW_MS)
    centre.take(old, 61, 100, NOW_MS)
    centre.take(new, 2, 2, NOW_MS)
    (node,) = Reader(centre.db.conn, Scope()).nodes()
    assert (node.owed, node.written_off, node.missing) == (0, 0, 0)
    assert centre.site().figures.issued == 100
    assert centre.site().now.waiting == 3, "the present card says who is in line"


def test_a_card_that_never_recorded_anything_owes_nothing(centre: Centre) -> None:
    centre.take(former_card(), 1, 100, LOST_MS)
    with transaction(centre.db.conn):
        centre.db.execute("UPDATE journals SET highest = 0, watermark = 0, announced = 0")
    centre.take(new_card(), 1, 2, NOW_MS)
    assert centre.complete_up_to() == "10:30"


def test_nobody_knows_who_waits_before_the_hub_has_opened_the_day(centre: Centre) -> None:
    journal, next_day_ms = former_card(1), 86_400_000
    centre.take(journal, 1, 2, LOST_MS)
    for number in range(14):
        journal.add(e.TicketIssued(f"13{number:02d}", ("1",)), wall_ms=number, synced=False)
    now_ms = NOW_MS + next_day_ms
    centre.take(journal, 3, 16, now_ms)
    shown = centre.site(now_ms)
    assert shown.freshness.state is Liveness.LIVE
    assert shown.now.waiting is None
    journal.open_day("2026-11-21")
    centre.take(journal, 17, 17, now_ms)
    assert centre.site(now_ms).now.waiting == 0
