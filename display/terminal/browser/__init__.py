"""The terminal in a browser: one program of its own for each page that is open."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from runtime.wording import say


def serve(host: str, port: int, arguments: Sequence[str], language: str) -> None:
    """Serve terminals started with `arguments` on `host` and `port`, until a signal ends it.

    Nothing is fetched from anywhere else, for a site may have no line.
    """
    command = shlex.join((sys.executable, "-m", "display.terminal", *arguments))
    _Server(command, host, port, language).serve()


class _Server(Server):
    def __init__(self, command: str, host: str, port: int, language: str) -> None:
        title = say("terminal.title", language)
        super().__init__(command, host, port, title, templates_path=Path(__file__).parent)
        self._language = language

    async def on_startup(self, _app: web.Application) -> None:
        """Say where, in the reader's language."""
        words = say("terminal.serving_at", self._language, url=self.public_url)
        print(words, flush=True)  # noqa: T201 - a program's own words

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start a terminal for a page of our own, and for no other site's."""
        origin = request.headers.get("Origin", "")
        if urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden
        return await super().handle_websocket(request)
