"""What happened at counters: who sat there, what it served, how citizens rated it."""

from typing import Literal

from contract.event import Event
from contract.event_ids import CounterId, Name, ServiceId
from contract.stamp import Span


class StaffSignedIn(Event, frozen=True):
    """A member of staff took a seat at a counter."""

    staff: Name
    counter: CounterId


class StaffSignedOut(Event, frozen=True):
    """A member of staff left a counter."""

    staff: Name
    counter: CounterId


class CounterOpened(Event, frozen=True):
    """A closed or paused counter takes citizens; `paused` is how long a pause lasted."""

    counter: CounterId
    services: tuple[ServiceId, ...]
    paused: Span | None = None


class CounterPaused(Event, frozen=True):
    """An open counter rests, for a reason; `idle` is the time it was open with nobody called."""

    counter: CounterId
    reason: str
    idle: Span | None


class CounterClosed(Event, frozen=True):
    """A counter takes no more citizens; what it was doing until now is in `idle` or `paused`."""

    counter: CounterId
    idle: Span | None
    paused: Span | None


class ServicesAssigned(Event, frozen=True):
    """A counter serves something else until its day ends; no `services` means the site's rules."""

    counter: CounterId
    services: tuple[ServiceId, ...]
    reason: str | None = None


# --- ratings ----------------------------------------------------------------------------------


class RatingGiven(Event, frozen=True):
    """A citizen rated the service just finished at a counter; it names no ticket.

    `reason` is one of the site's list.
    """

    counter: CounterId
    service: ServiceId
    level: int
    levels: int
    reason: str | None = None


class RatingIgnored(Event, frozen=True):
    """A rating button was pressed when no rating was due: kept and counted, never added."""

    counter: CounterId
    level: int
    why: Literal["nothing-finished", "already-rated", "too-late"]
