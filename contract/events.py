"""What happened at a site, in the past tense: the journal's rows and the centre's raw material.

Events are MessagePack arrays whose first item is the event's name. A field is only ever appended,
with a default, so that old journals stay readable and an old centre ignores what it does not know;
anything else is a new event. Durations are measured by the hub, which alone had the monotonic
clock; None means that no clock could tell.
"""

from typing import Literal

from msgspec import Struct

from contract.counter_events import (
    CounterClosed,
    CounterOpened,
    CounterPaused,
    RatingGiven,
    RatingIgnored,
    ServicesAssigned,
    StaffSignedIn,
    StaffSignedOut,
)
from contract.event import Event
from contract.event_ids import CounterId, Name, Series, ServiceId, TicketNumber
from contract.node_events import Brought, ClockStepped, DayOpened, NodeStarted
from contract.stamp import Seq, Span, Stamp

ParkReason = Literal["signature", "papers"]
PrintProof = Literal["confirmed", "assumed"]

__all__ = [  # what belongs to this vocabulary and has a file of its own
    "Brought",
    "ClockStepped",
    "CounterClosed",
    "CounterOpened",
    "CounterPaused",
    "DayOpened",
    "Event",
    "NodeStarted",
    "RatingGiven",
    "RatingIgnored",
    "ServicesAssigned",
    "StaffSignedIn",
    "StaffSignedOut",
]


# --- devices ----------------------------------------------------------------------------------


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


class DeviceRemoved(Event, frozen=True):
    """A supervisor took a lost device off the list; it is there again once it speaks."""

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


class SlipSent(Event, frozen=True):
    """A printer that can only be written to took the whole slip: all that can ever be known."""

    number: TicketNumber
    copy: int


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


class CallTakenBack(Event, frozen=True):
    """The counter took back its call of `called` before the citizen came: it never counts, and
    the number waits on in its old place, as it did since `since`; `wait` and `idle` are the
    call's."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    wait: Span | None
    idle: Span | None
    called: Stamp
    since: Stamp


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


class ServiceReopened(Event, frozen=True):
    """The clerk took `finish` back, which was written at `finished`: it never counts, and the
    service goes on at its counter as though nothing had happened."""

    finish: ServiceFinished
    finished: Stamp

    @property
    def number(self) -> TicketNumber:
        """Whose service goes on."""
        return self.finish.number

    @property
    def counter(self) -> CounterId:
        """Where it goes on."""
        return self.finish.counter

    @property
    def service(self) -> ServiceId:
        """The service that goes on."""
        return self.finish.service


class NoShowMarked(Event, frozen=True):
    """The called citizen did not come."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    walk: Span | None


class NoShowTakenBack(Event, frozen=True):
    """The counter took back the no-show that it wrote at `marked`: it never counts, and the number
    is called there as before, since `since`; `walk` is the no-show's."""

    number: TicketNumber
    counter: CounterId
    service: ServiceId
    walk: Span | None
    marked: Stamp
    since: Stamp


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


class ServiceRemoved(Event, frozen=True):
    """A further service, which had not begun, was taken off the visit again."""

    number: TicketNumber
    service: ServiceId


class TicketVoided(Event, frozen=True):
    """Staff took the ticket out of the queue, or the hub did: its taker heard "not stored"."""

    number: TicketNumber
    reason: str


# --- the pre-printed roll ---------------------------------------------------------------------


class RollStarted(Event, frozen=True):
    """The numbers of a series come from a pre-printed roll, `number` next; nothing is printed."""

    number: TicketNumber


class RollEnded(Event, frozen=True):
    """Tickets of a series are printed again, above the roll's numbers."""

    series: Series


AnyEvent = (
    NodeStarted
    | ClockStepped
    | DayOpened
    | DeviceLost
    | DeviceReturned
    | PaperLow
    | DeviceRemoved
    | AppointmentBooked
    | AppointmentCancelled
    | TicketIssued
    | TicketPrinted
    | SlipSent
    | PrintFailed
    | ReprintOrdered
    | TicketCalled
    | TicketRecalled
    | CallTakenBack
    | ServiceStarted
    | ServiceFinished
    | ServiceReopened
    | NoShowMarked
    | NoShowTakenBack
    | TicketReturned
    | TicketTransferred
    | TicketParked
    | TicketResumed
    | ServiceAdded
    | ServiceRemoved
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
