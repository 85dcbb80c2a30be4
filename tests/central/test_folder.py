"""The fold's cursor in a real database of each engine."""

from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.api.freshness import complete_up_to_ms
from central.ingest.intake import Intake, Received
from central.rollup.bins import unpack
from central.rollup.fold import Cells, FoldState, fold
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.protocol import StoreError
from central.store.reader import Reader, Waiting
from central.store.rollup import SqlRollupStore
from contract import events as e
from contract.stamp import Span
from tests.central.full_disk import fill_disk, make_room
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal
from tests.central.test_check import mutations
from tests.central.test_fold import journals, visit

TABLES = ("cells", "site_days", "counter_cells", "ratings", "queue_now", "counters_now")


@pytest.fixture
def db(each_db: Database) -> Database:
    return each_db


def dump(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """All figures; the values of a histogram in any order, for that is the order they came in."""
    return {
        table: sorted(
            tuple(sorted(unpack(value)) if isinstance(value, bytes) else value for value in row)
            for row in db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - as above
        )
        for table in TABLES
    } | {"cursor": db.execute("SELECT folded, folded_ms, business_day FROM journals").fetchall()}


def send(db: Database, journal: Journal, first: int, last: int) -> None:
    message = Received(journal.events_topic, journal.batch(first, last), MORNING_MS)
    Intake(SqlIngestStore(db)).commit([message])


@settings(max_examples=30, deadline=None)
@given(made=journals().filter(lambda made: len(made.rows) > 1), data=st.data())
def test_rebuilding_gives_the_cells_that_grew_step_by_step(
    new_location: Callable[[], Location], made: Journal, data: st.DataObject
) -> None:
    with closing(open_for_writing(new_location())) as db:
        sent = 0
        while sent < len(made.rows):
            last = data.draw(st.integers(sent + 1, len(made.rows)))
            send(db, made, max(1, sent - 1), last)
            sent = last
            # A new Folder each time is a restart in the middle.
            Folder(SqlRollupStore(db)).step()
        grown = dump(db)
        assert Folder(SqlRollupStore(db)).rebuild() == len(made.rows)
        assert dump(db) == grown


def test_only_the_contiguous_prefix_is_folded(db: Database) -> None:
    made, folder = visit(), Folder(SqlRollupStore(db))
    send(db, made, 5, 11)
    assert folder.step() == 0
    send(db, made, 1, 3)
    assert folder.step() == 3
    assert db.execute("SELECT issued, called FROM site_days").fetchone() == (1, 0)
    send(db, made, 4, 4)
    assert folder.step() == len(made.rows) - 3
    assert db.execute("SELECT issued, called, finished FROM site_days").fetchone() == (1, 1, 1)
    assert folder.step() == 0


def test_a_step_that_fails_adds_nothing(db: Database) -> None:
    made, folder = visit(), Folder(SqlRollupStore(db))
    send(db, made, 1, len(made.rows))
    fill_disk(db, "ratings")
    with pytest.raises(StoreError):
        folder.step()
    assert db.execute("SELECT count(*) FROM cells").fetchone() == (0,)
    make_room(db, "ratings")
    assert folder.step() == len(made.rows)


def test_a_journal_that_meets_what_nobody_thought_of_keeps_no_other_from_being_folded(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tripping, other = visit(), Journal(OTHER_NODE)
    other.open_day()
    for made in (tripping, other):
        send(db, made, 1, len(made.rows))

    def trip(state: FoldState, entries: list[e.Entry]) -> tuple[FoldState, Cells]:
        if len(entries) == len(tripping.rows):
            raise OverflowError("too large")
        return fold(state, entries)

    monkeypatch.setattr("central.rollup.folder.fold", trip)
    folder = Folder(SqlRollupStore(db))
    assert folder.step() == len(other.rows)
    assert folder.step() == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    cursors = "SELECT folded FROM journals ORDER BY journal"
    assert db.execute(cursors).fetchall() == [(0,), (len(other.rows),)]
    assert db.execute("SELECT count(*) FROM cells").fetchone() == (0,)
    monkeypatch.undo()
    restarted = Folder(SqlRollupStore(db))
    assert restarted.step() == len(tripping.rows), "as after an upgrade"


def test_events_that_are_not_understood_wait_for_a_newer_centre(db: Database) -> None:
    made = Journal()
    made.open_day()
    made.add_bytes(b"\x96\x02\x94\x01\x01\xa2b0\xc3\xa2k1\xc4\x00\xc2\x92\xa8RobotHid\x01")
    made.add_bytes(made.rows[1].replace(b"\x96\x02", b"\x96\x03", 1))
    send(db, made, 1, 3)
    assert Folder(SqlRollupStore(db)).step() == 3
    assert db.execute("SELECT folded, not_understood FROM journals").fetchone() == (3, 2)


def test_after_a_card_swap_the_new_journal_says_who_waits(db: Database) -> None:
    old, new = Journal(), Journal(epoch="00000000000000bb")
    for made, numbers in ((old, ("1001", "1002", "1003")), (new, ("1001",))):
        made.open_day()
        for number in numbers:
            made.add(e.TicketIssued(number, ("1",)), 1000)
        send(db, made, 1, len(made.rows))
    Folder(SqlRollupStore(db)).step()
    reader = Reader(db.conn, Scope())
    assert reader.waiting(DAY) == {NODE[:11]: Waiting(1, MORNING_MS + 1000)}
    assert reader.waiting("2026-11-19") == {}
    assert reader.site_days(DAY)[NODE[:11]].issued == 4


def test_numbers_beyond_any_sense_break_nothing(db: Database) -> None:
    made = Journal()
    made.open_day()
    for wall_ms in (2**63 - 1, -(2**63), 0):
        made.add(e.TicketIssued("1001", ("1",)), wall_ms=wall_ms)
        made.add(e.ServiceFinished("1001", "3", "1", Span(2**64 - 1), Span(-5), None))
        made.add(e.RatingGiven("3", "1", 2**64 - 1, 2**64 - 1))
    send(db, made, 1, len(made.rows))
    assert Folder(SqlRollupStore(db)).step() == len(made.rows)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), place=st.integers(0, 10))
def test_whatever_is_accepted_can_be_folded(
    new_location: Callable[[], Location], data: st.DataObject, place: int
) -> None:
    made, hostile = visit(), Journal()
    for seq, row in enumerate(made.rows):
        hostile.add_bytes(data.draw(mutations(row)) if seq == place else row)
    with closing(open_for_writing(new_location())) as db:
        send(db, hostile, 1, len(hostile.rows))
        Folder(SqlRollupStore(db)).rebuild()


def test_rows_that_came_in_time_are_not_restated_when_they_are_folded_after_midnight(
    each_db: Database,
) -> None:
    midnight_ms = MORNING_MS + 16 * 3_600_000 + 1_800_000
    made = Journal()
    made.open_day()
    for number in range(3):
        made.add(e.TicketIssued(f"100{number}", ("1",)), wall_ms=midnight_ms - 60_000)
    made.add(e.TicketIssued("1003", ("1",)), wall_ms=midnight_ms - 60_000)
    made.open_day("2026-11-21")
    intake, folder = Intake(SqlIngestStore(each_db)), Folder(SqlRollupStore(each_db))
    for first, last, received_ms in ((1, 4, midnight_ms - 1), (5, 6, midnight_ms)):
        batch = made.batch(first, last)
        intake.commit([Received(made.events_topic, batch, received_ms)])
    while folder.step():
        pass
    restated = each_db.execute("SELECT day, on_day, events FROM restatements").fetchall()
    assert restated == [(DAY, "2026-11-21", 1)]


def test_a_clock_ahead_promises_nothing_of_the_time_after_it_was_heard(each_db: Database) -> None:
    made, day_ms = Journal(), 86_400_000
    made.open_day("2026-11-21")
    made.add(e.TicketIssued("1001", ("1",)), day_ms)
    heard_ms = MORNING_MS + 60_000
    intake = Intake(SqlIngestStore(each_db))
    status = made.status(wall_ms=heard_ms + day_ms)
    intake.commit([Received(made.events_topic, made.all(), heard_ms)])
    intake.commit([Received(made.status_topic, status, heard_ms)])
    Folder(SqlRollupStore(each_db)).step()
    (node,) = Reader(each_db.conn, Scope()).nodes()
    assert complete_up_to_ms(node) == heard_ms


def test_what_was_never_counted_is_not_taken_away(each_db: Database) -> None:
    journal = Journal()
    at = journal.open_day().stamp
    finish = e.ServiceFinished("1001", "1", "1", Span(5), worked=Span(5), visit=Span(9))
    journal.add(e.ServiceReopened(finish, at), 1_000)
    journal.add(e.CallTakenBack("1001", "1", "1", Span(7), None, called=at, since=at), 2_000)
    journal.add(e.NoShowTakenBack("1001", "1", "1", Span(7), marked=at, since=at), 3_000)
    intake, folder = Intake(SqlIngestStore(each_db)), Folder(SqlRollupStore(each_db))
    intake.commit([Received(journal.events_topic, journal.batch(1, 4), MORNING_MS)])
    assert folder.step() == 4
    found = each_db.execute("SELECT finished, called, visits, no_shows FROM totals").fetchall()
    assert found in ([], [(0, 0, 0, 0), (0, 0, 0, 0)])


def test_a_finish_is_taken_back_once_and_as_it_was_counted(each_db: Database) -> None:
    journal = Journal()
    journal.open_day()
    finish = e.ServiceFinished("1001", "1", "1", Span(5_000), worked=Span(5_000), visit=Span(9_000))
    at = journal.add(finish, 14 * 60_000).stamp
    other = e.ServiceFinished("1001", "1", "1", Span(8_000), worked=Span(8_000), visit=Span(9_000))
    for _ in range(2):
        journal.add(e.ServiceReopened(other, at), 16 * 60_000)
    intake = Intake(SqlIngestStore(each_db))
    for seq in range(1, 5):
        intake.commit([Received(journal.events_topic, journal.batch(seq, seq), MORNING_MS)])
        Folder(SqlRollupStore(each_db)).step()
    sums = "SELECT sum(finished), sum(visits), sum(service_ms) FROM site_days"
    assert each_db.execute(sums).fetchall() == [(0, 0, 0)]
