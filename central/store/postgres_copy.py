"""A copy of a PostgreSQL database that is read while it answers, a streaming replica."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from central.store.postgres_connection import PostgresConnection, connected
from central.store.postgres_readers import Readers
from central.store.protocol import StoreError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_EVERY_S, _ANSWERS_WITHIN_S, _CONNECT_S = 0.5, 1.0, 2
_RV = TypeVar("_RV")


class Copy:
    """Asked every half second, from the first reader on until `close`, whether it still answers:
    one that stands still keeps its connections open, and whoever reads would wait for ever."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._is_away = threading.Event()
        self._readers = Readers(self._connect)
        self._asking: _CutConnection | None = None
        self._answers_until_ns = 0
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> PostgresConnection | None:
        """A connection that sees one state of the copy until `end`; None while it is away."""
        self._start()
        if self._is_away.is_set():
            return None
        try:
            return self._readers.begin()
        except StoreError as error:
            self._leave(error)
            return None

    def end(self, conn: PostgresConnection) -> None:
        """Take a connection back."""
        self._readers.end(conn)

    def failed(self, conn: PostgresConnection, error: StoreError) -> bool:
        """Whether it is for the copy's being away that something failed; it then counts as away."""
        if conn.is_lost:
            self._leave(error)
        return self._is_away.is_set()

    def close(self) -> None:
        """Ask no more, and close what is kept open."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._readers.close()

    def _connect(self) -> PostgresConnection:
        if self._is_away.is_set():
            raise StoreError("the copy is away")
        return _CutConnection(self._url, self._is_away.is_set)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="copy-watch", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                self._ask()
            except StoreError as error:
                self._forget()
                self._leave(error)
            else:
                if self._is_away.is_set():
                    logger.info("the copy of the database is back")
                    self._is_away.clear()
        self._forget()

    def _ask(self) -> None:
        if self._asking is None:
            self._asking = _CutConnection(self._url, self._is_late)
        self._answers_until_ns = self._now_ns() + int(_ANSWERS_WITHIN_S * 1e9)
        self._asking.execute("SELECT")

    def _is_late(self) -> bool:
        return self._now_ns() > self._answers_until_ns

    def _forget(self) -> None:
        if self._asking is not None:
            self._asking.close()
            self._asking = None

    def _leave(self, error: StoreError) -> None:
        if not self._is_away.is_set():
            logger.warning("the copy of the database is away, reading without it: %s", error)
            self._is_away.set()

    def _now_ns(self) -> int:
        return self._clock.stamp().mono_ns


class _CutConnection(PostgresConnection):
    """A connection on which nobody goes on waiting for an answer when `is_cut` says so."""

    def __init__(self, url: str, is_cut: Callable[[], bool]) -> None:
        self._is_cut = is_cut
        super().__init__(url)

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        conn = connected(self._url, _Impatient, connect_s=_CONNECT_S)
        conn.is_cut = self._is_cut
        return conn


class _Impatient(psycopg.Connection[tuple[Any, ...]]):
    """Looks at `is_cut` ten times a second while it waits."""

    is_cut: Callable[[], bool] = staticmethod(lambda: False)

    def wait(self, gen: PQGen[_RV], interval: float = 0.1, timeout: float | None = None) -> _RV:
        """See `psycopg.Connection`. Raises OperationalError when it is cut."""
        return super().wait(self._watched(gen), interval, timeout)

    def _watched(self, gen: PQGen[_RV]) -> PQGen[_RV]:
        self._go_on()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready:
                    self._go_on()
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # a generator's value is untyped

    def _go_on(self) -> None:
        if self.is_cut():
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer; given up waiting")
