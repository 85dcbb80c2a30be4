"""Asks once more what was being read from a copy of the database when that went away."""

import logging

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.store.protocol import CopyLostError

logger = logging.getLogger(__name__)

_AT_ONCE = "0"
_UNAVAILABLE = 503


def unanswered(response: Response, error: Exception) -> Response:
    """The answer to a question that failed: the log says why, or, if it was for the copy, of which
    the log knows already, the answer says to ask again at once."""
    if isinstance(error, CopyLostError):
        response.headers["Retry-After"] = _AT_ONCE
    else:
        logger.error("a question could not be answered: %s", error)
    return response


class Again:
    """Asks a second time, for whoever asked, when the answer to a GET says that this helps."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held_back = False

        async def hold_back(message: Message) -> None:
            nonlocal held_back
            if message["type"] == "http.response.start" and message["status"] == _UNAVAILABLE:
                held_back = Headers(raw=message["headers"]).get("retry-after") == _AT_ONCE
            if not held_back:
                await send(message)

        await self._app(dict(scope), receive, hold_back)
        if held_back:
            await self._app(scope, receive, send)
