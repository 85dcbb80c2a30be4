"""Keeps other sites from acting here by the browser of whoever reads them."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from central.api.problems import problem

_READING = ("GET", "HEAD", "OPTIONS")
_FROM_HERE = ("same-origin", "none")


class OwnForms:
    """Refuses what changes something, shows no token, and was sent by a page of another site, a
    neighbour's under the same domain too, as browsers say; other programs say nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        headers = Headers(scope=scope)
        acts = scope["type"] == "http" and scope["method"] not in _READING
        if acts and "authorization" not in headers and _is_from_elsewhere(headers):
            words = "admin.error_elsewhere"
            refusal = problem(Request(scope), HTTPStatus.FORBIDDEN, words=words)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_from_elsewhere(headers: Headers) -> bool:
    """By Fetch Metadata; browsers that send none, as over plain HTTP, name a form's origin."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in _FROM_HERE
    if origin is None:
        return False
    try:
        return urlsplit(origin).hostname != urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return True
