"""Which methods an address takes, for who used another (RFC 9110, section 15.5.6)."""

from http import HTTPStatus

from fastapi import Request
from starlette.routing import Match

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allow_header(request: Request, status: int) -> dict[str, str]:
    """The header `Allow` of the address that was asked, for a 405; none for other answers."""
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        return {}
    found = [method for method in _METHODS if _takes(request, method)]
    found = found or ["GET"]  # a file of those that are mounted
    if "GET" in found:
        found.insert(1, "HEAD")  # see `Heads`
    return {"Allow": ", ".join(found)}


def _takes(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
