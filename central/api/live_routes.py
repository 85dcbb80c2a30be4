"""The stream of changes, as server-sent events."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from central.access.permissions import Permission
from central.api.entrance import Entrance, Shown
from central.api.live import changed
from central.api.parameters import PROBLEMS, shown_at
from central.api.streams import Streams

_STREAM = {
    "description": "An endless stream of `change` events; each carries a LiveChange.",
    "content": {
        "text/event-stream": {
            "example": 'event: change\ndata: {"whole": true, "day": "2026-11-20", "sites": []}\n\n'
        }
    },
}


def live_router(entrance: Entrance) -> APIRouter:
    """The operation, for whom `entrance` lets in to see figures."""
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["figures"])
    streams = Streams(entrance, Permission.FIGURES)

    @router.get(
        "/live",
        summary="Live changes",
        responses={200: _STREAM},
        response_class=StreamingResponse,
    )
    async def live(
        request: Request, shown: Annotated[Shown, Depends(shown_at(entrance))]
    ) -> StreamingResponse:
        """Server-sent events: every site of the scope at first, then, at most once a second,
        those whose queue, counts or freshness have changed. It ends when the token or session
        does; a browser then asks again by itself."""
        return await streams.follow(
            request,
            shown,
            "change",
            lambda admin: entrance.live.latest(admin.scope),
            changed,
        )

    return router
