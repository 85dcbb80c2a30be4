"""Connections to PostgreSQL that only read, kept open for the next who reads."""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, LifoQueue

from central.store.postgres_connection import PostgresConnection
from central.store.protocol import StoreError

_IDLE = 8


class Readers:
    """Readers of one server, over what `connect` makes."""

    def __init__(self, connect: Callable[[], PostgresConnection]) -> None:
        self._connect = connect
        self._idle: LifoQueue[PostgresConnection] = LifoQueue(_IDLE)

    def begin(self) -> PostgresConnection:
        """A connection that sees one state of the database until `end`. Raises StoreError."""
        with suppress(Empty):
            while True:
                kept = self._idle.get_nowait()
                try:
                    _begin(kept)
                except StoreError:
                    kept.close()
                else:
                    return kept
        conn = self._connect()
        try:
            _begin(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def end(self, conn: PostgresConnection) -> None:
        """Take a connection back."""
        try:
            if not conn.is_lost:
                conn.execute("ROLLBACK")
                self._idle.put_nowait(conn)
        except (StoreError, Full):
            conn.close()

    def close(self) -> None:
        """Close what is kept open."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()


def _begin(conn: PostgresConnection) -> None:
    conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
