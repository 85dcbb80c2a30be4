"""Whose request this is."""

from http import HTTPStatus

from starlette.requests import Request

from contract.commands import Actor
from edge.access import Access
from edge.api.problems import Problem

COOKIE = "thutu"


class Guard:
    """Finds the device or member of staff behind a request, by bearer token or cookie."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def actor(self, request: Request) -> Actor:
        """Who asks. Raises Problem (401) for nobody known."""
        actor = self._access.actor(token(request))
        if actor is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.unknown-token")
        return actor


def token(request: Request) -> str:
    """The token that came with a request; empty if none did."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
