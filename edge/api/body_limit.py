"""No request body beyond a few kilobytes is read, whoever sends it."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware that lets nobody read a body above `limit` bytes, announced or not.

    Whoever tries gets an HTTPException (413), which the application answers like any other.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a watch on its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = announced = _announced(scope)

        async def limited_receive() -> Message:
            nonlocal seen
            if seen <= self._limit:
                message = await receive()
                seen += 0 if announced else len(message.get("body", b""))
                if seen <= self._limit:
                    return message
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"}
            )

        await self._app(scope, limited_receive, send)


def _announced(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0
