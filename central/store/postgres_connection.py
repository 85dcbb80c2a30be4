"""One connection to PostgreSQL 15 or later, which takes the same statements as SQLite.

Whoever writes does so alone, as with SQLite: a writing transaction holds an advisory lock. Only
ingest workers share that lock among themselves, for each writes what belongs to its own lanes; what
belongs to no lane they `claim` first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import cache
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import TransactionStatus

from central.store.connection import Answer, Values
from central.store.protocol import OwnedElsewhereError, StoreError
from contract.topics import LANES

LANE_LOCKS = 7_483_003
_WRITER_LOCK, _CENTRE_LOCK, _COMMON_LOCK = 7_483_001, 7_483_002, 7_483_004
_CONNECT_S = 10
_ASKED_FOR_LOCKS = 40
# A machine that vanished lets go of its locks within half a minute, not after hours.
_KEEPALIVE = {"idle": 10, "interval": 5, "count": 3}
# What has been sent and is not confirmed is not probed, but sent again: a quarter of an hour long.
_GONE_MS = 25_000
_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "lock_timeout": "10s",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "tcp_user_timeout": f"{_GONE_MS}",
        **{f"tcp_keepalives_{name}": value for name, value in _KEEPALIVE.items()},
    }.items()
)
# An empty note in the write-ahead log: a commit without any waits for nobody.
_WAIT_FOR_WHAT_CAME_BEFORE = "SELECT pg_logical_emit_message(true, 'thutu', '')"
_Made = TypeVar("_Made", bound=psycopg.Connection[tuple[Any, ...]])
_PLACES = re.compile(r"'[^']*'|::|\?|:([a-z_]\w*)|%|\bAS BLOB\b")


class Claim(Enum):
    """What a connection wants for itself alone: nothing; to lead the centre; or that and all
    lanes, so that nobody else takes in or folds events."""

    NONE = "none"
    LEADER = "leader"
    SOLE = "sole"


class PostgresConnection:
    """A connection that takes the store's statements; made again, with its claim, when it was lost.

    Raises StoreError for whatever PostgreSQL complains of, and OwnedElsewhereError for a claim that
    somebody else has.
    """

    shares_writing = False

    def __init__(self, url: str, claim: Claim = Claim.NONE) -> None:
        self._url = url
        self._claim = claim
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

    def read_once(self, sql: str, values: Values = (), /) -> list[Any]:
        """All rows of a statement, planned for these values: a plan for any would open and lock
        every partition."""
        with _translated():
            return self._live().execute(native(sql), values, prepare=False).fetchall()

    def read_apart(self, sql: str, values: Values = (), /) -> list[Any]:
        """As `read_once`, of a statement that only reads; what it has locked is let go at once,
        also inside a transaction."""
        with _translated(), self._live().transaction(force_rollback=True):
            return self.read_once(sql, values)

    def copy(self, table: str, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows by COPY, the quickest way in; `columns` are names and types."""
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        with _translated(), self._live().cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended, so that nothing can be done over it as it is."""
        return self._conn.closed

    def close(self) -> None:
        """Close it; what is not committed is undone."""
        self._conn.close()

    def _live(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._conn.closed:
            self._conn = self._connect()
        return self._conn

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        conn = connected(self._url, psycopg.Connection[tuple[Any, ...]])
        try:
            with _translated():
                if self._claim is not Claim.NONE:
                    _lead(conn)
                if self._claim is Claim.SOLE:
                    _own_all_lanes(conn)
        except BaseException:
            conn.close()
            raise
        return conn


class WorkerConnection(PostgresConnection):
    """A writing connection of one of several ingest workers.

    Once lost it refuses everything until `connect_again`, for the locks of its lanes went with it.
    It is there once all that it may find is as durable as what it commits itself: rows that a
    primary brought back from its log may have never reached the replica that confirms commits.
    """

    shares_writing = True

    def connect_again(self) -> None:
        """Make it anew; it then holds nothing. Raises StoreError."""
        self._conn.close()
        self._conn = self._connect()

    def _live(self) -> psycopg.Connection[tuple[Any, ...]]:
        return self._conn

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        conn = super()._connect()
        try:
            with _translated():
                conn.execute(_WAIT_FOR_WHAT_CAME_BEFORE)
        except BaseException:
            conn.close()
            raise
        return conn


@contextmanager
def transaction(conn: PostgresConnection) -> Iterator[None]:
    """What is done inside is durable when it ends, or is all undone when it raises; one writer at
    a time, or some workers.

    Raises StoreError for whatever PostgreSQL complains of.
    """
    shared = "_shared" if conn.shares_writing else ""
    with _begun(conn, f"SELECT pg_advisory_xact_lock{shared}(?)"):
        yield


@contextmanager
def sole_transaction(conn: PostgresConnection) -> Iterator[None]:
    """A transaction during which nobody else writes, workers neither. Raises StoreError."""
    with _begun(conn, "SELECT pg_advisory_xact_lock(?)"):
        yield


def claim(conn: PostgresConnection) -> None:
    """Let other workers wait before they touch what belongs to no lane, until the transaction
    ends. Whoever waits here holds rows of its own lanes only, so nobody waits for each other."""
    if conn.shares_writing:
        conn.execute("SELECT pg_advisory_xact_lock(?)", (_COMMON_LOCK,))


@contextmanager
def _begun(conn: PostgresConnection, lock: str) -> Iterator[None]:
    conn.execute("BEGIN")
    try:
        conn.execute(lock, (_WRITER_LOCK,))
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def connected(url: str, kind: type[_Made], connect_s: int = _CONNECT_S) -> _Made:
    """A connection of this kind, which reads and writes values as SQLite's do. Raises StoreError
    after `connect_s` seconds at the latest."""
    with _translated():
        conn = kind.connect(
            url,
            autocommit=True,
            connect_timeout=connect_s,
            options=_OPTIONS,
            keepalives_idle=_KEEPALIVE["idle"],
            keepalives_interval=_KEEPALIVE["interval"],
            keepalives_count=_KEEPALIVE["count"],
            tcp_user_timeout=_GONE_MS,
        )
    conn.adapters.register_dumper(bool, _Flag)
    conn.adapters.register_dumper(str, _Text)
    conn.adapters.register_loader("numeric", _Whole)
    return conn


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


def _lead(conn: psycopg.Connection[tuple[Any, ...]]) -> None:
    if not _claimed(conn, "SELECT pg_try_advisory_lock(%s)", _CENTRE_LOCK):
        raise OwnedElsewhereError("other_centre")


def _own_all_lanes(conn: psycopg.Connection[tuple[Any, ...]]) -> None:
    every_lane = (
        "SELECT bool_and(pg_try_advisory_lock(%s, lane)) FROM generate_series(0, %s) AS lane"
    )
    if not _claimed(conn, every_lane, LANE_LOCKS, LANES - 1):
        raise OwnedElsewhereError("workers")


def _claimed(conn: psycopg.Connection[tuple[Any, ...]], locks: LiteralString, *key: int) -> bool:
    """Whoever has just ended owns its locks until the server has noticed."""
    for _ in range(_ASKED_FOR_LOCKS):
        if conn.execute(locks, key).fetchone() == (True,):
            return True
        conn.execute("SELECT pg_sleep(0.05)")
    return False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL: {str(error).strip()}") from error
