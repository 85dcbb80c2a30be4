"""The bodies of requests, bounded before anybody reads them: a stranger's too."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.problems import problem


class BoundedBody:
    """Hands a request on with its body in one piece, or answers 413 to one of more than
    `most_bytes`, whether it says so or only comes."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        headers = Headers(scope=scope)
        if scope["type"] != "http" or not {"content-length", "transfer-encoding"} & {*headers}:
            await self._app(scope, receive, send)
            return
        said = int(headers.get("content-length", "0"))
        try:
            body = await self._whole(receive) if said <= self._most_bytes else None
        except ClientDisconnect:
            return
        if body is None:
            refusal = problem(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await refusal(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _whole(self, receive: Receive) -> bytes | None:
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most_bytes:
                return None
        return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body in one piece, and then whatever else is received."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay
