"""Where the store is, and opening it there: SQLite in a file, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from central.store import postgres, sqlite
from central.store.connection import Connection, Database
from central.store.postgres import Postgres, PostgresConnection

_FILE = "centre.db"

Location = Path | Postgres
"""The file of an SQLite database, or a PostgreSQL database."""


def database_of(folder: Path) -> Path:
    """The SQLite database within a data folder."""
    return folder / _FILE


def location(text: str) -> Location:
    """The database that an operator names: `postgresql://...`, or a file."""
    return Postgres(text) if text.startswith(("postgresql://", "postgres://")) else Path(text)


def open_for_writing(where: Location, *, alone: bool = False) -> Database:
    """Open the database and bring its schema up to date; a commit is durable when it returns.

    `alone` for a centre, of which a PostgreSQL database bears one at a time (a file is guarded by
    its folder's lock). Raises StoreError.
    """
    if isinstance(where, Postgres):
        return where.open_for_writing(alone=alone)
    return sqlite.open_for_writing(where)


def close(where: Location) -> None:
    """Close what is kept open for those who read."""
    if isinstance(where, Postgres):
        where.close()


@contextmanager
def writing(where: Location, *, alone: bool = False) -> Iterator[Database]:
    """The database open for a short writing beside the thread that writes all day; or `alone`."""
    db = open_for_writing(where, alone=alone)
    try:
        yield db
    finally:
        db.close()


def reading(where: Location) -> AbstractContextManager[Connection]:
    """A connection that can only read, and sees one state of the database throughout; threads may
    hand it on. Raises StoreError for whatever the engine complains of, also inside."""
    return where.reading() if isinstance(where, Postgres) else sqlite.reading(where)


def transaction(conn: Connection) -> AbstractContextManager[None]:
    """What is done inside is durable when it ends, or is all undone when it raises; one writer at
    a time. Raises StoreError for whatever the engine complains of."""
    if isinstance(conn, sqlite3.Connection):
        return sqlite.transaction(conn)
    if isinstance(conn, PostgresConnection):
        return postgres.transaction(conn)
    raise TypeError(f"no connection of the store: {conn!r}")
