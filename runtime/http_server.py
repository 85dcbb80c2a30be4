"""An ASGI application served from a thread of its own, started and stopped at will."""

import asyncio
import logging
import socket
import threading
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.http_connections import Limits, bounded

logger = logging.getLogger(__name__)

_STOP_S = 5.0
_LAST_ANSWERS_S = 1
_BACKLOG = 128
_LIMITS = Limits()


class HttpServer:
    """Serves `app` on `host` and `port`, within `limits`; port 0 takes a free one."""

    def __init__(self, app: ASGIApp, host: str, port: int, limits: Limits = _LIMITS) -> None:
        """Bind the address. Raises OSError when it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        self._streams = _EndingStreams(app)
        config = uvicorn.Config(
            self._streams,
            http=bounded(limits),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name=f"http-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

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

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


class _EndingStreams:
    """Tells endless answers that their reader has gone when it is the server that goes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """End them, from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and so are its streams
                self._loop.call_soon_threadsafe(self._ending.set)

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
