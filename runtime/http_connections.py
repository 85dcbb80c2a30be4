"""The connections of an HTTP server, bounded: in all, for each address, and in time to ask and to
listen."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
_OWN_MACHINE = frozenset({"127.0.0.1", "::1"})
_PROGRESS_BYTES = 4096
_LAST_ANSWER_S = 1.0
_LONGEST_PIPELINE = 8


class Limits(NamedTuple):
    """How many connections there may be, and for how many seconds they may keep us waiting.

    The last `kept` places are for this machine and for addresses that `is_known` knows.
    `per_address` bounds each address except `proxies`, which bring everyone's connections; None
    bounds no address. A request arrives within `request_s`; of an answer that waits in us because
    nobody reads it, some is taken every `stall_s`. The sum leaves every connection a file to read
    from, among the 1024 that a process may open.
    """

    connections: int = 448
    kept: int = 64
    per_address: int | None = None
    request_s: float = 10.0
    stall_s: float = 20.0
    is_known: Callable[[str], bool] = frozenset[str]().__contains__
    proxies: tuple[str, ...] = ()


def bounded(limits: Limits, own_port: int) -> type[asyncio.Protocol]:
    """Uvicorn's HTTP protocol within `limits`; what comes in at `own_port` is always let in.

    A connection beyond them is answered 503 and closed; one whose request is not complete in time
    is cut, and so is one that does not read its answer. Answers may take as long as they like: a
    stream never ends by itself. When the server stops, an answer under way has a second to end.
    """
    return type("BoundedHttp", (_BoundedHttp,), {"limits": limits, "own_port": own_port})


class _TooManyAtOnceError(Exception):
    """More requests sent ahead than anybody needs."""


class _BoundedHttp(HttpToolsProtocol):
    limits: Limits
    own_port: int
    _answered: RequestResponseCycle | None = None
    _arriving: asyncio.TimerHandle | None = None
    _stalling: asyncio.TimerHandle | None = None
    _ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        # Whatever the system does not take at once pauses us, so that it is seen; also the last
        # bytes of a connection that has been closed. Not 0: under TLS an empty buffer pauses then.
        transport.set_write_buffer_limits(high=1, low=0)
        if self._is_one_too_many():
            transport.write(_REFUSAL)
            transport.close()
        else:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        self._stop_watching()
        if self._ending is not None:
            self._ending.cancel()
        if self._answered is not None:
            self._answered.disconnected = True  # uvicorn tells it only the request that came last
            self._answered.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        super().shutdown()
        self._ending = self.loop.call_later(_LAST_ANSWER_S, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_watching()
        self._watch()

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= _LONGEST_PIPELINE:
            raise _TooManyAtOnceError  # answered 400, and closed
        super().on_message_begin()
        if self._arriving is None:
            self._expect_request()

    def on_message_complete(self) -> None:
        self._stop_expecting()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _is_one_too_many(self) -> bool:
        if self.server is not None and self.server[1] == self.own_port:
            return False
        address = "" if self.client is None else self.client[0]
        limits = self.limits
        is_known = address in _OWN_MACHINE or limits.is_known(address)
        if len(self.connections) > limits.connections - (0 if is_known else limits.kept):
            return True
        if limits.per_address is None or address in limits.proxies:
            return False
        return self._neighbours(address) > limits.per_address

    def _neighbours(self, address: str) -> int:
        """How many connections come from an address."""
        others = (other for other in self.connections if isinstance(other, _BoundedHttp))
        return sum(other.client is not None and other.client[0] == address for other in others)

    def _expect_request(self) -> None:
        self._arriving = self.loop.call_later(self.limits.request_s, self.transport.abort)

    def _stop_expecting(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _watch(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._stalling = self.loop.call_later(self.limits.stall_s, self._abort_if_stalled, waiting)

    def _abort_if_stalled(self, waited: int) -> None:
        # Nothing is written while we are paused, so what is less has been read.
        if waited - self.transport.get_write_buffer_size() < _PROGRESS_BYTES:
            self.transport.abort()
        else:
            self._watch()

    def _stop_watching(self) -> None:
        if self._stalling is not None:
            self._stalling.cancel()
            self._stalling = None
