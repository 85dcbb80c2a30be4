"""What the site's other machines need to run the release that their hub runs."""

import os
import re
import stat
from http import HTTPStatus

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from contract.commands import Role
from edge.api.guard import Guard
from edge.api.problems import Problem
from edge.api.site_routes import house_of
from edge.hub import Hub
from edge.site_machines import SiteMachines
from edge.site_release import ReleaseOffer, SiteRelease, Turn

_FOLLOWERS: tuple[Role, ...] = ("printer", "display")
_BYTES = "application/octet-stream"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHEEL = re.compile(r"[A-Za-z0-9_.+!]+(-[A-Za-z0-9_.+!]+){4,5}\.whl")


def release_routes(
    hub: Hub, guard: Guard, machines: SiteMachines, release: SiteRelease
) -> APIRouter:
    """The routes by which the machines beside the hub follow it."""
    router = APIRouter(tags=["release"])

    @router.get("/api/release")
    def read_offer(request: Request, turn: Turn = "") -> Response:
        """The release in force, what the hub hears from the asking machine, and, for whoever has
        the turn, whether anybody is in the house. The turn is for satellites and displays."""
        actor = guard.actor(request)
        if turn and actor.role not in _FOLLOWERS:
            raise Problem(HTTPStatus.FORBIDDEN, "refusal.not-allowed", role=actor.role)
        address = request.client.host if request.client else ""
        found = release.in_force()
        may = bool(turn) and machines.has_turn(address, wants=turn == "wanted")
        offer = ReleaseOffer(
            number=0 if found is None else found.number,
            manifest="" if found is None else found.manifest.hex(),
            heard=machines.software_at(address),
            house=house_of(hub) if may else "busy",
        )
        return Response(msgspec.json.encode(offer), media_type="application/json")

    @router.get("/api/release/{name}")
    def read_sealed(request: Request, name: str) -> Response:
        """The list that the publisher sealed, of the release in force."""
        guard.actor(request)
        found = release.in_force()
        if found is None or name != found.sealed_file.name:
            raise Problem(HTTPStatus.NOT_FOUND, "api.not-found")
        return FileResponse(found.sealed_file, media_type=_BYTES)

    @router.get("/api/release/wheels/{digest}/{name}")
    def read_wheel(request: Request, digest: str, name: str) -> Response:
        """A wheel, from where the asker broke off (RFC 9110, section 14.2)."""
        guard.actor(request)
        if not (_DIGEST.fullmatch(digest) and _WHEEL.fullmatch(name)):
            raise Problem(HTTPStatus.NOT_FOUND, "api.not-found")
        try:
            return _Opened(release.open_wheel(digest, name))
        except OSError as error:
            raise Problem(HTTPStatus.NOT_FOUND, "api.not-found") from error

    return router


class _Opened(FileResponse):
    """Hands on an open file, and closes it; by its path it could be another one by now."""

    def __init__(self, file: int) -> None:
        """Raises OSError for what is no file."""
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            os.close(file)
            raise OSError("no file")
        super().__init__(f"/proc/self/fd/{file}", stat_result=found, media_type=_BYTES)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._file)
