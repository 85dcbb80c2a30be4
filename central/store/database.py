"""Where the store is, and opening it there: SQLite in a file, or PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

from central.store import figures_edition, postgres_connection, sqlite
from central.store.connection import Connection, Database
from central.store.dropped_days import forget_dropped
from central.store.postgres import Postgres
from central.store.postgres_connection import Claim, PostgresConnection
from central.store.protocol import StoreRefusedError

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

    `alone` for a centre that takes in events itself, of which a PostgreSQL database bears one at a
    time (a file is guarded by its folder's lock); figures by an older definition are then emptied,
    to be folded anew. Raises StoreError.
    """
    if isinstance(where, Postgres):
        return where.open_for_writing(Claim.SOLE if alone else Claim.NONE)
    return _opened(where, alone=alone)


def lead(where: Location) -> Database:
    """Open a PostgreSQL database as the one centre that leads it beside ingest workers.

    Raises OwnedElsewhereError while another does, and StoreError, also for SQLite, which has one
    writer.
    """
    if isinstance(where, Postgres):
        return where.open_for_writing(Claim.LEADER)
    raise StoreRefusedError("one_writer", database=where)


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


def give_up_dropped_days(where: Location) -> None:
    """Let figures of days whose events were dropped be emptied with all others. Raises StoreError,
    OwnedElsewhereError while anybody else takes in or folds events."""
    if isinstance(where, Postgres):
        where.give_up_dropped_days()
        return
    with closing(sqlite.open_for_writing(where)) as db, sqlite.transaction(db.conn):
        forget_dropped(db.conn)


def reading(where: Location) -> AbstractContextManager[Connection]:
    """A connection that can only read, and sees one state of the database throughout; threads may
    hand it on. Raises StoreError for whatever the engine complains of, also inside."""
    return where.reading() if isinstance(where, Postgres) else sqlite.reading(where)


def reading_copy(
    where: Location, otherwise: Connection | None = None
) -> AbstractContextManager[Connection]:
    """As `reading`, from a copy of the database where there is one that answers, else over
    `otherwise` or a connection of its own.

    A copy may lag behind, so it is for figures, which say how far they reach, and not for what
    somebody has just written.
    """
    if isinstance(where, Postgres):
        return where.reading_copy(otherwise if isinstance(otherwise, PostgresConnection) else None)
    return sqlite.reading(where) if otherwise is None else nullcontext(otherwise)


def transaction(conn: Connection) -> AbstractContextManager[None]:
    """What is done inside is durable when it ends, or is all undone when it raises; one writer at
    a time, except for ingest workers. Raises StoreError for whatever the engine complains of."""
    if isinstance(conn, sqlite3.Connection):
        return sqlite.transaction(conn)
    if isinstance(conn, PostgresConnection):
        return postgres_connection.transaction(conn)
    raise TypeError(f"no connection of the store: {conn!r}")


def claim(conn: Connection) -> None:
    """Inside a transaction, before what belongs to no lane is touched (names, partitions, totals,
    quarantine): other ingest workers wait with theirs until it ends. Raises StoreError."""
    if isinstance(conn, PostgresConnection):
        postgres_connection.claim(conn)


def _opened(file: Path, *, alone: bool) -> Database:
    db = sqlite.open_for_writing(file)
    if alone:
        try:
            with sqlite.transaction(db.conn):
                figures_edition.renew(db.conn)
        except BaseException:
            db.close()
            raise
    return db
