"""What the site is and offers, in which words, and that its hub runs."""

from http import HTTPStatus
from typing import Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from contract.day_report import Me
from contract.procedures import Procedure
from edge.api.catalogue import catalogue
from edge.api.guard import Guard
from edge.api.problems import Problem
from edge.core.report import figures_of
from edge.hub import Hub
from runtime import wording

_COUNTED = ("clerk", "supervisor")
_SECTIONS = {"kiosk": {"kiosk"}, "pad": {"pad", "rating"}}


class Health(BaseModel):
    """A running hub: its journal's last row, its business day and its software.

    `house` says whether a restart would disturb anybody: `busy` with visits under way, `empty`
    while numbers are given out, `closed`.
    """

    node: str
    seq: int
    day: str
    software: str
    house: Literal["busy", "empty", "closed"]


def site_routes(
    hub: Hub, guard: Guard, procedures: tuple[Procedure, ...], printer: str | None
) -> APIRouter:
    """The routes about the site itself."""
    router = APIRouter(tags=["site"])

    @router.get("/api/catalogue")
    async def read_catalogue(request: Request) -> Response:
        """Services, priority classes, procedures, today's hours, ratings, the asker's printer."""
        own = hub.rules.prints_on.get(guard.actor(request).id, printer)
        booked = bool(hub.house.live.appointments)
        offered = catalogue(hub.rules, procedures, own, hub.snapshot(), appointments=booked)
        return Response(msgspec.json.encode(offered), media_type="application/json")

    @router.get("/api/me")
    def read_me(request: Request) -> Response:
        """Whose token this is, its role and counter, and a member of staff's own figures today."""
        actor = guard.actor(request)
        counts = actor.role in _COUNTED
        figures = figures_of(hub.day_report(), actor.id) if counts else None
        found = Me(actor.id, actor.role, actor.counter, figures)
        return Response(msgspec.json.encode(found), media_type="application/json")

    @router.get("/api/words/{language}")
    async def read_words(
        language: Literal["vi", "en"], page: Literal["kiosk", "pad"] = "kiosk"
    ) -> dict[str, str]:
        """A page's words by key; for all, as the page speaks before it is let in."""
        words = wording.catalogue(language)
        return {
            key.partition(".")[2]: text
            for key, text in words.items()
            if key.partition(".")[0] in _SECTIONS[page]
        }

    @router.get("/api/health")
    async def read_health(request: Request) -> Health:
        """That the hub runs, and how far its journal has come."""
        guard.hear_unnamed(request)
        if hub.damage is not None:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "api.failed")
        house = hub.house
        return Health(
            node=hub.identity.node,
            seq=house.seq,
            day=house.live.day,
            software=hub.identity.software,
            house=house_of(hub),
        )

    return router


def house_of(hub: Hub) -> Literal["busy", "empty", "closed"]:
    """Whether a restart would disturb anybody, as `Health` says it."""
    if not hub.is_empty:
        return "busy"
    return "empty" if hub.snapshot().issuing == "open" else "closed"
