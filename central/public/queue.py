"""Where a ticket stands, from what the centre knows of its site. Pure.

The page shows nothing that the hall's screen does not show to everybody there: numbers, and how
many wait. So its address is no secret, and the QR code carries none.
"""

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from contract.snapshot import TicketPhase

Phase = TicketPhase | Literal["gone", "other-day", "no-news", "unclear"]
_FEW_CALLS = 3
_SHORT_MIN, _LONG_MIN = 10, 45


class InLine(Struct, frozen=True):
    """A ticket in the house: its phase, its present service, and since when (UTC milliseconds,
    None when no trusted clock says)."""

    phase: TicketPhase
    service: str
    since_ms: int | None


class SiteQueue(Struct, frozen=True):
    """The queue of a site's hub at one moment.

    It `is_clear` unless the site has several hubs, each with numbers of its own, and nobody has
    said whose queue is meant: then there are no tickets. `day` is the business day its hub has
    opened, None while that is unknown; `complete_up_to_ms` until when everything that happened
    there is known (UTC milliseconds), None for never; `live` whether that is now; `called` how
    many were called, by service, in the last `called_min` minutes, in which the site was at work.
    """

    name: str
    day: str | None
    live: bool
    complete_up_to_ms: int | None
    tickets: Mapping[str, InLine]
    called: Mapping[str, int]
    called_min: float
    is_clear: bool = True

    def pace(self, service: str) -> float:
        """Calls a minute; 0 when there is too little to tell it by."""
        called = self.called.get(service, 0)
        is_enough = self.called_min >= (_SHORT_MIN if called >= _FEW_CALLS else _LONG_MIN)
        return called / self.called_min if is_enough else 0.0


class Place(Struct, frozen=True):
    """Where a ticket stands; `ahead` and `wait_min` only for one that waits.

    `wait_min` is None while too few of its service were called lately, or the site is silent.
    """

    phase: Phase
    ahead: int | None = None
    wait_min: int | None = None


def place_of(queue: SiteQueue, day: str, number: str) -> Place:
    """Where the ticket `number` of `day` stands. Those of the same service who wait longer come
    first, priority apart, which only the hub knows; at the pace of late. Of a day that the hub is
    not known to have opened there is no news."""
    if not queue.is_clear:
        return Place("unclear")
    if queue.day is not None and day != queue.day:
        return Place("other-day" if day < queue.day else "no-news")
    ticket = queue.tickets.get(number)
    if ticket is None:
        return Place("no-news" if queue.day is None else "gone")
    if ticket.phase != "waiting":
        return Place(ticket.phase)
    mine = _order(number, ticket)
    ahead = sum(
        other.phase == "waiting"
        and other.service == ticket.service
        and _order(other_number, other) < mine
        for other_number, other in queue.tickets.items()
    )
    pace = queue.pace(ticket.service)
    wait_min = math.ceil((ahead + 1) / pace) if pace and queue.live else None
    return Place("waiting", ahead, wait_min)


def _order(number: str, ticket: InLine) -> tuple[int, str]:
    return ticket.since_ms or 0, number
