"""An ASGI application served from a thread of its own, started and stopped at will."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.http_address import HttpAddress
from runtime.http_connections import Limits, bounded
from runtime.http_probe import answers

logger = logging.getLogger(__name__)

_STOP_S = 5.0
_STUCK_S = 2  # longer than connections get for their last answer: only a handler that hangs
_OWN_HOST = "127.0.0.1"
_LIMITS = Limits()


class HttpServer:
    """Serves `app` at `address`, within `limits`, and closes it in the end.

    `X-Forwarded-For` is believed from `limits.proxies` and from nobody else. At an address with a
    certificate it speaks HTTPS and nothing else.
    """

    def __init__(self, app: ASGIApp, address: HttpAddress, limits: Limits = _LIMITS) -> None:
        """Make ready to serve. Raises OSError when this machine has no more ports, or the
        certificate can no longer be used; the address is closed then."""
        try:
            self._own_address = HttpAddress(_OWN_HOST, 0, address.certificate)
        except OSError:
            address.close()
            raise
        # Under TLS only the kernel sees that nobody reads; connections inherit it from here.
        unread_ms = round(limits.stall_s * 1000)
        address.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
        self._address = address
        self.port = address.port
        self.url = address.url
        self._streams = _EndingStreams(app)
        self._config = uvicorn.Config(
            self._streams,
            http=bounded(limits, self._own_address.port),
            proxy_headers=bool(limits.proxies),
            forwarded_allow_ips=list(limits.proxies),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STUCK_S,
            ssl_certfile=address.certificate,
        )
        self._config.load()
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._serve, name=f"http-{self.port}", daemon=True)

    def answers(self, path: str = "/") -> bool:
        """Whether it gives any answer at all, within seconds.

        Asked by a way in of its own, on this machine, which no crowd at the address can fill.
        """
        return answers(f"{self._own_address.url}{path}")

    def read_certificate(self) -> None:
        """Show further connections what the certificate's file holds now, from any thread.

        Raises OSError when it cannot be used; then the one before is shown still.
        """
        self._address.check_certificate()
        if self._address.certificate is not None and self._config.ssl is not None:
            # OpenSSL's contexts are changed by no thread but the one that makes connections.
            self._streams.do(partial(self._config.ssl.load_cert_chain, self._address.certificate))

    def start(self) -> None:
        """Serve; connections wait in the backlog until the application is ready."""
        self._thread.start()

    def stop(self) -> None:
        """End streams, let requests under way end, briefly, and close the address."""
        self._streams.end()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        if self._thread.is_alive():
            logger.warning("The server on port %d has not ended and is left behind", self.port)
        self._address.close()
        self._own_address.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._address.socket, self._own_address.socket])


class _EndingStreams:
    """Tells endless answers that their reader has gone when it is the server that goes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """End them, from any thread."""
        self.do(self._ending.set)

    def do(self, what: Callable[[], object]) -> None:
        """Do it in the server's thread, from any; at once while nobody has been served yet."""
        if self._loop is None:
            what()
            return
        with suppress(RuntimeError):  # the loop is closed, and so are its streams
            self._loop.call_soon_threadsafe(what)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        self._loop = asyncio.get_running_loop()
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, self._ending)
        await self._app(scope, exchange.receive, exchange.send)
        await exchange.end()


class _Exchange:
    """A request and its answer. One without a length, a stream, ends when `ending` is set, and
    whole; what has a length is let come to its end."""

    def __init__(self, receive: Receive, send: Send, ending: asyncio.Event) -> None:
        self._receive = receive
        self._send = send
        self._ending = ending
        self._body_is_read = False
        self._begun = asyncio.Event()
        self._has_length = False
        self._is_whole = True

    async def receive(self) -> Message:
        """What the reader says, or that it has gone."""
        if self._body_is_read:
            return await self._receive_unless_ending()
        message = await self._receive()
        self._body_is_read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            self._has_length = b"content-length" in names
            self._begun.set()
        self._is_whole = message["type"].endswith(".body") and not message.get("more_body")
        await self._send(message)

    async def end(self) -> None:
        """End what was broken off at the server's end."""
        if self._ending.is_set() and not self._is_whole and not self._has_length:
            await self._send({"type": "http.response.body"})

    async def _receive_unless_ending(self) -> Message:
        received = asyncio.ensure_future(self._receive())
        stream_ends = asyncio.ensure_future(self._stream_ends())
        try:
            await asyncio.wait((received, stream_ends), return_when=asyncio.FIRST_COMPLETED)
            return received.result() if received.done() else {"type": "http.disconnect"}
        finally:
            received.cancel()
            stream_ends.cancel()

    async def _stream_ends(self) -> None:
        await self._ending.wait()
        await self._begun.wait()
        if self._has_length:
            await asyncio.Event().wait()  # until whoever waits for either is done with both
