"""Whose request this is."""

from http import HTTPStatus

from starlette.requests import Request

from contract.commands import Actor
from edge.access import STAFF_ROLES, Access, SessionEnded
from edge.api.problems import Problem
from edge.site_machines import SiteMachines
from edge.store.journal import StoreError

COOKIE = "thutu"


class Guard:
    """Finds the device or member of staff behind a request, by bearer token or cookie."""

    def __init__(self, access: Access, machines: SiteMachines) -> None:
        self._access = access
        self._machines = machines

    def actor(self, request: Request) -> Actor:
        """Who asks; from now on their address is known. Raises Problem (401) for nobody known, and
        StoreError."""
        try:
            actor = self._access.actor(token(request))
        except SessionEnded as ended:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.session-ended") from ended
        if actor is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.unknown-token")
        if request.client is not None:
            self._access.remember(request.client.host)
            device = "" if actor.role in STAFF_ROLES else actor.id
            agent = request.headers.get("user-agent", "")
            self._machines.hear(request.client.host, agent, device)
        return actor

    def hear_unnamed(self, request: Request) -> None:
        """Note what speaks without a token, where that proves an update."""
        if request.client is not None:
            agent = request.headers.get("user-agent", "")
            self._machines.hear_unnamed(request.client.host, agent)

    def supervisor(self, request: Request) -> Actor:
        """Who asks, when that is a supervisor. Raises Problem (401 or 403), and StoreError."""
        actor = self.actor(request)
        if actor.role != "supervisor":
            raise Problem(HTTPStatus.FORBIDDEN, "refusal.not-allowed", role=actor.role)
        return actor

    def printer(self, request: Request) -> Actor:
        """Who asks, when that is a printer. Raises Problem (401 or 403), and StoreError."""
        actor = self.actor(request)
        if actor.role != "printer":
            raise Problem(HTTPStatus.FORBIDDEN, "refusal.not-allowed", role=actor.role)
        return actor

    def still_lets(self, request: Request) -> bool:
        """Whether who asked then may still look; a disk that cannot be read shuts nobody out."""
        try:
            return self._access.actor(token(request)) is not None
        except SessionEnded:
            return False
        except StoreError:
            return True


def token(request: Request) -> str:
    """The token that came with a request; empty if none did."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else request.cookies.get(COOKIE, "")
