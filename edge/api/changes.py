"""Turns for those who follow a hub: one at every change, on one event loop."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple

from edge.hub import Hub

_KEEP_ALIVE_S = 10.0
_COALESCE_S = 0.02


class _Follower(NamedTuple):
    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event


class Changes:
    """Everyone who follows a hub."""

    def __init__(self, hub: Hub) -> None:
        self._followers: set[_Follower] = set()
        hub.listen(self._changed)

    async def turns(self, may_look: Callable[[], bool]) -> AsyncGenerator[bool, None]:
        """A turn at once, then one after every change or several: True for one that only comes
        because nothing has changed for ten seconds.

        Ends when `may_look`, asked before every turn, says no.
        """
        changed = asyncio.Event()
        follower = _Follower(asyncio.get_running_loop(), changed)
        self._followers.add(follower)
        quiet = False
        try:
            while may_look():
                changed.clear()
                yield quiet
                await asyncio.sleep(_COALESCE_S)
                try:
                    await asyncio.wait_for(changed.wait(), _KEEP_ALIVE_S)
                    quiet = False
                except TimeoutError:
                    quiet = True
        finally:
            self._followers.discard(follower)

    def _changed(self) -> None:
        for loop, changed in tuple(self._followers):
            # The loop of a server that was stopped has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(changed.set)
