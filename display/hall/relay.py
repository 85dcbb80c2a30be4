"""The page's server: it passes scenes on to browsers, which hold no token of the hub."""

import asyncio
import contextlib
import hashlib
import math
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import NamedTuple

import fontpkg_be_vietnam_pro
import msgspec
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from display.hall.scene import Scene
from display.hall.screen import Screen
from runtime.wording import LANGUAGES, catalogue

_PAGE = Path(__file__).with_name("page")
_FONTS = fontpkg_be_vietnam_pro.ROOT / "files"
_SCRIPT = "".join((_PAGE / name).read_text("utf-8") for name in ("notices.js", "hall.js"))
_STYLE = (_PAGE / "hall.css").read_text("utf-8")
_KEEP_ALIVE_S = 2.0
_LOOPBACK = {"127.0.0.1", "::1"}
_SILENCE = b"event: silence\ndata: {}\n\n"


class _Follower(NamedTuple):
    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event


class Relay:
    """The newest scene and the browsers that follow it; `publish` may be called by any thread."""

    def __init__(self) -> None:
        self._event = _SILENCE
        self._followers: set[_Follower] = set()

    def publish(self, scene: Scene | None) -> None:
        """Show this from now on; None says that nothing is known."""
        self._event = (
            _SILENCE
            if scene is None
            else b"event: scene\ndata: %b\n\n" % msgspec.json.encode(scene)
        )
        for follower in tuple(self._followers):
            with contextlib.suppress(RuntimeError):  # the loop of a server that was stopped
                follower.loop.call_soon_threadsafe(follower.changed.set)

    async def follow(self, version: str) -> AsyncIterator[bytes]:
        """Server-sent events: the page's `version`, the newest scene, and one at every change."""
        follower = _Follower(asyncio.get_running_loop(), asyncio.Event())
        self._followers.add(follower)
        try:
            yield b"retry: 1000\nevent: page\ndata: %b\n\n" % version.encode()
            while True:
                follower.changed.clear()
                yield self._event
                while True:
                    try:
                        await asyncio.wait_for(follower.changed.wait(), _KEEP_ALIVE_S)
                        break
                    except TimeoutError:
                        yield b"event: alive\ndata: {}\n\n"
        finally:
            self._followers.discard(follower)


def create_app(relay: Relay, screen: Screen) -> Starlette:
    """The page at `/`, its letters, and its events at `/events`. To `/painted` the page says that
    it was painted, and there a program on this machine may ask: 204 if it was here, with how many
    seconds ago (`Age`, RFC 9111), else 503.

    A browser that shows an older version, from before an update, loads the page anew. The page
    comes whole, with its script and style, so that none is ever left without them.
    """
    version = _version()
    page = _render(version, catalogue("vi"), catalogue("en"))
    policy = f"default-src 'self'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}"

    async def show_page(_: Request) -> Response:
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
        return HTMLResponse(page, headers=headers)

    async def show_icon(_: Request) -> Response:
        return FileResponse(_PAGE / "icon.svg")

    async def follow(_: Request) -> Response:
        return StreamingResponse(
            relay.follow(version),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def note_painted(request: Request) -> Response:
        screen.painted(here=request.client is not None and request.client.host in _LOOPBACK)
        return Response(status_code=204)

    async def say_painted(_: Request) -> Response:
        ago_s = screen.painted_here_ago_s
        if ago_s is None:
            return Response(status_code=503)
        return Response(status_code=204, headers={"Age": f"{math.ceil(ago_s)}"})

    return Starlette(
        routes=[
            Route("/", show_page),
            Route("/events", follow),
            Route("/painted", note_painted, methods=["POST"]),
            Route("/painted", say_painted),
            Mount("/fonts", StaticFiles(directory=_FONTS)),
            Route("/icon.svg", show_icon),
        ],
        middleware=[Middleware(_by_connections_of_their_own)],
    )


def _by_connections_of_their_own(app: ASGIApp) -> ASGIApp:
    """Answers whose connections end with them.

    A browser would ask anew by one after the other of the connections that it kept, and when their
    line has died, none of them answers for minutes.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_end(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await app(scope, receive, send_and_end)

    return answer


def _hash(text: str) -> str:
    """How a Content-Security-Policy names the one inline script or style that it allows."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _version() -> str:
    """Names what the page is made of: its files and its words."""
    made_of = [file.read_bytes() for file in sorted(_PAGE.iterdir())]
    made_of += [msgspec.json.encode(catalogue(language)) for language in LANGUAGES]
    return hashlib.sha256(b"".join(made_of)).hexdigest()[:12]


def _render(version: str, vi: Mapping[str, str], en: Mapping[str, str]) -> str:
    environment = Environment(loader=FileSystemLoader(_PAGE), autoescape=True)
    return environment.get_template("index.html.jinja").render(
        version=version,
        script=_SCRIPT,
        style=_STYLE,
        vi={key.removeprefix("hall."): words for key, words in vi.items()},
        en={key.removeprefix("hall."): words for key, words in en.items()},
    )
