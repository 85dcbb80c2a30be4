"""What printers elsewhere on the site have yet to print, and whether they are there to do it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import msgspec

from contract.slips import Slips
from edge.api.changes import Changes
from edge.core.effects import slips_for
from edge.hub import Hub
from edge.printing import absent, slip_view
from runtime.clock import Clock


class SlipsForPrinters:
    """The open slips of every printer that follows; one that nobody drives is reported lost."""

    def __init__(self, hub: Hub, changes: Changes, clock: Clock, follow_url: str | None) -> None:
        """`follow_url` is what the slips' QR code opens."""
        self._hub = hub
        self._changes = changes
        self._clock = clock
        self._follow_url = follow_url
        self._followers: Counter[str] = Counter()

    async def follow(self, printer: str, may_look: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events: all open slips of `printer` at once, after every change of theirs,
        and every ten seconds. Ends when `may_look` says no.
        """
        self._followers[printer] += 1
        told: Slips | None = None
        try:
            async with aclosing(self._changes.turns(may_look)) as turns:
                async for quiet in turns:
                    slips = self._of(printer)
                    if quiet or slips != told:
                        yield b"event: slips\ndata: %b\n\n" % msgspec.json.encode(slips)
                    told = slips
        finally:
            self._leave(printer)

    def _of(self, printer: str) -> Slips:
        house, rules, stamp = self._hub.house, self._hub.rules, self._clock.stamp()
        return Slips(
            tuple(
                slip_view(rules, queue, slip, training=training, follow_url=self._follow_url)
                for training, queue in ((False, house.live), (True, house.training))
                for slip in slips_for(rules, queue, printer, stamp)
            )
        )

    def _leave(self, printer: str) -> None:
        self._followers[printer] -= 1
        if not self._followers[printer] and printer in self._hub.rules.prints_on.values():
            self._hub.report(absent(printer))
