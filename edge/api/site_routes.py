"""What the site is and offers, in which words, and that its hub runs."""

from http import HTTPStatus
from typing import Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from edge.api.catalogue import catalogue
from edge.api.guard import Guard
from edge.api.problems import Problem
from edge.hub import Hub
from edge.settings import Procedure
from runtime import wording

_SECTION = "kiosk."


class Health(BaseModel):
    """A running hub: its journal's last row and its business day."""

    node: str
    seq: int
    day: str


def site_routes(
    hub: Hub, guard: Guard, procedures: tuple[Procedure, ...], printer: str | None
) -> APIRouter:
    """The routes about the site itself."""
    router = APIRouter(tags=["site"])

    @router.get("/api/catalogue")
    async def read_catalogue(request: Request) -> Response:
        """Services, priority classes, procedures, today's hours, rating levels, the printer."""
        guard.actor(request)
        offered = catalogue(hub.rules, procedures, printer, hub.snapshot())
        return Response(msgspec.json.encode(offered), media_type="application/json")

    @router.get("/api/words/{language}")
    async def read_words(language: Literal["vi", "en"]) -> dict[str, str]:
        """The kiosk page's words by key; for all, as the page speaks before it is let in."""
        words = wording.catalogue(language)
        return {
            key.removeprefix(_SECTION): text
            for key, text in words.items()
            if key.startswith(_SECTION)
        }

    @router.get("/api/health")
    async def read_health() -> Health:
        """That the hub runs, and how far its journal has come."""
        if hub.damage is not None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "api.failed")
        house = hub.house
        return Health(node=hub.identity.node, seq=house.seq, day=house.live.day)

    return router
