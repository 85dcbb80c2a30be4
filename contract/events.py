"""What happened at a site, in the past tense: the journal's rows and the centre's raw material.

Events are MessagePack arrays whose first item is the event's name. A field is only ever appended,
with a default, so that old journals stay readable and an old centre ignores what it does not know;
anything else is a new event. Durations are measured by the hub, which alone had the monotonic
clock; None means that no clock could tell.
"""

from typing import Literal

from msgspec import Struct

from contract.ids import CounterId, Day, Name, Series, ServiceId, TicketNumber
from contract.stamp import Seq, Span, Stamp

ParkReason = Literal["signature", "papers"]
PrintProof = Literal["confirmed", "assumed"]


class Event(Struct, frozen=True, array_like=True, tag=True, gc=False):
    """The base of all events; its name on the wire is the class's name.

    Values within values never make a cycle, so the garbage collector need not follow them
    (`gc=False`): at the centre it took a quarter of the time of ingest.
    """


# --- the node ---------------------------------------------------------------------------------


class NodeStarted(Event, frozen=True):
    """The hub's process started."""

    software: str
    config: str


class ClockStepped(Event, frozen=True):
    """The wall clock moved by `by_ms` against the monotonic clock, or became (un)synchronised."""

    by_ms: int
    synced: bool


class DayOpened(Event, frozen=True):
    """A business day began; numbers go on above `last_orders`.

    `carried` tickets and `counters` may already be of this day and stay as they are;
    `abandoned` tickets of the day before were neither served nor voided; other counters close.
    """

    day: Day
    trusted: bool
    last_orders: dict[str, int]
    carried: tuple[TicketNumber, ...] = ()
    abandoned: tuple[TicketNumber, ...] = ()
    counters: tuple[CounterId, ...] = ()


class DeviceLost(Event, frozen=True):
    """A device stopped answering, or says that it cannot work; `condition` says why."""

    device: Name
    condition: str


class DeviceReturned(Event, frozen=True):
    """A device works again."""

    device: Name


class PaperLow(Event, frozen=True):
    """A printer's near-end sensor saw the end of the roll coming."""

    device: Name


# --- tickets ----------------------------------------------------------------------------------


class AppointmentBooked(Event, frozen=True):
    """A slot was booked; `code` is what the citizen shows, and names nobody."""

    code: Name
    service: ServiceId
    slot_ms: int


class AppointmentCancelled(Event, frozen=True):
    """A booked slot was given back."""

    code: Name


class TicketIssued(Event, frozen=True):
    """A number was given out, for one or more services in turn.

    `ahead` and `expected_wait_min` are what the citizen was told; an appointment's wait begins
    `early_ms` after its issue, at the slot. `roll` when it is on a slip of a pre-printed roll.
    `printer` is the device its slip comes out of; None for the hub's own.
    """

    number: TicketNumber
    services: tuple[ServiceId, ...]
    priority: Name | None = None
    appointment: Name | None = None
    language: str = "vi"
    on_paper: bool = True
    ahead: int = 0
    expected_wait_min: int | None = None
    early_ms: int = 0
    roll: bool = False
    printer: Name | None = None


class TicketPrinted(Event, frozen=True):
    """The slip came out; `copy` counts from 1, and copies after the first are marked."""

    number: TicketNumber
    copy: int
    proof: PrintProof


class PrintFailed(Event, frozen=True):
    """The slip did not come out, or (`unknown`) nobody can tell, and staff decide."""

    number: TicketNumber
    copy: int
    reason: str
    unknown: bool = False


class ReprintOrdered(Event, frozen=True):
    """Staff, or a restart of the printer's owner, wants a further copy, to be marked as such.

    `printer` is the device that it comes out of; None for the hub's own.
    """

    number: TicketNumber
    copy: int
    printer: Name | None = None


class TicketCalled(Event, frozen=True):
    """A counter called a number. `wait` only at the first call for this service."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    wait: Span | None
    idle: Span | None
    how: Literal["next", "chosen", "returned"] = "next"
    reason: str | None = None
    priority: Name | None = None


class TicketRecalled(Event, frozen=True):
    """The same counter called again; `times` counts all calls of this ticket so far."""

    number: TicketNumber
    counter: CounterId
    times: int


class ServiceStarted(Event, frozen=True):
    """The citizen is at the counter."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    walk: Span | None


class ServiceFinished(Event, frozen=True):
    """A service ended: `service_time` is its last stretch at this counter.

    `worked` is the whole service less its parked time, over all counters; `visit` from issue to
    now, when no further service follows. `visit_ended` says whether one does; rows older than
    this field have None.
    """

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    service_time: Span | None
    worked: Span | None
    visit: Span | None
    dossier: str | None = None
    visit_ended: bool | None = None

    @property
    def ends_visit(self) -> bool:
        """Whether no further service follows; in a row that does not say, `visit` tells."""
        return self.visit is not None if self.visit_ended is None else self.visit_ended


class NoShowMarked(Event, frozen=True):
    """The called citizen did not come."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    walk: Span | None


class TicketReturned(Event, frozen=True):
    """A citizen marked absent came back and waits again in the old place."""

    number: TicketNumber


class TicketTransferred(Event, frozen=True):
    """The ticket went to another service or counter, keeping its number and place."""

    number: TicketNumber
    counter: CounterId
    from_service: ServiceId
    service: ServiceId
    to_counter: CounterId | None
    service_time: Span | None


class TicketParked(Event, frozen=True):
    """The service rests until a signature or missing papers arrive."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    reason: ParkReason
    due_ms: int | None
    service_time: Span | None


class TicketResumed(Event, frozen=True):
    """The parked citizen was called again, for the same service."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    reason: ParkReason
    second_wait: Span | None
    idle: Span | None


class ServiceAdded(Event, frozen=True):
    """A further service was added to the visit, to follow the present ones."""

    number: TicketNumber
    service: ServiceId


class TicketVoided(Event, frozen=True):
    """Staff took the ticket out of the queue, or the hub did: its taker heard "not stored"."""

    number: TicketNumber
    reason: str


# --- counters and staff -----------------------------------------------------------------------


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


# --- the pre-printed roll ---------------------------------------------------------------------


class RollStarted(Event, frozen=True):
    """The numbers of a series come from a pre-printed roll, `number` next; nothing is printed."""

    number: TicketNumber


class RollEnded(Event, frozen=True):
    """Tickets of a series are printed again, above the roll's numbers."""

    series: Series


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


AnyEvent = (
    NodeStarted
    | ClockStepped
    | DayOpened
    | DeviceLost
    | DeviceReturned
    | PaperLow
    | AppointmentBooked
    | AppointmentCancelled
    | TicketIssued
    | TicketPrinted
    | PrintFailed
    | ReprintOrdered
    | TicketCalled
    | TicketRecalled
    | ServiceStarted
    | ServiceFinished
    | NoShowMarked
    | TicketReturned
    | TicketTransferred
    | TicketParked
    | TicketResumed
    | ServiceAdded
    | TicketVoided
    | StaffSignedIn
    | StaffSignedOut
    | CounterOpened
    | CounterPaused
    | CounterClosed
    | ServicesAssigned
    | RollStarted
    | RollEnded
    | RatingGiven
    | RatingIgnored
)


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """One row of a node's journal: the event, its place, its time, and who caused it.

    `command_id` is the 16 bytes of the command's UUID on the first of its events, else empty.
    `training` events never enter statistics.
    """

    seq: Seq
    stamp: Stamp
    actor: Name
    command_id: bytes
    training: bool
    event: AnyEvent
