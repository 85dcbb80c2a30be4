"""HEAD is answered wherever GET is: with its headers (RFC 9110, section 9.3.2)."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Asks `app` for what a HEAD names, and lets no body through; an endless one is not begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        head = _Head(receive, send)
        await self._app({**scope, "method": "GET"}, head.receive, head.send)


class _Head:
    """An answer that is over with its headers: to the application, its reader has then gone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._asked = False
        self._is_endless = asyncio.Event()

    async def receive(self) -> Message:
        """The request, once; then nothing until the answer turns out to be endless."""
        if not self._asked:
            self._asked = True
            return await self._receive()
        await self._is_endless.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass on the headers, and where the body would end."""
        if message["type"] == "http.response.start":
            await self._send(message)
            if "content-length" not in Headers(raw=message["headers"]):
                self._is_endless.set()
                await self._send({"type": "http.response.body"})
        elif not self._is_endless.is_set() and not message.get("more_body", False):
            await self._send({"type": "http.response.body"})
