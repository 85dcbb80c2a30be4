"""Snapshots for many readers: encoded once per change, pushed as server-sent events."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import msgspec

from edge.api.changes import Changes
from edge.hub import Hub


class Snapshots:
    """The newest snapshot of a hub for everyone who follows it, on one event loop."""

    def __init__(self, hub: Hub, changes: Changes) -> None:
        self._hub = hub
        self._changes = changes
        self._encoded: dict[bool, tuple[int, bytes]] = {}

    async def follow(self, *, training: bool, may_look: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events: the whole picture at once, then after every change.

        Ends when `may_look`, asked before every picture, says no. A slow reader skips to the
        newest; a silent site sends its picture every ten seconds, so that a reader notices a line
        that is cut.
        """
        is_stale = True  # nothing may have changed for hours, but the time in it has
        async with aclosing(self._changes.turns(may_look)) as turns:
            async for quiet in turns:
                if quiet or is_stale:
                    self._encoded.clear()
                    is_stale = False
                seq, data = self._shared(training=training)
                yield b"event: snapshot\nid: %d\ndata: %b\n\n" % (seq, data)

    def _shared(self, *, training: bool) -> tuple[int, bytes]:
        known = self._encoded.get(training)
        if known is None or known[0] != self._hub.house.seq:
            snapshot = self._hub.snapshot(training=training)
            known = self._encoded[training] = (snapshot.seq, msgspec.json.encode(snapshot))
        return known
