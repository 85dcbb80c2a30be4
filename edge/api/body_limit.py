"""No request body beyond a few kilobytes is read, whoever sends it."""

from http import HTTPStatus

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.wording import say


class BodyLimit:
    """ASGI middleware that answers 413 to a body above `limit` bytes, announced or not."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        answered = False

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise _TooLarge
            return message

        async def watched_send(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        if _announced(scope) > self._limit:
            await _refuse(send)
            return
        try:
            await self._app(scope, limited_receive, watched_send)
        except _TooLarge:
            if not answered:
                await _refuse(send)


class _TooLarge(Exception):  # noqa: N818 - caught above
    pass


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    body = msgspec.json.encode(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": say("api.too-large"),
            "reason": "too-large",
        }
    )
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
