"""What a newer version adds to a database of this one is added, and what is there stays."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlite_utils

from central.ingest.intake import Intake, Received
from central.store import sqlite
from central.store.database import Location, writing
from central.store.ingest import SqlIngestStore
from central.store.postgres_schema import tables
from contract.events import TicketIssued
from tests.central.journal import MORNING_MS, NODE, Journal

next_migrations = sqlite_utils.Migrations("of-the-next-version")


@next_migrations()
def m001_rooms(db: sqlite_utils.Database) -> None:
    """Columns, a table and an index."""
    db.execute("ALTER TABLE nodes ADD COLUMN room TEXT")
    db.execute("ALTER TABLE events ADD COLUMN floor INTEGER NOT NULL DEFAULT 1")
    db.execute("CREATE TABLE rooms (room TEXT NOT NULL PRIMARY KEY) STRICT")
    db.execute("CREATE INDEX nodes_of_room ON nodes (room)")


@contextmanager
def next_version() -> Iterator[None]:
    """A program that knows one migration more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "_HISTORY", (*sqlite._HISTORY, next_migrations))
        tables.cache_clear()
        yield
    tables.cache_clear()


def test_what_a_newer_version_adds_is_added(location: Location) -> None:
    journal = Journal()
    journal.add(TicketIssued("1001", ("1",)))
    with writing(location) as db:
        intake = Intake(SqlIngestStore(db))
        intake.commit([Received(journal.events_topic, journal.all(), MORNING_MS)])
    for _ in range(2):
        with next_version(), writing(location) as db:
            assert db.execute("SELECT code, room FROM nodes").fetchall() == [(NODE, None)]
            assert db.execute("SELECT seq, floor FROM events").fetchall() == [(1, 1)]
            assert db.execute("SELECT count(*) FROM rooms").fetchone() == (0,)
