"""An ASGI application served from a thread of its own, started and stopped at will."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.http_connections import Limits, bounded
from runtime.http_probe import answers

logger = logging.getLogger(__name__)

_STOP_S = 5.0
_LAST_ANSWERS_S = 1
_BACKLOG = 128
_OWN_HOST = "127.0.0.1"
_LIMITS = Limits()


class HttpServer:
    """Serves `app` on `host` and `port`, within `limits`; port 0 takes a free one.

    `X-Forwarded-For` is believed from `limits.proxies` and from nobody else. With `certificate`, a
    file of key and chain (PEM), it speaks HTTPS and nothing else.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        limits: Limits = _LIMITS,
        *,
        certificate: Path | None = None,
    ) -> None:
        """Bind the address. Raises OSError when it cannot be had, or the certificate not used."""
        _check(certificate)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        try:
            self._own_socket = socket.create_server((_OWN_HOST, 0))
        except OSError:
            self._socket.close()
            raise
        # Under TLS only the kernel sees that nobody reads; connections inherit it from here.
        unread_ms = round(limits.stall_s * 1000)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_ms)
        own_port = self._own_socket.getsockname()[1]
        self._certificate = certificate
        self._scheme = "http" if certificate is None else "https"
        self._own_url = f"{self._scheme}://{_OWN_HOST}:{own_port}"
        self._streams = _EndingStreams(app)
        self._config = uvicorn.Config(
            self._streams,
            http=bounded(limits, own_port),
            proxy_headers=bool(limits.proxies),
            forwarded_allow_ips=list(limits.proxies),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
            ssl_certfile=certificate,
        )
        self._config.load()
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._serve, name=f"http-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{host}:{self.port}"

    def answers(self, path: str = "/") -> bool:
        """Whether it gives any answer at all, within seconds.

        Asked by a way in of its own, on this machine, which no crowd at the address can fill.
        """
        return answers(f"{self._own_url}{path}")

    def read_certificate(self) -> None:
        """Show further connections what the certificate's file holds now, from any thread.

        Raises OSError when it cannot be used; then the one before is shown still.
        """
        _check(self._certificate)
        if self._certificate is not None and self._config.ssl is not None:
            # OpenSSL's contexts are changed by no thread but the one that makes connections.
            self._streams.do(partial(self._config.ssl.load_cert_chain, self._certificate))

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
        self._socket.close()
        self._own_socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket, self._own_socket])


def _check(certificate: Path | None) -> None:
    if certificate is not None:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate)


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
        """Serve one connection (ASGI)."""
        self._loop = asyncio.get_running_loop()
        body_is_read = scope["type"] != "http"
        answer_is_whole = True

        async def receive_or_end() -> Message:
            nonlocal body_is_read
            if not body_is_read:
                message = await receive()
                body_is_read = not message.get("more_body", False)
                return message
            return await self._receive_unless_ending(receive)

        async def send_and_note(message: Message) -> None:
            nonlocal answer_is_whole
            answer_is_whole = message["type"].endswith(".body") and not message.get("more_body")
            await send(message)

        await self._app(scope, receive if body_is_read else receive_or_end, send_and_note)
        if self._ending.is_set() and not answer_is_whole:
            await send({"type": "http.response.body"})  # ended, not broken off

    async def _receive_unless_ending(self, receive: Receive) -> Message:
        received = asyncio.ensure_future(receive())
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait((received, ending), return_when=asyncio.FIRST_COMPLETED)
            return received.result() if received.done() else {"type": "http.disconnect"}
        finally:
            received.cancel()
            ending.cancel()
