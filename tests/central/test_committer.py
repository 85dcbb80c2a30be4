"""The thread that commits, acknowledges and folds."""

import threading
from collections.abc import Callable, Sequence
from itertools import islice

import pytest
from sqlite_utils import Database

from central.ingest.committer import Committer
from central.ingest.intake import Committed, Intake, Received
from central.rollup.folder import Folder
from central.rollup.recent import Recent
from central.store.ingest import SqlIngestStore
from central.store.protocol import StoreError
from central.store.rollup import SqlRollupStore
from contract.codec import decode_entry, decode_message
from contract.events import TicketRecalled
from contract.topics import down
from contract.wire import Ack
from tests.central.busy_day import morning
from tests.central.journal import NODE, OTHER_NODE, Journal
from tests.central.nation import StandingClock
from tests.waiting import until


class Line:
    """A line to the broker that can be down."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[tuple[str, int]] = []

    def publish(self, topic: str, payload: bytes) -> bool:
        if self.up:
            self.sent.append((topic, decode_message(payload, Ack).committed))
        return self.up


class WatchedFolder(Folder):
    """A folder that notes at each step what is there to see."""

    def __init__(self, store: SqlRollupStore, recent: Recent) -> None:
        super().__init__(store, recent)
        self.look: Callable[[], int] = int
        self.seen: list[int] = []

    def step(self) -> int:
        self.seen.append(self.look())
        return super().step()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def committer(db: Database, line: Line) -> Committer:
    return Committer(
        Intake(SqlIngestStore(db)),
        Folder(SqlRollupStore(db)),
        StandingClock(),
        line.publish,
    )


def test_what_was_handed_over_is_committed_folded_and_acknowledged_before_the_end(
    committer: Committer, line: Line, db: Database
) -> None:
    made = morning(NODE)
    rows = len(made.journal.rows)
    for first in range(1, rows + 1, 20):
        committer.put(made.journal.events_topic, made.journal.batch(first, min(first + 19, rows)))
    committer.start()
    committer.stop()
    assert line.sent[-1] == (down(NODE, "ack"), rows)
    assert db.execute("SELECT sum(issued) FROM site_days").fetchone() == (made.issued,)


def test_an_answer_that_could_not_be_sent_is_sent_later_and_only_the_last(
    committer: Committer, line: Line
) -> None:
    line.up = False
    made, other = morning(NODE).journal, morning(OTHER_NODE).journal
    committer.start()
    for last in (10, 20):
        committer.put(made.events_topic, made.batch(1, last))
    committer.put(other.events_topic, other.batch(1, 10))
    until(lambda: len(committer._unsent) == 2)
    line.up = True
    until(lambda: len(line.sent) == 2)
    committer.stop()
    assert line.sent == [(down(NODE, "ack"), 20), (down(OTHER_NODE, "ack"), 10)]


def test_a_failing_store_is_said_and_nothing_is_acknowledged(
    committer: Committer, line: Line, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    db.execute(
        """CREATE TEMP TRIGGER full BEFORE INSERT ON events
        BEGIN SELECT RAISE(ABORT, 'disk is full'); END"""
    )
    made = morning(NODE).journal
    committer.start()
    committer.put(made.events_topic, made.batch(1, 10))
    until(lambda: not committer.is_healthy)
    assert line.sent == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    committer.stop()


def test_what_one_message_meets_that_nobody_thought_of_keeps_no_other_from_being_stored(
    db: Database, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = morning(NODE).journal
    heard: list[object] = []
    intake = Intake(SqlIngestStore(db))
    commit = intake.commit

    def trip(messages: Sequence[Received]) -> list[Committed]:
        if any(message.payload == b"trips" for message in messages):
            raise OverflowError("too large")
        return commit(messages)

    monkeypatch.setattr(intake, "commit", trip)
    committer = Committer(
        intake, Folder(SqlRollupStore(db), intake.recent), StandingClock(), line.publish
    )
    committer.put(made.events_topic, made.batch(1, 10), heard.append)
    committer.put(made.events_topic, b"trips", heard.append, heard.append)
    committer.put(made.events_topic, made.batch(11, 20), heard.append)
    committer.start()
    until(lambda: line.sent == [(down(NODE, "ack"), 20)])
    assert (heard[0], str(heard[1]), heard[2]) == (True, "too large", True)
    assert committer.is_healthy
    committer.stop()


def test_what_a_message_of_the_broker_meets_sets_it_aside_unacknowledged(
    db: Database, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, others = morning(NODE).journal, morning(OTHER_NODE).journal
    intake = Intake(SqlIngestStore(db))
    commit = intake.commit

    def trip(messages: Sequence[Received]) -> list[Committed]:
        if any(message.topic == made.events_topic for message in messages):
            raise OverflowError("too large")
        return commit(messages)

    monkeypatch.setattr(intake, "commit", trip)
    committer = Committer(
        intake, Folder(SqlRollupStore(db), intake.recent), StandingClock(), line.publish
    )
    committer.put(made.events_topic, made.batch(1, 10))
    committer.put(others.events_topic, others.batch(1, 10))
    committer.start()
    until(lambda: line.sent == [(down(OTHER_NODE, "ack"), 10)])
    assert committer.is_healthy
    committer.stop()
    assert [*db.query("SELECT topic, reason, detail FROM quarantine")] == [
        {"topic": made.events_topic, "reason": "not-taken", "detail": "OverflowError: too large"}
    ]
    assert made.events_topic in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_where_nothing_can_even_be_set_aside_the_thread_ends_and_settles_nothing(
    db: Database, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool] = []
    intake = Intake(SqlIngestStore(db))

    def trip(*_messages: object) -> list[Committed]:
        raise OverflowError("too large")

    monkeypatch.setattr(intake, "commit", trip)
    monkeypatch.setattr(intake, "set_aside", trip)
    committer = Committer(
        intake, Folder(SqlRollupStore(db), intake.recent), StandingClock(), line.publish
    )
    for _ in range(3):
        committer.put("topic", b"", heard.append)
    committer.start()
    until(lambda: not committer.is_alive)
    assert heard == [False] * 3
    committer.stop()


def test_a_full_inbox_makes_the_broker_wait(committer: Committer) -> None:
    made = morning(NODE).journal
    done = threading.Event()

    def hand_over() -> None:
        for _ in range(2_100):
            committer.put(made.events_topic, b"")
        done.set()

    thread = threading.Thread(target=hand_over)
    thread.start()
    until(lambda: len(committer._inbox) == 2_000)
    assert not done.is_set()
    committer.start()
    assert done.wait(10)
    thread.join()
    committer.stop()


def test_nothing_is_folded_while_a_little_waits_to_be_committed(db: Database, line: Line) -> None:
    made = morning(NODE).journal
    committer, folder = watched(db, line)
    for place in range(1_000):
        committer.put(made.events_topic, made.batch(1 + place % 10, 10 + place % 10))
    committer.start()
    committer.stop()
    assert set(folder.seen) == {0}
    assert line.sent[-1] == (down(NODE, "ack"), 19)


def test_much_is_folded_while_more_waits_to_be_committed(db: Database, line: Line) -> None:
    made = long_journal(rows=25_000)
    committer, folder = watched(db, line)
    for first in range(1, 25_000, 100):
        committer.put(made.events_topic, made.batch(first, first + 99))
    committer.start()
    committer.stop()
    assert folder.seen[0] == 50, "after 20,000 rows, before the last 50 messages"
    assert db.execute("SELECT folded FROM journals").fetchone() == (25_000,)


def test_a_steady_stream_is_folded_every_so_many_turns(db: Database, line: Line) -> None:
    made = long_journal(rows=60)
    rows = iter(range(1, 61))
    fed: list[int] = []

    def feed() -> None:
        for row in islice(rows, 1):
            busy.put(made.events_topic, made.batch(row, row))
            fed.append(row)

    intake = Intake(SqlIngestStore(db))
    folder = WatchedFolder(SqlRollupStore(db), intake.recent)
    folder.look = fed.__len__
    busy = Committer(intake, folder, StandingClock(), line.publish, feed)
    busy.start()
    until(lambda: len(line.sent) == 60)
    busy.stop()
    assert folder.seen[:3] == [10, 20, 30]
    assert db.execute("SELECT folded FROM journals").fetchone() == (60,)


def watched(db: Database, line: Line) -> tuple[Committer, WatchedFolder]:
    """A committer, and a folder that sees how many messages wait."""
    intake = Intake(SqlIngestStore(db))
    folder = WatchedFolder(SqlRollupStore(db), intake.recent)
    committer = Committer(intake, folder, StandingClock(), line.publish)
    folder.look = committer._inbox.__len__
    return committer, folder


def long_journal(rows: int) -> Journal:
    made = Journal()
    made.open_day()
    for copy in range(1, rows):
        made.add(TicketRecalled("1001", "1", copy), copy)
    return made


def test_after_a_failure_nothing_that_was_remembered_counts(db: Database, line: Line) -> None:
    """Another may have stood in meanwhile, as when the database went over to it."""
    made = morning(NODE).journal
    committer, folder = watched(db, line)

    def fail_and_let_another_stand_in() -> int:
        folder.look = int
        Intake(SqlIngestStore(db)).commit([Received(made.events_topic, made.batch(11, 20), 0)])
        raise StoreError("the connection is lost")

    committer.start()
    committer.put(made.events_topic, made.batch(1, 10))
    until(lambda: line.sent == [(down(NODE, "ack"), 10)])
    folder.look = fail_and_let_another_stand_in
    until(lambda: not committer.is_healthy)
    committer.put(made.events_topic, made.batch(21, 30))
    until(lambda: line.sent[-1] == (down(NODE, "ack"), 30))
    committer.stop()


def test_keys_do_not_outlive_the_database_that_gave_them(db: Database, line: Line) -> None:
    """What takes over after a failure may know less, and other codes under the same keys."""
    made = morning(NODE).journal
    rows = len(made.rows)
    committer, folder = watched(db, line)
    steps = iter(range(rows))

    def fail_the_second_time() -> int:
        if next(steps) != 1:
            return 0
        let_an_empty_one_take_over(db)
        raise StoreError("the connection is lost")

    folder.look = fail_the_second_time
    committer.start()
    committer.put(made.events_topic, made.batch(1, rows))
    until(lambda: not committer.is_healthy)
    committer.put(made.events_topic, made.batch(1, rows))
    committer.stop()
    found = db.execute("SELECT DISTINCT event FROM event_log").fetchall()
    said = {type(decode_entry(row).event).__name__ for row in made.rows}
    assert {name for (name,) in found} == said
    codes = "SELECT DISTINCT code FROM cells JOIN services USING (service) ORDER BY code"
    grown = db.execute(codes).fetchall()
    Folder(SqlRollupStore(db)).rebuild()
    assert grown == db.execute(codes).fetchall() != []


def let_an_empty_one_take_over(db: Database) -> None:
    db.execute("PRAGMA foreign_keys=OFF")
    for (table,) in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlite%'"
    ).fetchall():
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    for place in range(100):
        db.execute("INSERT INTO services (code) VALUES (?)", (f"other-{place}",))
        db.execute("INSERT INTO kinds (name) VALUES (?)", (f"Other{place}",))
