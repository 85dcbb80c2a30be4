"""The stream of changes, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from central.access.permissions import Permission
from central.api.entrance import Entrance, ForbiddenError, NotLetInError, Shown, TooOftenError
from central.api.live import changed
from central.api.parameters import PROBLEMS, shown_by
from central.api.record_models import LiveChange
from central.scope import Scope
from central.store.protocol import StoreError

_EVERY_S = 1.0
_SECONDS_A_CHECK = 30
_MOST_STREAMS = 300

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
    streams = asyncio.BoundedSemaphore(_MOST_STREAMS)

    @router.get(
        "/live",
        summary="Live changes",
        responses={200: _STREAM},
        response_class=StreamingResponse,
    )
    async def live(
        request: Request, shown: Annotated[Shown, Depends(shown_by)]
    ) -> StreamingResponse:
        """Server-sent events: every site of the scope at first, then, at most once a second,
        those whose queue, counts or freshness have changed. It ends when the token or session
        does; a browser then asks again by itself."""
        scope = await run_in_threadpool(_scope_of, entrance, shown)
        if streams.locked():
            raise TooOftenError(_SECONDS_A_CHECK)
        return StreamingResponse(
            _follow(request, entrance, shown, scope, streams),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    return router


async def _follow(
    request: Request,
    entrance: Entrance,
    shown: Shown,
    scope: Scope,
    streams: asyncio.BoundedSemaphore,
) -> AsyncIterator[str]:
    known: LiveChange | None = None
    turns = 0
    async with streams:
        while not await request.is_disconnected():
            try:
                if turns and turns % _SECONDS_A_CHECK == 0:
                    scope = await run_in_threadpool(_scope_of, entrance, shown)
                latest = await run_in_threadpool(entrance.live.latest, scope)
            except (NotLetInError, ForbiddenError, TooOftenError, StoreError):
                return
            news = changed(known, latest)
            if news is not None:
                yield f"event: change\ndata: {news.model_dump_json()}\n\n"
            elif turns % _SECONDS_A_CHECK == 0:
                yield ": still here\n\n"
            known = latest
            turns += 1
            await asyncio.sleep(_EVERY_S)


def _scope_of(entrance: Entrance, shown: Shown) -> Scope:
    with entrance.visit(shown, Permission.FIGURES) as visit:
        return visit.admin.scope
