"""Opening the SQLite database, for the one thread that writes and the many that read."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from central.store.access_schema import access_migrations
from central.store.alerts_schema import alert_migrations
from central.store.appointments_schema import appointment_migrations
from central.store.configurations_schema import configuration_migrations
from central.store.editions_schema import edition_migrations
from central.store.protocol import StoreError
from central.store.schema import migrations
from central.store.updates_schema import update_migrations
from runtime.private_file import make_private_folder

_HISTORY = (
    migrations,
    access_migrations,
    alert_migrations,
    appointment_migrations,
    update_migrations,
    edition_migrations,
    configuration_migrations,
)
_OTHERS = 0o007
_FULL = 2
_BUSY_MS = 10_000
_PAGES_PER_CHECKPOINT = 4000  # 16 MB; by SQLite's own 1,000, storing rows takes a twentieth longer


def open_for_writing(path: Path) -> Database:
    """Open the database, or create it with its folder, readable by nobody else, and bring its
    schema up to date.

    A commit is durable when it returns: WAL with `synchronous=FULL`, set and read back. Raises
    StoreError when that cannot be had, or when the file is no database of ours.
    """
    try:
        make_private_folder(path.parent)
        path.touch(mode=0o600)  # its write-ahead log has the same rights
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    try:
        conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db = Database(conn)
        _set(conn, "busy_timeout", _BUSY_MS, _BUSY_MS)
        _set(conn, "journal_mode", "WAL", "wal")
        _set(conn, "synchronous", "FULL", _FULL)
        _set(conn, "foreign_keys", "ON", 1)
        _set(conn, "wal_autocheckpoint", _PAGES_PER_CHECKPOINT, _PAGES_PER_CHECKPOINT)
        apply_migrations(db)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    return db


def apply_migrations(db: Database) -> None:
    """Bring the schema up to date; it is PostgreSQL's too (see `postgres_schema`)."""
    for part in _HISTORY:
        part.apply(db)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, and sees one state of the database throughout; threads may
    hand it on.

    Raises StoreError for whatever SQLite complains of, also inside.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        conn = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            _set(conn, "busy_timeout", _BUSY_MS, _BUSY_MS)
            conn.execute("BEGIN")
            yield conn
        finally:
            conn.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """What is done inside is durable when it ends, or is all undone when it raises.

    Raises StoreError for whatever SQLite complains of.
    """
    try:
        conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error


def _set(conn: sqlite3.Connection, name: str, value: object, expected: object) -> None:
    conn.execute(f"PRAGMA {name}={value}").fetchall()
    found = conn.execute(f"PRAGMA {name}").fetchone()[0]
    if found != expected:
        raise StoreError(f"SQLite would not set {name} to {value}: it is {found}")
