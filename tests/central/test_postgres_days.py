"""With PostgreSQL a question about a journal opens the days that it is about, however many there
are; which they are stays right whatever clocks say, and whoever adds the rows."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise

import pytest

from central.ingest.intake import Intake, Received
from central.recovery.site_state import site_state
from central.scope import Scope
from central.store.appointments_delivery import Deliveries, Followed
from central.store.connection import Connection
from central.store.database import transaction
from central.store.event_log import EventLog
from central.store.ingest import SqlIngestStore
from central.store.journal_rows import delete_between, entries_between, rows_between
from central.store.postgres import Postgres
from central.store.postgres_connection import PostgresConnection
from central.store.postgres_days import DAYS_AT_ONCE, lying
from central.store.postgres_events import Partitions
from contract.events import DayOpened, DeviceLost, TicketIssued
from contract.stamp import MS_PER_DAY
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.postgres import PostgresServer

SITE = "01-00097-01"
DAYS, ROWS_A_DAY = 90, 3
ROWS = DAYS * ROWS_A_DAY
LOCKS_COUNTED_ON = 64
FIRST_DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def old(postgres: PostgresServer) -> Iterator[tuple[Postgres, Journal]]:
    """One journal of ninety days, each with an opening and two tickets; a device was lost on the
    last."""
    made = Journal()
    with closing(Postgres(postgres.new_database())) as where:
        with closing(where.open_for_writing()) as conn:
            intake = Intake(SqlIngestStore(conn))
            for day in range(DAYS):
                ms = MORNING_MS + day * MS_PER_DAY
                made.add(DayOpened(DAY, trusted=True, last_orders={}), wall_ms=ms)
                made.add(TicketIssued("1001", ("1",)), wall_ms=ms)
                if day < DAYS - 1:
                    made.add(TicketIssued("1002", ("1",)), wall_ms=ms)
                else:
                    made.add(DeviceLost("printer", "x"), wall_ms=ms)
                first = day * ROWS_A_DAY + 1
                batch = made.batch(first, first + ROWS_A_DAY - 1)
                intake.commit([Received(made.events_topic, batch, ms)])
        yield where, made


def locks(conn: Connection) -> int:
    found = conn.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()").fetchone()
    return int(found[0])


def test_no_question_about_a_journal_takes_more_locks_than_are_counted_on(
    old: tuple[Postgres, Journal],
) -> None:
    where, made = old
    with where.reading() as conn:
        for _ in range(8):
            assert entries_between(conn, 1, ROWS, ROWS) == made.rows[-1:]
        assert locks(conn) < 16
    everything = Followed(1, 1, 1, 0, ROWS)
    with where.reading() as conn:
        log, deliveries = EventLog(conn, Scope()), Deliveries(conn)
        for _ in range(8):
            assert [one.entry for one in log.page(SITE, (0, 0), 1000)] == made.rows
            assert [one.entry for one in log.page(SITE, (1, 200), 20)] == made.rows[200:220]
            lost = log.page(SITE, (0, 0), 10, "DeviceLost")
            assert [one.key for one in lost] == [(1, ROWS)]
            assert len(deliveries.entries(everything, ("TicketIssued",), 1000)) == 2 * DAYS - 1
            assert len(deliveries.entries(everything, ("TicketIssued",), 70)) == 70
        state = site_state(conn, NODE, MORNING_MS + DAYS * MS_PER_DAY)
        assert [bytes(row) for row in state.journals[0].rows] == made.rows[-ROWS_A_DAY:]
        assert locks(conn) <= LOCKS_COUNTED_ON


def test_rows_are_found_whatever_their_clocks_say_and_in_whatever_order_they_come(
    where: Postgres,
) -> None:
    chance = random.Random(6)
    days = {seq: seq // 7 for seq in range(1, 401)}
    for _ in range(12):
        wrong, begins = chance.randrange(60), chance.randrange(1, 390)
        days.update(dict.fromkeys(range(begins, begins + 10), wrong))
    with closing(where.open_for_writing()) as conn:
        comes = list(days)
        chance.shuffle(comes)
        for start in range(0, 400, 37):
            some = {seq: days[seq] for seq in comes[start : start + 37]}
            with transaction(conn):
                _add(conn, some)
        for _ in range(100):
            first = chance.randrange(1, 401)
            last = chance.randrange(first, 401)
            expected = [(seq,) for seq in range(first, last + 1)]
            assert list(rows_between(conn, 1, first, last, "seq")) == expected
            newest = rows_between(conn, 1, first, last, "seq", newest_first=True, limit=50)
            assert list(newest) == expected[::-1][:50]
        with transaction(conn):
            delete_between(conn, 1, 30, 350)
        assert len(entries_between(conn, 1, 1, 400)) == 400 - 321
        parts = lying(conn, 1, 1, 400)
    assert [parts[0].first, parts[-1].last] == [1, 400]
    for one, following in pairwise(parts):
        assert one.last + 1 == following.first
    assert max(len(part.days) for part in parts) <= 2 * DAYS_AT_ONCE


def test_rows_that_another_program_adds_are_found_too(where: Postgres) -> None:
    with closing(where.open_for_writing()) as conn:
        with transaction(conn):
            _add(conn, {1: 0})
        conn.execute(
            """INSERT INTO events (journal, seq, wall_ms, training, entry, day)
            VALUES (1, 2, 0, 0, ?, ?)""",
            (b"two", FIRST_DAY.isoformat()),
        )
        assert entries_between(conn, 1, 1, 9) == [b"1", b"two"]


def _add(conn: PostgresConnection, days: dict[int, int]) -> None:
    """Rows by their numbers, each on a day that many days after the first."""
    Partitions(conn).copy(
        (
            (1, seq, MORNING_MS, None, None, None, None, 0, bytearray(b"%d" % seq)),
            (FIRST_DAY + timedelta(days=day)).isoformat(),
        )
        for seq, day in days.items()
    )
