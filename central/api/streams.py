"""Streams of server-sent events: at most so many at once, of one account a few, and each only as
long as who follows it may see it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from central.access.accounts import Admin
from central.access.permissions import Permission
from central.api.entrance import Entrance, ForbiddenError, NotLetInError, Shown, TooOftenError
from central.store.protocol import CopyLostError, StoreError

_EVERY_S = 1.0
_SECONDS_A_CHECK = 30
_MOST_STREAMS = 300
_MOST_OF_ONE_ACCOUNT = 20
_LOOK_AT_ONCE = 4

_T = TypeVar("_T", bound=BaseModel)


class Streams:
    """Follows what changes for whom `entrance` lets in to `permission`. Between two looks a stream
    holds nothing of the database, and a few of them look at once."""

    def __init__(self, entrance: Entrance, permission: Permission) -> None:
        self._entrance = entrance
        self._permission = permission
        self._followers = Counter[str]()
        self._looking = CapacityLimiter(_LOOK_AT_ONCE)

    async def follow(
        self,
        request: Request,
        shown: Shown,
        name: str,
        look: Callable[[Admin], _T],
        news: Callable[[_T | None, _T], _T | None],
    ) -> StreamingResponse:
        """A stream of events called `name`: once a second, what `news` makes of what `look` saw
        before and sees now, until some half a minute after they may see it no longer. Raises what
        `Entrance.admit` does, and TooOftenError where there is no place."""
        admin = await self._admin(shown)
        self._refuse_crowd(admin.name)

        async def events() -> AsyncIterator[str]:
            nonlocal admin
            known: _T | None = None
            due_s = self._entrance.elapsed_s() + _SECONDS_A_CHECK
            with suppress(TooOftenError), self._place(admin.name):
                while not await request.is_disconnected():
                    now_s = self._entrance.elapsed_s()
                    try:
                        if is_due := now_s >= due_s:
                            admin = await self._admin(shown)
                            due_s = now_s + _SECONDS_A_CHECK
                        latest = await to_thread.run_sync(look, admin, limiter=self._looking)
                    except CopyLostError:
                        continue
                    except (NotLetInError, ForbiddenError, TooOftenError, StoreError):
                        return
                    told = news(known, latest)
                    if told is not None:
                        yield f"event: {name}\ndata: {told.model_dump_json()}\n\n"
                    elif is_due or known is None:
                        yield ": still here\n\n"
                    known = latest
                    await asyncio.sleep(_EVERY_S)

        return StreamingResponse(
            events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
        )

    def _refuse_crowd(self, account: str) -> None:
        if self._followers[account] >= _MOST_OF_ONE_ACCOUNT:
            raise TooOftenError(_SECONDS_A_CHECK, "admin.error_streams")
        if self._followers.total() >= _MOST_STREAMS:
            raise TooOftenError(_SECONDS_A_CHECK, "admin.error_crowded")

    @contextmanager
    def _place(self, account: str) -> Iterator[None]:
        """Somebody else may have taken the last one meanwhile. Raises TooOftenError."""
        self._refuse_crowd(account)
        self._followers[account] += 1
        try:
            yield
        finally:
            self._followers[account] -= 1
            self._followers += Counter[str]()  # without those who follow nothing

    async def _admin(self, shown: Shown) -> Admin:
        async with self._entrance.admit(shown, self._permission) as admission:
            return admission.admin
