"""PostgreSQL 15 and later: the same statements as SQLite's, over psycopg.

One writer at a time, as with SQLite: a writing transaction holds an advisory lock.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from queue import Empty, Full, LifoQueue
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import TransactionStatus

from central.store.connection import Answer, Values
from central.store.postgres_schema import bring_up_to_date
from central.store.protocol import StoreError

_CONNECT_S = 10
_OLDEST_VERSION = 150_000
_IDLE_READERS = 8
_WRITER_LOCK, _CENTRE_LOCK = 7_483_001, 7_483_002
_OPTIONS = "-c lock_timeout=10s -c synchronous_commit=on -c timezone=UTC"
_PLACES = re.compile(r"'[^']*'|::|\?|:([a-z_]\w*)|%|\bAS BLOB\b")


class PostgresConnection:
    """A connection that takes the store's statements; made again when it was lost. With `alone` it
    is the only such connection to its database.

    Raises StoreError for whatever PostgreSQL complains of.
    """

    def __init__(self, url: str, *, alone: bool = False) -> None:
        self._url = url
        self._alone = alone
        self._conn = self._connect()

    @property
    def conn(self) -> "PostgresConnection":
        """Itself: a database and its connection are one."""
        return self

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on a connection that still stands."""
        return self._conn.info.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }

    def execute(self, sql: str, values: Values = (), /) -> Answer:
        """See `Connection`."""
        with _translated():
            return self._live().execute(native(sql), values)

    def executemany(self, sql: str, values: Iterable[Values], /) -> None:
        """See `Connection`."""
        with _translated(), self._live().cursor() as cursor:
            cursor.executemany(native(sql), values)

    def copy(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows by COPY, the quickest way in; `columns` are names and types."""
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        with _translated(), self._live().cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        """Close it; what is not committed is undone."""
        self._conn.close()

    def _live(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._conn.closed:
            self._conn = self._connect()
        return self._conn

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        conn = _connect(self._url)
        if self._alone:
            with _translated():
                found = conn.execute("SELECT pg_try_advisory_lock(%s)", (_CENTRE_LOCK,)).fetchone()
            if found != (True,):
                conn.close()
                raise StoreError("another centre is at work on this PostgreSQL database")
        return conn


class Postgres:
    """A database by its URL (`postgresql://user@host/name`); connections that have read are kept
    open for the next who read, until `close`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: LifoQueue[PostgresConnection] = LifoQueue(_IDLE_READERS)

    def __str__(self) -> str:
        """Where it is, without what the URL says of users and passwords."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def open_for_writing(self, *, alone: bool = False) -> PostgresConnection:
        """Connect, and bring the schema up to date; `alone` holds off all others who want to be.
        Raises StoreError."""
        conn = PostgresConnection(self._url, alone=alone)
        try:
            _check(conn)
            with transaction(conn):
                bring_up_to_date(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """A connection that can only read, and sees one state of the database throughout. Raises
        StoreError."""
        conn = self._begin_to_read()
        try:
            yield conn
        finally:
            self._put_back(conn)

    def close(self) -> None:
        """Close what is kept open."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def _begin_to_read(self) -> PostgresConnection:
        with suppress(Empty):
            while True:
                kept = self._idle.get_nowait()
                try:
                    _begin_reading(kept)
                except StoreError:
                    kept.close()
                else:
                    return kept
        conn = PostgresConnection(self._url)
        try:
            _begin_reading(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def _put_back(self, conn: PostgresConnection) -> None:
        try:
            conn.execute("ROLLBACK")
            self._idle.put_nowait(conn)
        except (StoreError, Full):
            conn.close()


@contextmanager
def transaction(conn: PostgresConnection) -> Iterator[None]:
    """What is done inside is durable when it ends, or is all undone when it raises.

    Raises StoreError for whatever PostgreSQL complains of.
    """
    conn.execute("BEGIN")
    try:
        conn.execute("SELECT pg_advisory_xact_lock(?)", (_WRITER_LOCK,))
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


@cache
def native(sql: str) -> LiteralString:
    """A statement of the store as psycopg wants it."""
    return _PLACES.sub(_place, sql)


def _place(found: re.Match[str]) -> str:
    if found[1]:
        return f"%({found[1]})s"
    return {"?": "%s", "AS BLOB": "AS bytea"}.get(found[0], found[0].replace("%", "%%"))


class _Flag(Dumper):
    """Flags are kept as 0 and 1, as in SQLite."""

    oid = psycopg.postgres.types["int8"].oid

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


class _Text(Dumper):
    """PostgreSQL keeps no text with a zero character, which strangers may send; and what type a
    text is meant for is clear from its place."""

    def dump(self, obj: str) -> Buffer:
        return obj.replace("\0", "\ufffd").encode()


class _Whole(Loader):
    """Sums of numbers come as `numeric`; ours are all whole."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    with _translated():
        conn = psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_S, options=_OPTIONS)
    conn.adapters.register_dumper(bool, _Flag)
    conn.adapters.register_dumper(str, _Text)
    conn.adapters.register_loader("numeric", _Whole)
    return conn


def _check(conn: PostgresConnection) -> None:
    """A commit is durable when it returns, and every name can be kept."""
    found = dict(conn.execute("SELECT name, setting FROM pg_settings").fetchall())
    wanted = {"fsync": "on", "synchronous_commit": "on", "server_encoding": "UTF8"}
    for name, value in wanted.items():
        if found[name] != value:
            raise StoreError(f"PostgreSQL has {name} = {found[name]}; it must be {value}")
    if int(found["server_version_num"]) < _OLDEST_VERSION:
        raise StoreError(f"PostgreSQL {found['server_version']} is older than 15")


def _begin_reading(conn: PostgresConnection) -> None:
    conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL: {str(error).strip()}") from error
