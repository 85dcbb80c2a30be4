"""Where a ticket stands, from what the centre knows of its site. Pure.

The page shows nothing that the hall's screen does not show to everybody there: numbers, and how
many wait. So its address is no secret, and the QR code carries none.
"""

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Phase = Literal["waiting", "called", "serving", "parked", "absent", "gone", "other-day", "unclear"]
_MIN_PER_HOUR = 60


class InLine(Struct, frozen=True):
    """A ticket in the house: its phase, its present service, and since when (UTC milliseconds,
    None when no trusted clock says)."""

    phase: Phase
    service: str
    since_ms: int | None


class SiteQueue(Struct, frozen=True):
    """The queue of a site's hub at one moment.

    It `is_clear` unless the site has several hubs, each with numbers of its own, and nobody has
    said whose queue is meant: then there are no tickets. `day` is the business day its hub has
    opened, None while that is unknown; `complete_up_to_ms` until when everything that happened
    there is known (UTC milliseconds), None for never; `live` whether that is now;
    `called_last_hour` how many were called, by service.
    """

    name: str
    day: str | None
    live: bool
    complete_up_to_ms: int | None
    tickets: Mapping[str, InLine]
    called_last_hour: Mapping[str, int]
    is_clear: bool = True


class Place(Struct, frozen=True):
    """Where a ticket stands; `ahead` and `wait_min` only for one that waits.

    `wait_min` is None while nobody of its service was called for an hour, or the site is silent.
    """

    phase: Phase
    ahead: int | None = None
    wait_min: int | None = None


def place_of(queue: SiteQueue, day: str, number: str) -> Place:
    """Where the ticket `number` of `day` stands. Those of the same service who wait longer come
    first, priority apart, which only the hub knows; at the pace of the last hour."""
    if not queue.is_clear:
        return Place("unclear")
    if queue.day is not None and day != queue.day:
        return Place("other-day")
    ticket = queue.tickets.get(number)
    if ticket is None:
        return Place("gone")
    if ticket.phase != "waiting":
        return Place(ticket.phase)
    mine = _order(number, ticket)
    ahead = sum(
        other.phase == "waiting"
        and other.service == ticket.service
        and _order(other_number, other) < mine
        for other_number, other in queue.tickets.items()
    )
    pace = queue.called_last_hour.get(ticket.service, 0)
    wait_min = math.ceil((ahead + 1) * _MIN_PER_HOUR / pace) if pace and queue.live else None
    return Place("waiting", ahead, wait_min)


def _order(number: str, ticket: InLine) -> tuple[int, str]:
    return ticket.since_ms or 0, number
