"""The centre's front: API and pages on one port, with the headers that protect both."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette

from central.api.again import Again
from central.api.etags import ETags
from central.bodies import BoundedBody
from central.heads import Heads
from central.own_forms import OwnForms

_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_MOST_BYTES = 65_536
_LARGER_BODIES = {"/api/v1/procedures": 1_048_576}

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]


class Front:
    """Sends what is below `/api/` to the API, below `/enrol/` to the enrolment of nodes, below
    `/t/` to the public's pages and below `/releases/` to hubs' software where there are such, and
    the rest to the admins' pages, but no body larger than any of them needs and no form of another
    site; adds to every answer the headers that keep browsers from loading, leaking or storing what
    they should not."""

    def __init__(
        self,
        api: FastAPI,
        pages: FastAPI,
        enrolment: Starlette | None = None,
        public: Starlette | None = None,
        releases: Starlette | None = None,
    ) -> None:
        self._api = Heads(Again(ETags(api)))
        self._pages = Heads(Again(pages))
        self._enrolment = enrolment or self._pages
        self._public = Again(public) if public else self._pages
        self._releases = releases or self._pages

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request (ASGI)."""
        path: str = scope["path"]
        unchanging = path.startswith("/fonts/")

        async def send_with_headers(message: _Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                message["headers"] = [*headers, *_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    kept = (b"cache-control", _kept(headers, unchanging=unchanging))
                    message["headers"].append(kept)
            await send(message)

        most_bytes = _LARGER_BODIES.get(path, _MOST_BYTES)
        guarded = OwnForms(BoundedBody(self._app(path), most_bytes))
        await guarded(scope, receive, send_with_headers)

    def _app(self, path: str) -> _App:
        if path.startswith("/api/"):
            return self._api
        if path.startswith("/t/"):
            return self._public
        if path.startswith("/releases/"):
            return self._releases
        return self._enrolment if path.startswith("/enrol/") else self._pages


def _kept(headers: list[tuple[bytes, bytes]], *, unchanging: bool) -> bytes:
    """A browser may keep what has an entity tag, but asks each time whether it still holds."""
    if unchanging:
        return b"max-age=86400"
    tagged = any(name == b"etag" for name, _ in headers)
    return b"private, no-cache" if tagged else b"no-store"
