"""What a hub on a new card gets back, from either store."""

from central.ingest.intake import Intake, Received
from central.recovery.site_state import site_state
from central.store.connection import Database
from central.store.ingest import SqlIngestStore
from central.store.node_journals import watermarks
from contract import events as e
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal

NOW_MS = MORNING_MS + 3_600_000
BEFORE = "2026-11-19"


def send(db: Database, *messages: tuple[str, bytes]) -> None:
    intake = Intake(SqlIngestStore(db))
    intake.commit([Received(topic, payload, NOW_MS) for topic, payload in messages])


def two_days() -> Journal:
    journal = Journal()
    journal.open_day(BEFORE)
    journal.add(e.TicketIssued("1044", ("1",)), -86_400_000)
    journal.open_day(DAY)
    journal.add(e.TicketIssued("1001", ("1",)))
    journal.add(e.TicketIssued("2007", ("2",)), 60_000)
    journal.add(e.TicketIssued("0099", ("1",)), 61_000, training=True)
    return journal


def test_a_new_card_gets_the_rows_and_numbers_of_its_day(each_db: Database) -> None:
    journal = two_days()
    send(each_db, (journal.events_topic, journal.all()))
    state = site_state(each_db.conn, NODE, NOW_MS)
    (held,) = state.journals
    assert (held.epoch, state.missing) == (journal.epoch, 0)
    assert [bytes(row) for row in held.rows] == journal.rows[2:]
    assert state.orders == {"1": 1, "2": 7}
    assert watermarks(each_db.conn, NODE) == {journal.epoch: len(journal.rows)}


def test_what_is_missing_is_said_and_what_came_beyond_it_is_given(each_db: Database) -> None:
    journal = two_days()
    send(each_db, (journal.events_topic, journal.batch(1, 3)))
    send(each_db, (journal.events_topic, journal.batch(5, 6)))
    state = site_state(each_db.conn, NODE, NOW_MS)
    assert state.missing == 1
    assert [bytes(row) for row in state.journals[0].rows] == [journal.rows[n] for n in (2, 4, 5)]


def test_a_hub_that_was_never_heard_gets_an_empty_day(each_db: Database) -> None:
    state = site_state(each_db.conn, OTHER_NODE, NOW_MS)
    assert (state.journals, state.orders, state.missing) == ((), {}, 0)
