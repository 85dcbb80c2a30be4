"""The connections of an HTTP server, bounded: in all, for each address, and in time to ask."""

import asyncio
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class Limits(NamedTuple):
    """How many connections there may be, and how many seconds a request may take to arrive.

    `per_address` None bounds no address, as behind a proxy, where all come from one.
    """

    connections: int = 512
    per_address: int | None = None
    request_s: float = 10.0


def bounded(limits: Limits) -> type[asyncio.Protocol]:
    """Uvicorn's HTTP protocol within `limits`.

    A connection beyond them is answered 503 and closed; one whose request is not complete in time
    is cut. Answers may take as long as they like: a stream never ends by itself.
    """
    return type("BoundedHttp", (_BoundedHttp,), {"limits": limits})


class _BoundedHttp(HttpToolsProtocol):
    limits: Limits
    _arriving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if self._is_one_too_many():
            transport.write(_REFUSAL)
            transport.close()
        else:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._arriving is None:
            self._expect_request()

    def on_message_complete(self) -> None:
        self._stop_expecting()
        super().on_message_complete()

    def _is_one_too_many(self) -> bool:
        if len(self.connections) > self.limits.connections:
            return True
        return self.limits.per_address is not None and self._neighbours() > self.limits.per_address

    def _neighbours(self) -> int:
        """How many connections come from this one's address, itself included."""
        address = self.client and self.client[0]
        others = (other for other in self.connections if isinstance(other, _BoundedHttp))
        return sum(other.client is not None and other.client[0] == address for other in others)

    def _expect_request(self) -> None:
        self._arriving = self.loop.call_later(self.limits.request_s, self.transport.abort)

    def _stop_expecting(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
