"""What happened to a node itself: its starts, its clock, and its business days."""

from msgspec import Struct

from contract.event import Event
from contract.ids import CounterId, Day, ServiceId, TicketNumber
from contract.snapshot import TicketPhase
from contract.stamp import Seq


class NodeStarted(Event, frozen=True):
    """The hub's process started."""

    software: str
    config: str


class ClockStepped(Event, frozen=True):
    """The wall clock moved by `by_ms` against the monotonic clock, or became (un)synchronised."""

    by_ms: int
    synced: bool


class Brought(Struct, frozen=True, array_like=True):
    """A ticket in the house of which an older journal tells: its services still to come, the
    present one first, its phase, and since when it is in it or counts as waiting (UTC milliseconds
    since 1970, None when no clock that could be trusted says)."""

    number: TicketNumber
    services: tuple[ServiceId, ...]
    phase: TicketPhase
    since_ms: Seq | None


class DayOpened(Event, frozen=True):
    """A business day began, or a clock confirms the one that a person named; numbers go on above
    `last_orders`.

    `carried` tickets and `counters` may already be of this day and stay as they are;
    `abandoned` tickets of the day before were neither served nor voided; other counters close.
    `brought` tells of those carried that came into this journal from an older one.
    """

    day: Day
    trusted: bool
    last_orders: dict[str, int]
    carried: tuple[TicketNumber, ...] = ()
    abandoned: tuple[TicketNumber, ...] = ()
    counters: tuple[CounterId, ...] = ()
    brought: tuple[Brought, ...] = ()
