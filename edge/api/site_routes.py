"""What the site is and offers, and that its hub runs."""

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from edge.api.catalogue import catalogue
from edge.api.guard import Guard
from edge.hub import Hub
from edge.settings import Procedure


class Health(BaseModel):
    """A running hub: its journal's last row and its business day."""

    node: str
    seq: int
    day: str


def site_routes(hub: Hub, guard: Guard, procedures: tuple[Procedure, ...]) -> APIRouter:
    """The routes about the site itself."""
    router = APIRouter(tags=["site"])
    offered = msgspec.json.encode(catalogue(hub.rules, procedures))

    @router.get("/api/catalogue")
    async def read_catalogue(request: Request) -> Response:
        """Services, priority classes, procedures, sessions and rating levels."""
        guard.actor(request)
        return Response(offered, media_type="application/json")

    @router.get("/api/health")
    async def read_health() -> Health:
        """That the hub runs, and how far its journal has come."""
        house = hub.house
        return Health(node=hub.identity.node, seq=house.seq, day=house.live.day)

    return router
