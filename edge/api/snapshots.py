"""Snapshots for many readers: encoded once per change, pushed as server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import msgspec

from edge.hub import Hub

_KEEP_ALIVE_S = 10.0
_COALESCE_S = 0.02


class _Follower(NamedTuple):
    loop: asyncio.AbstractEventLoop
    changed: asyncio.Event


class Snapshots:
    """The newest snapshot of a hub and everyone who follows it, on one event loop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._followers: set[_Follower] = set()
        self._encoded: dict[bool, tuple[int, bytes]] = {}
        hub.listen(self._changed)

    async def follow(self, *, training: bool, may_look: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events: the whole picture at once, then after every change.

        Ends when `may_look`, asked before every picture, says no. A slow reader skips to the
        newest; a silent site sends its picture every ten seconds, so that a reader notices a line
        that is cut.
        """
        changed = asyncio.Event()
        follower = _Follower(asyncio.get_running_loop(), changed)
        self._followers.add(follower)
        try:
            while may_look():
                changed.clear()
                seq, data = self._shared(training=training)
                yield b"event: snapshot\nid: %d\ndata: %b\n\n" % (seq, data)
                await asyncio.sleep(_COALESCE_S)
                try:
                    await asyncio.wait_for(changed.wait(), _KEEP_ALIVE_S)
                except TimeoutError:
                    self._encoded.clear()
        finally:
            self._followers.discard(follower)

    def _shared(self, *, training: bool) -> tuple[int, bytes]:
        known = self._encoded.get(training)
        if known is None or known[0] != self._hub.house.seq:
            snapshot = self._hub.snapshot(training=training)
            known = self._encoded[training] = (snapshot.seq, msgspec.json.encode(snapshot))
        return known

    def _changed(self) -> None:
        for loop, changed in tuple(self._followers):
            # The loop of a server that was stopped has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(changed.set)
