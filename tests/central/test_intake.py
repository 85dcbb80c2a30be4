"""From messages to rows, in a real database of each engine."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest.intake import Committed, Intake, Received
from central.store.connection import Database
from central.store.database import Location, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.protocol import MAX_EPOCHS, StoreError
from contract.codec import encode_message
from contract.events import TicketIssued
from contract.wire import VERSION, SiteMachine, Status
from tests.central.full_disk import fill_disk, make_room
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal

NOW_MS = MORNING_MS + 3_600_000
FINGERPRINT = "1a2b3c4d5e6f"


def journal(rows: int = 10, node: str = NODE, salt: int = 0) -> Journal:
    made = Journal(node)
    made.open_day()
    for number in range(1, rows):
        made.add(TicketIssued(f"1{number:03}", ("1",)), number * 1000 + salt)
    return made


def batches(made: Journal, *intervals: tuple[int, int]) -> list[Received]:
    return [Received(made.events_topic, made.batch(*pair), NOW_MS) for pair in intervals]


def stored(db: Database, node: str = NODE) -> list[tuple[int, bytes]]:
    return db.execute(
        """SELECT seq, entry FROM events JOIN journals USING (journal)
        JOIN nodes USING (node) WHERE nodes.code = ? ORDER BY seq""",
        (node,),
    ).fetchall()


def quarantined(db: Database) -> list[tuple[str, str, int]]:
    return db.execute("SELECT topic, reason, received_ms FROM quarantine ORDER BY id").fetchall()


@pytest.fixture
def db(each_db: Database) -> Database:
    return each_db


@pytest.fixture
def intake(db: Database) -> Intake:
    return Intake(SqlIngestStore(db))


def test_batches_are_stored_and_answered_with_the_watermark(intake: Intake, db: Database) -> None:
    made = journal()
    answers = intake.commit(batches(made, (1, 4), (5, 10)))
    assert answers == [Committed(NODE, made.epoch, 10)]
    assert stored(db) == list(enumerate(made.rows, 1))


def test_an_overlap_is_sliced_and_a_duplicate_is_answered(intake: Intake, db: Database) -> None:
    made = journal()
    intake.commit(batches(made, (1, 6)))
    assert intake.commit(batches(made, (4, 10))) == [Committed(NODE, made.epoch, 10)]
    assert intake.commit(batches(made, (1, 10))) == [Committed(NODE, made.epoch, 10)]
    assert stored(db) == list(enumerate(made.rows, 1))
    assert db.execute("SELECT duplicates FROM journals").fetchone() == (3 + 10,)
    assert quarantined(db) == []


def test_the_watermark_waits_for_a_gap(intake: Intake, db: Database) -> None:
    made = journal()
    answers = intake.commit(batches(made, (1, 3), (7, 10)))
    assert answers == [Committed(NODE, made.epoch, 3)]
    assert db.execute("SELECT highest, beyond FROM journals").fetchone() == (10, 4)
    assert intake.commit(batches(made, (4, 6))) == [Committed(NODE, made.epoch, 10)]


def test_what_is_held_survives_a_restart(location: Location, db: Database) -> None:
    made = journal()
    Intake(SqlIngestStore(db)).commit(batches(made, (1, 3), (7, 10)))
    with closing(open_for_writing(location)) as again:
        answers = Intake(SqlIngestStore(again)).commit(batches(made, (2, 6)))
        assert answers == [Committed(NODE, made.epoch, 10)]
        assert stored(again) == list(enumerate(made.rows, 1))


def test_the_same_row_with_other_bytes_goes_to_quarantine(intake: Intake, db: Database) -> None:
    made, other = journal(), journal(salt=7)
    intake.commit(batches(made, (1, 6)))
    assert intake.commit(batches(other, (4, 10))) == [Committed(NODE, made.epoch, 6)]
    assert quarantined(db) == [(made.events_topic, "contradiction", NOW_MS)]
    assert stored(db) == list(enumerate(made.rows[:6], 1))
    assert intake.commit(batches(made, (7, 10))) == [Committed(NODE, made.epoch, 10)]


def test_a_broken_chain_goes_to_quarantine(intake: Intake, db: Database) -> None:
    made, other = journal(), journal(salt=7)
    intake.commit(batches(made, (1, 6)))
    assert intake.commit(batches(other, (7, 10))) == [Committed(NODE, made.epoch, 6)]
    assert [reason for _, reason, _ in quarantined(db)] == ["chain-broken"]


def test_a_forged_run_is_evicted_by_the_true_prefix(intake: Intake, db: Database) -> None:
    made, other = journal(), journal(salt=7)
    intake.commit(batches(other, (7, 10)))
    assert intake.commit(batches(made, (1, 6))) == [Committed(NODE, made.epoch, 6)]
    assert stored(db) == list(enumerate(made.rows[:6], 1))
    topic, reason, _ = quarantined(db)[0]
    assert (topic.split()[:2], reason) == (["journal", NODE], "chain-broken")


def test_bad_messages_are_kept_and_stop_nothing(intake: Intake, db: Database) -> None:
    made = journal()
    bad = Received(made.events_topic, b"x" * 100_000, NOW_MS)
    strange = Received("thutu/v1/21/\udcff/up/events", b"", NOW_MS)
    forged = Received(made.events_topic, journal(node=OTHER_NODE).all(), NOW_MS)
    answers = intake.commit([bad, strange, *batches(made, (1, 10)), forged])
    assert answers == [Committed(NODE, made.epoch, 10)]
    assert [reason for _, reason, _ in quarantined(db)] == ["malformed", "topic", "forged"]
    size, kept = db.execute("SELECT bytes, length(payload) FROM quarantine").fetchone()
    assert (size, kept) == (100_000, 65_536)
    assert stored(db, OTHER_NODE) == []


def test_a_zero_character_stops_nothing(intake: Intake, db: Database) -> None:
    made = journal()
    odd = Status(VERSION, NODE, online=True, epoch=made.epoch, software="1\0", config="\0")
    messages = [
        Received("thutu/v1/21/\0/up/events", b"\0", NOW_MS),
        Received(made.status_topic, encode_message(odd), NOW_MS),
    ]
    assert intake.commit([*messages, *batches(made, (1, 10))])[-1] == Committed(
        NODE, made.epoch, 10
    )
    assert db.execute("SELECT software, config FROM nodes").fetchone() == ("1\ufffd", "\ufffd")
    assert quarantined(db)[0][0] == "thutu/v1/21/\ufffd/up/events"


def test_a_new_epoch_is_a_journal_of_its_own(intake: Intake, db: Database) -> None:
    made, again = journal(), journal(5, salt=3)
    again.epoch = "00000000000000bb"
    answers = intake.commit([*batches(made, (1, 10)), *batches(again, (1, 5))])
    assert answers == [Committed(NODE, made.epoch, 10), Committed(NODE, again.epoch, 5)]
    current = db.execute("SELECT epoch FROM nodes JOIN journals ON journal = current_journal")
    assert current.fetchall() == [(again.epoch,)]


def test_a_node_has_a_bounded_number_of_epochs(intake: Intake, db: Database) -> None:
    made = journal()
    for number in range(MAX_EPOCHS + 1):
        made.epoch = f"{number:016x}"
        answers = intake.commit(batches(made, (1, 2)))
    assert answers == []
    assert intake.commit([Received(made.status_topic, made.status(), NOW_MS)]) == []
    assert [reason for _, reason, _ in quarantined(db)] == ["too-many-epochs"] * 2
    assert db.execute("SELECT count(*) FROM journals").fetchone() == (MAX_EPOCHS,)
    made.epoch = f"{0:016x}"
    assert intake.commit(batches(made, (1, 10))) == [Committed(NODE, made.epoch, 10)]


def test_a_hub_that_lost_an_answer_hears_it_again(intake: Intake) -> None:
    made = journal()
    intake.commit(batches(made, (1, 10)))
    behind = Received(made.status_topic, made.status(unsent=4), NOW_MS)
    level = Received(made.status_topic, made.status(unsent=0), NOW_MS)
    assert intake.commit([behind]) == [Committed(NODE, made.epoch, 10)]
    assert intake.commit([level]) == []


def test_the_same_status_again_is_no_news(intake: Intake, db: Database) -> None:
    made = journal()
    status = Received(made.status_topic, made.status(), NOW_MS)
    intake.commit([status])
    intake.commit([Received(made.status_topic, made.status(), NOW_MS + 99_000)])
    assert db.execute("SELECT online, heard_ms FROM nodes").fetchone() == (1, NOW_MS)
    intake.commit([Received(made.status_topic, made.status(online=False), NOW_MS + 100_000)])
    state = db.execute("SELECT online, online_since_ms, software FROM nodes").fetchone()
    assert state == (0, NOW_MS + 100_000, "0.1.0")
    assert db.execute("SELECT announced, announced_ms FROM journals").fetchone()[0] == 10


def test_what_was_said_of_machines_holds_until_more_is_said_or_other_software_speaks(
    intake: Intake, db: Database
) -> None:
    made, hall = journal(), SiteMachine("10.0.0.7", "0.1.0", "hall")

    def kept(software: str, machines: tuple[SiteMachine, ...] | None, wall_ms: int) -> Any:
        said = made.status(software=software, machines=machines, wall_ms=wall_ms)
        intake.commit([Received(made.status_topic, said, wall_ms)])
        return db.execute("SELECT machines FROM nodes").fetchone()[0]

    whole = '[["10.0.0.7","0.1.0","hall"]]'
    assert kept("0.1.0", None, NOW_MS) is None
    assert kept("0.1.0", (hall,), NOW_MS + 1) == whole
    assert kept("0.1.0", None, NOW_MS + 2) == whole
    assert kept("0.2.0", None, NOW_MS + 3) is None
    assert kept("0.3.0", (hall,), NOW_MS + 4) == whole
    assert kept("0.3.0", (), NOW_MS + 5) == "[]"


def test_a_fingerprint_holds_until_another_is_said_or_other_software_speaks(
    intake: Intake, db: Database
) -> None:
    made, times = journal(), iter(range(NOW_MS, NOW_MS + 10))

    def kept(software: str, fingerprint: str | None) -> Any:
        said = made.status(software=software, fingerprint=fingerprint, wall_ms=next(times))
        intake.commit([Received(made.status_topic, said, NOW_MS)])
        return db.execute("SELECT fingerprint FROM nodes").fetchone()[0]

    assert kept("0.1.0", None) is None
    assert kept("0.1.0", FINGERPRINT) == FINGERPRINT
    assert kept("0.1.0", None) == FINGERPRINT
    assert kept("0.2.0", None) is None
    assert kept("0.2.0", FINGERPRINT) == FINGERPRINT
    assert kept("0.2.0", "") == ""


def test_what_fails_is_undone_and_can_be_sent_again(intake: Intake, db: Database) -> None:
    made = journal()
    intake.commit(batches(made, (1, 3)))
    fill_disk(db, "events", "seq = 9")
    with pytest.raises(StoreError, match="disk_is_full"):
        intake.commit(batches(made, (4, 7), (8, 10)))
    assert len(stored(db)) == 3
    make_room(db, "events")
    assert intake.commit(batches(made, (4, 7), (8, 10))) == [Committed(NODE, made.epoch, 10)]


def test_quarantine_has_a_bound(intake: Intake, db: Database) -> None:
    intake.commit([Received("nowhere", b"", NOW_MS)] * 5_100)
    assert db.execute("SELECT count(*) FROM quarantine").fetchone() == (5_000,)


intervals = st.tuples(st.integers(1, 10), st.integers(0, 5)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], 10))
)


@settings(max_examples=30, deadline=None)
@given(groups=st.lists(st.lists(intervals, min_size=1, max_size=4), max_size=6))
def test_any_schedule_ends_in_what_the_model_says(
    new_location: Callable[[], Location], groups: list[list[tuple[int, int]]]
) -> None:
    made, came = journal(), set[int]()
    with closing(open_for_writing(new_location())) as db:
        for group in groups:
            # A new Intake each time is a restart in the middle.
            answers = Intake(SqlIngestStore(db)).commit(batches(made, *group))
            came |= {seq for first, last in group for seq in range(first, last + 1)}
            watermark = next(seq for seq in range(12) if seq + 1 not in came)
            assert answers == [Committed(NODE, made.epoch, watermark)]
            assert stored(db) == [(seq, made.rows[seq - 1]) for seq in sorted(came)]
            missing = db.execute("SELECT highest - watermark - beyond FROM journals").fetchone()
            assert missing == (max(came) - len(came),)


def test_a_row_can_be_found_in_sql_by_anyone(intake: Intake, db: Database) -> None:
    intake.commit(batches(journal(), (1, 10)))
    row = db.execute("SELECT site, node, local_time, event, ticket FROM event_log WHERE seq = 2")
    assert row.fetchone() == (NODE[:11], NODE, f"{DAY} 07:30:01", "TicketIssued", "1001")
