"""Where a PostgreSQL database is, with or without a copy of it that may be read instead."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from central.store.postgres_connection import (
    PostgresConnection,
    Role,
    WorkerConnection,
    sole_transaction,
)
from central.store.postgres_readers import Readers
from central.store.postgres_schema import bring_up_to_date
from central.store.protocol import StoreError
from runtime.clock import SystemClock

logger = logging.getLogger(__name__)

_OLDEST_VERSION = 150_000
_COPY_AGAIN_S = 10.0
_Opened = TypeVar("_Opened", bound=PostgresConnection)


class Postgres:
    """A database by its URL (`postgresql://user@host/name`), and of a copy of it that lags behind,
    a streaming replica. Connections that have read are kept open for the next, until `close`."""

    def __init__(self, url: str, copy_url: str | None = None) -> None:
        self._url = url
        self._readers = Readers(url)
        self._copy = Readers(copy_url) if copy_url else None
        self._clock = SystemClock()
        self._copy_again_s = 0.0

    def __str__(self) -> str:
        """Where it is, without what the URL says of users and passwords."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def open_for_writing(self, role: Role = Role.ANY) -> PostgresConnection:
        """Connect, and bring the schema up to date. Raises StoreError, OwnedElsewhereError for a
        role that another process has."""
        return _ready(PostgresConnection(self._url, role))

    def open_for_worker(self) -> WorkerConnection:
        """Connect one of several ingest workers, and bring the schema up to date. Raises
        StoreError."""
        return _ready(WorkerConnection(self._url))

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """A connection that can only read, and sees one state of the database throughout. Raises
        StoreError."""
        conn = self._readers.begin()
        try:
            yield conn
        finally:
            self._readers.end(conn)

    @contextmanager
    def reading_copy(
        self, otherwise: PostgresConnection | None = None
    ) -> Iterator[PostgresConnection]:
        """As `reading`, from the copy; while there is none that answers, over `otherwise` or a
        connection of its own. Raises StoreError."""
        conn = self._begin_with_copy()
        if self._copy is not None and conn is not None:
            try:
                yield conn
            finally:
                self._copy.end(conn)
        elif otherwise is not None:
            yield otherwise
        else:
            with self.reading() as own:
                yield own

    def close(self) -> None:
        """Close what is kept open."""
        for readers in (self._readers, self._copy):
            if readers is not None:
                readers.close()

    def _begin_with_copy(self) -> PostgresConnection | None:
        """A copy that is away is asked again by one reader in ten seconds; all others go on."""
        now_s = self._clock.stamp().mono_ns / 1e9
        if self._copy is None or now_s < self._copy_again_s:
            return None
        was_away = self._copy_again_s > 0
        if was_away:
            self._copy_again_s = now_s + _COPY_AGAIN_S
        try:
            conn = self._copy.begin()
        except StoreError as error:
            if not was_away:
                logger.warning("the copy of the database is away, reading without it: %s", error)
            self._copy_again_s = now_s + _COPY_AGAIN_S
            return None
        if was_away:
            logger.info("the copy of the database is back")
            self._copy_again_s = 0.0
        return conn


def _ready(conn: _Opened) -> _Opened:
    try:
        _check(conn)
        with sole_transaction(conn):
            bring_up_to_date(conn)
    except BaseException:
        conn.close()
        raise
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
