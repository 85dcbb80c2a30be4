"""Answers that have not changed are not sent again (RFC 9110, section 8.8.3)."""

import hashlib
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OURS = "application/json"
_TAG = {
    "ETag": {
        "description": "Of this answer as it is now, and in this language.",
        "schema": {"type": "string"},
    }
}
_NOT_MODIFIED = {
    "description": "The answer is still the one that is known; it is not sent again.",
    "headers": _TAG,
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of an answer that is known already; several with commas.",
    "schema": {"type": "string", "examples": ['"6b86b273ff34fce19d6b804eff5a3f57"']},
}


class ETags:
    """Gives every whole JSON answer to a GET its entity tag, and answers 304 to who knows it.

    The answer is made all the same: this saves the reader's line, not the server's work.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
        await self._app(scope, receive, _Tagging(known, send))


def describe_tags(description: dict[str, Any]) -> None:
    """Say in an OpenAPI description which operations have entity tags: those that `ETags` gives
    them to."""
    for methods in description["paths"].values():
        operation = methods.get("get", {"responses": {}})
        answers = operation["responses"]
        if _OURS in answers.get("200", {}).get("content", {}):
            answers["200"]["headers"] = _TAG
            answers["304"] = _NOT_MODIFIED
            operation.setdefault("parameters", []).append(_IF_NONE_MATCH)


class _Tagging:
    """Holds a JSON answer back until it is whole; lets everything else through."""

    def __init__(self, known: str, send: Send) -> None:
        self._known = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _may_be_tagged(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_tagged(self._start)

    async def _send_tagged(self, start: Message) -> None:
        tag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'
        headers = MutableHeaders(scope=start)
        headers["etag"] = tag
        headers["vary"] = "Authorization, Cookie, Accept-Language"
        if tag in self._known or "*" in self._known:
            start["status"], self._body = 304, b""
            for name in ("content-length", "content-type"):
                del headers[name]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body})


def _may_be_tagged(start: Message) -> bool:
    kind = Headers(scope=start).get("content-type", "")
    return bool(start["status"] == 200 and kind.partition(";")[0] == _OURS)
