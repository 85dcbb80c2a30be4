"""What every answer of the centre has, whoever gives it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from central.bodies import BoundedBody
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

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Guarded:
    """Lets `app` see no body larger than it needs and no form of another site; adds to every answer
    the headers that keep browsers from loading, leaking or storing what they should not."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        path: str = scope["path"]
        unchanging = path.startswith("/fonts/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                message["headers"] = [*headers, *_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    kept = (b"cache-control", _kept(headers, unchanging=unchanging))
                    message["headers"].append(kept)
            await send(message)

        most_bytes = _LARGER_BODIES.get(path, _MOST_BYTES)
        guarded = OwnForms(BoundedBody(self._app, most_bytes))
        await guarded(scope, receive, send_with_headers)


def _kept(headers: list[tuple[bytes, bytes]], *, unchanging: bool) -> bytes:
    """A browser may keep what has an entity tag, but asks each time whether it still holds."""
    if unchanging:
        return b"max-age=86400"
    tagged = any(name == b"etag" for name, _ in headers)
    return b"private, no-cache" if tagged else b"no-store"
