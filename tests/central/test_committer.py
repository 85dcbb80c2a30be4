"""The thread that commits, acknowledges and folds."""

import threading

import pytest
from sqlite_utils import Database

from central.ingest.committer import Committer
from central.ingest.intake import Intake
from central.rollup.folder import Folder
from central.store.ingest import SqliteIngestStore
from central.store.rollup import SqliteRollupStore
from contract.codec import decode_message
from contract.wire import Ack
from tests.central.busy_day import morning
from tests.central.journal import NODE, OTHER_NODE
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


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def committer(db: Database, line: Line) -> Committer:
    return Committer(
        Intake(SqliteIngestStore(db)),
        Folder(SqliteRollupStore(db)),
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
    assert line.sent[-1] == (f"thutu/v1/{NODE}/down/ack", rows)
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
    assert line.sent == [(f"thutu/v1/{NODE}/down/ack", 20), (f"thutu/v1/{OTHER_NODE}/down/ack", 10)]


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


def test_a_full_queue_makes_the_broker_wait(committer: Committer) -> None:
    made = morning(NODE).journal
    done = threading.Event()

    def hand_over() -> None:
        for _ in range(2_100):
            committer.put(made.events_topic, b"")
        done.set()

    thread = threading.Thread(target=hand_over)
    thread.start()
    until(committer._queue.full)
    assert not done.is_set()
    committer.start()
    assert done.wait(10)
    thread.join()
    committer.stop()
