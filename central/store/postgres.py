"""Where a PostgreSQL database is, with or without a copy of it that may be read instead."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from central.store import figures_edition
from central.store.dropped_days import forget_dropped
from central.store.postgres_connection import (
    Claim,
    PostgresConnection,
    WorkerConnection,
    sole_transaction,
    transaction,
)
from central.store.postgres_copy import Copy
from central.store.postgres_readers import Readers
from central.store.postgres_schema import bring_up_to_date
from central.store.protocol import CopyLostError, StoreError, StoreRefusedError
from runtime.clock import SystemClock

_OLDEST_VERSION = 150_000
_Opened = TypeVar("_Opened", bound=PostgresConnection)


class Postgres:
    """A database by its URL (`postgresql://user@host/name`), and of a copy of it that lags behind,
    a streaming replica. Connections that have read are kept open for the next, until `close`."""

    def __init__(self, url: str, copy_url: str | None = None) -> None:
        self._url = url
        self._readers = Readers(lambda: PostgresConnection(url))
        self._copy = Copy(copy_url, SystemClock()) if copy_url else None

    def __str__(self) -> str:
        """Where it is, without what the URL says of users and passwords."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def open_for_writing(self, claim: Claim = Claim.NONE) -> PostgresConnection:
        """Connect, and bring the schema up to date; who is the only one to fold empties figures by
        an older definition, who leads beside workers is refused. Raises StoreError,
        OwnedElsewhereError for a claim that another process has."""
        return _ready(PostgresConnection(self._url, claim), claim)

    def open_for_worker(self) -> WorkerConnection:
        """Connect one of several ingest workers, and bring the schema up to date. Raises
        StoreError."""
        return _ready(WorkerConnection(self._url), Claim.LEADER)

    def give_up_dropped_days(self) -> None:
        """Let figures of days whose events were dropped be emptied with all others. Raises
        StoreError, OwnedElsewhereError while anybody else takes in or folds events."""
        with closing(PostgresConnection(self._url, Claim.SOLE)) as conn:
            with transaction(conn):
                forget_dropped(conn)
            conn.execute("SELECT pg_advisory_unlock_all()")  # before whoever comes next asks

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
        connection of its own. Raises StoreError, CopyLostError for a copy that went away meanwhile,
        ended this connection or cancelled the question: asked again, another answers."""
        conn = self._copy.begin() if self._copy is not None else None
        if self._copy is not None and conn is not None:
            try:
                yield conn
            except StoreError as error:
                if self._copy.take_failure(conn, error):
                    raise CopyLostError(str(error)) from error
                raise
            finally:
                self._copy.end(conn)
        elif otherwise is not None:
            yield otherwise
        else:
            with self.reading() as own:
                yield own

    def close(self) -> None:
        """Close what is kept open."""
        self._readers.close()
        if self._copy is not None:
            self._copy.close()


def _ready(conn: _Opened, claim: Claim) -> _Opened:
    try:
        _check(conn)
        with sole_transaction(conn):
            bring_up_to_date(conn)
            figures_edition.begin(conn)
            if claim is Claim.SOLE:
                figures_edition.renew(conn)
        if claim is Claim.LEADER:
            figures_edition.require(conn)
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
            raise StoreRefusedError("setting", name=name, found=found[name], wanted=value)
    if int(found["server_version_num"]) < _OLDEST_VERSION:
        raise StoreRefusedError("too_old", version=found["server_version"])
