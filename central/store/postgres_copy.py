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

_EVERY_S, _ANSWERS_WITHIN_S, _CONNECT_S = 0.5, 0.6, 2
_LEFT_NS = 5_000_000_000
_TRANSACTION_ROLLBACK = "40"
_RV = TypeVar("_RV")


class Copy:
    """Asked every half second, from the first reader on until `close`, whether it still answers:
    one that stands still keeps its connections open, and whoever reads would wait for ever.

    It counts as away when neither of two questions, over connections of their own, is answered in
    time, and as back when both are; a replica ends single connections while it is well. One that
    cancels what is read, to follow its primary, would do so again: it is left for some seconds."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._is_away = threading.Event()
        self._left_until_ns = 0
        self._readers = Readers(self._connect)
        self._questions = (_Question(url, clock), _Question(url, clock))
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> PostgresConnection | None:
        """A connection that sees one state of the copy until `end`; None while it is away or
        left."""
        self._start()
        if self._is_away.is_set() or self._now_ns() < self._left_until_ns:
            return None
        try:
            return self._readers.begin()
        except StoreError as error:
            logger.info("the copy of the database lets nobody read now: %s", error)
            return None

    def end(self, conn: PostgresConnection) -> None:
        """Take a connection back."""
        self._readers.end(conn)

    def take_failure(self, conn: PostgresConnection, error: StoreError) -> bool:
        """Whether it is for the copy, or the connection to it, that something failed over `conn`:
        asked again it may be answered. A copy that cancelled it is left."""
        cause = error.__cause__
        sqlstate = (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""
        if sqlstate.startswith(_TRANSACTION_ROLLBACK):
            if self._now_ns() >= self._left_until_ns:
                logger.info("the copy of the database is left for %d s: %s", _LEFT_NS / 1e9, error)
            self._left_until_ns = self._now_ns() + _LEFT_NS
            return True
        return conn.is_lost or self._is_away.is_set()

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

    def _now_ns(self) -> int:
        return self._clock.stamp().mono_ns

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._look()
                self._thread = threading.Thread(target=self._run, name="copy-watch", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            self._look()
        for question in self._questions:
            question.close()

    def _look(self) -> None:
        answered = [question.is_answered() for question in self._questions]
        if self._is_away.is_set():
            if all(answered):
                logger.info("the copy of the database is back")
                self._is_away.clear()
        elif not any(answered):
            why = self._questions[-1].failure
            logger.warning("the copy of the database is away, reading without it: %s", why)
            self._is_away.set()


class _Question:
    """Asks over a connection of its own, a new one after each failure."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._conn: _CutConnection | None = None
        self._answered_until_ns = 0
        self.failure: StoreError | None = None

    def is_answered(self) -> bool:
        """Whether an answer comes in time; else `failure` says why none did."""
        try:
            if self._conn is None:
                self._conn = _CutConnection(self._url, self._is_late)
            self._answered_until_ns = self._now_ns() + int(_ANSWERS_WITHIN_S * 1e9)
            self._conn.execute("SELECT")
        except StoreError as error:
            self.failure = error
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let go of the connection."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def _is_late(self) -> bool:
        return self._now_ns() > self._answered_until_ns

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
