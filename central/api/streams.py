"""Streams of server-sent events: at most so many at once, and each only as long as who follows it
may see it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from central.access.accounts import Admin
from central.access.permissions import Permission
from central.api.entrance import Entrance, ForbiddenError, NotLetInError, Shown, TooOftenError
from central.store.protocol import CopyLostError, StoreError

_EVERY_S = 1.0
_SECONDS_A_CHECK = 30
_MOST_STREAMS = 300

_T = TypeVar("_T", bound=BaseModel)


class Streams:
    """Follows what changes for whom `entrance` lets in to `permission`."""

    def __init__(self, entrance: Entrance, permission: Permission) -> None:
        self._entrance = entrance
        self._permission = permission
        self._places = asyncio.BoundedSemaphore(_MOST_STREAMS)

    async def follow(
        self,
        request: Request,
        shown: Shown,
        name: str,
        look: Callable[[Admin], _T],
        news: Callable[[_T | None, _T], _T | None],
    ) -> StreamingResponse:
        """A stream of events called `name`: once a second, what `news` makes of what `look` saw
        before and sees now. Raises what `Entrance.visit` does."""
        admin = await run_in_threadpool(self._admin, shown)
        if self._places.locked():
            raise TooOftenError(_SECONDS_A_CHECK)

        async def events() -> AsyncIterator[str]:
            nonlocal admin
            known: _T | None = None
            turns = 0
            async with self._places:
                while not await request.is_disconnected():
                    try:
                        if turns and turns % _SECONDS_A_CHECK == 0:
                            admin = await run_in_threadpool(self._admin, shown)
                        latest = await run_in_threadpool(look, admin)
                    except CopyLostError:
                        continue
                    except (NotLetInError, ForbiddenError, TooOftenError, StoreError):
                        return
                    told = news(known, latest)
                    if told is not None:
                        yield f"event: {name}\ndata: {told.model_dump_json()}\n\n"
                    elif turns % _SECONDS_A_CHECK == 0:
                        yield ": still here\n\n"
                    known = latest
                    turns += 1
                    await asyncio.sleep(_EVERY_S)

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    def _admin(self, shown: Shown) -> Admin:
        with self._entrance.visit(shown, self._permission) as visit:
            return visit.admin
