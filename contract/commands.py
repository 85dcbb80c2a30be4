"""What clients ask of a hub, in the imperative. JSON objects with a `type`; see `docs/messages.md`.

A command travels with an id of its own (a UUID): a repeat returns the first answer.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.events import ParkReason, PrintProof
from contract.ids import CounterId, Day, Name, Series, ServiceId, TicketNumber, whole
from contract.snapshot import SlipState
from contract.stamp import Seq

Role = Literal[
    "kiosk",
    "greeter",
    "clerk",
    "supervisor",
    "keypad",
    "pad",
    "printer",
    "display",
    "centre",
    "hub",
]
COUNTER_ROLES: tuple[Role, ...] = ("keypad", "pad")
"""Devices of one counter, which may do nothing at another."""

Words = Annotated[str, Meta(min_length=1, max_length=200)]
REOPEN_WITHIN_S = 10
Dossier = Annotated[str, Meta(pattern=whole(r"[A-Za-z0-9./-]{3,40}"))]


class Actor(Struct, frozen=True):
    """Who asks: a device or a member of staff by pseudonym, its role, and the counter it is
    bound to when it is a device of one counter."""

    id: Name
    role: Role
    counter: CounterId | None = None


class Command(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The base of all commands; `type` on the wire is the class's name."""


# --- tickets ----------------------------------------------------------------------------------


class IssueTicket(Command, frozen=True):
    """Give out a number for one or more services in turn."""

    services: Annotated[tuple[ServiceId, ...], Meta(min_length=1, max_length=5)]
    priority: Name | None = None
    language: Literal["vi", "en"] = "vi"
    on_paper: bool = True


class CheckIn(Command, frozen=True):
    """The citizen with this appointment is here: give out a number with the slot's place."""

    code: Name
    language: Literal["vi", "en"] = "vi"
    on_paper: bool = True


class BookAppointment(Command, frozen=True):
    """Note a booked slot; `slot_ms` is UTC milliseconds since 1970."""

    code: Name
    service: ServiceId
    slot_ms: Seq


class CancelAppointment(Command, frozen=True):
    """Forget a booked slot."""

    code: Name


class ReprintTicket(Command, frozen=True):
    """Print a further copy, marked as such."""

    number: TicketNumber


class VoidTicket(Command, frozen=True):
    """Take a ticket out of the queue, with a reason."""

    number: TicketNumber
    reason: Words


class ReturnTicket(Command, frozen=True):
    """A citizen marked absent is back: wait again in the old place."""

    number: TicketNumber


class AddService(Command, frozen=True):
    """Add a further service to a visit."""

    number: TicketNumber
    service: ServiceId


class RemoveService(Command, frozen=True):
    """Take a further service, which has not begun, off a visit again."""

    number: TicketNumber
    service: ServiceId


# --- at a counter -----------------------------------------------------------------------------


class SignIn(Command, frozen=True):
    """Take the seat at a counter."""

    counter: CounterId


class SignOut(Command, frozen=True):
    """Leave a counter, which closes."""

    counter: CounterId


class OpenCounter(Command, frozen=True):
    """Open a closed or paused counter; `services` changes what it serves."""

    counter: CounterId
    services: Annotated[tuple[ServiceId, ...], Meta(max_length=20)] = ()


class PauseCounter(Command, frozen=True):
    """Rest a counter, with a reason."""

    counter: CounterId
    reason: Words


class CloseCounter(Command, frozen=True):
    """Close a counter."""

    counter: CounterId


class AssignServices(Command, frozen=True):
    """A supervisor changes what a counter serves until the day ends or it is assigned again;
    no `services` means what the site's rules say."""

    counter: CounterId
    services: Annotated[tuple[ServiceId, ...], Meta(max_length=20)] = ()
    reason: Words | None = None


class CallNext(Command, frozen=True):
    """Call whoever is next here; `finish_current` first ends the present service, even when
    nobody waits: the answer's `called` and `finished` tell which of the two happened.

    From a keypad, which cannot say when a service starts, it also ends one that was only called:
    counted as served, with no service time.
    """

    counter: CounterId
    finish_current: bool = False


class CallTicket(Command, frozen=True):
    """Call one ticket out of turn, with a reason that is kept."""

    counter: CounterId
    number: TicketNumber
    reason: Words


class Recall(Command, frozen=True):
    """Call the present ticket again."""

    counter: CounterId


class TakeBackCall(Command, frozen=True):
    """Take back a call of at most REOPEN_WITHIN_S ago, while its citizen has not come: the number
    waits on in its old place, as though it had not been called."""

    counter: CounterId


class StartService(Command, frozen=True):
    """The called citizen has come."""

    counter: CounterId


class FinishService(Command, frozen=True):
    """End the present service; `dossier` links it with the electronic one-stop system."""

    counter: CounterId
    dossier: Dossier | None = None


class ReopenService(Command, frozen=True):
    """Take back a finish of at most REOPEN_WITHIN_S ago: the citizen is served again, as though
    it had not been, unless this counter or the citizen has gone on since. A call that came after
    it is taken back too, while its citizen has not come."""

    counter: CounterId


class MarkNoShow(Command, frozen=True):
    """The called citizen did not come."""

    counter: CounterId


class TakeBackNoShow(Command, frozen=True):
    """Take back a no-show of at most REOPEN_WITHIN_S ago: the number is called here again, as
    though it had not been marked, unless this counter or the citizen has gone on since."""

    counter: CounterId


class TransferTicket(Command, frozen=True):
    """Send the present citizen to another service, and perhaps one counter, number kept."""

    counter: CounterId
    service: ServiceId
    to_counter: CounterId | None = None


class ParkTicket(Command, frozen=True):
    """Let the present service rest for a signature or for papers; `due_in_min` is a promise."""

    counter: CounterId
    reason: ParkReason
    due_in_min: Annotated[int, Meta(ge=1, le=480)] | None = None


class ResumeTicket(Command, frozen=True):
    """Call a parked citizen to go on with the same service."""

    counter: CounterId
    number: TicketNumber


class Rate(Command, frozen=True, omit_defaults=True):
    """A rating button was pressed; 1 is the worst level, `reason` one of the site's list.

    `finished_seq` is the CounterView's when it was pressed: a press that comes late never counts
    for the next citizen.
    """

    counter: CounterId
    level: Annotated[int, Meta(ge=1, le=5)]
    reason: Name | None = None
    finished_seq: Seq | None = None


# --- the site and its devices -----------------------------------------------------------------


class OpenDay(Command, frozen=True):
    """A supervisor says which day it is, when no clock can, and whose holders are `gone`.

    For the day that is open it takes those tickets out of the queue, whatever the clock. `of_day`
    is the day that was open when people were asked. Numbers come back every day: who is gone must
    be told with it, and is refused when another day is open by now.
    """

    day: Day
    gone: Annotated[tuple[TicketNumber, ...], Meta(max_length=1000)] = ()
    of_day: Day | None = None


class UseRoll(Command, frozen=True):
    """Give out the numbers of a pre-printed roll, whose next slip says `number`.

    Nothing of that series goes to the printer until LeaveRoll. Given again it skips forward; more
    than 500 numbers only for a supervisor.
    """

    number: TicketNumber


class LeaveRoll(Command, frozen=True):
    """Print the tickets of a series again, above the roll's numbers."""

    series: Series


class ReportPrint(Command, frozen=True):
    """A printer's owner says what became of a slip.

    "sent" when a printer that cannot answer took all of it; "failed" when nothing of it went out;
    "unknown" when nobody can tell, and staff decide; "interrupted" when its owner, and not the
    printer, went down in the middle: a young one is ordered again, marked. `ticket` is its
    SlipView's, which a printer elsewhere on the site gives.
    """

    number: TicketNumber
    copy: Annotated[int, Meta(ge=1, le=1000)]
    outcome: Literal["printed", "sent", "failed", "unknown", "interrupted"]
    proof: PrintProof = "assumed"
    reason: Annotated[str, Meta(max_length=200)] = ""
    ticket: Name | None = None


class ReportDevice(Command, frozen=True):
    """A device's owner says that its state changed."""

    device: Name
    state: Literal["ready", "paper-low", "lost"]
    condition: Annotated[str, Meta(max_length=100)] = ""


class RemoveDevice(Command, frozen=True):
    """A supervisor takes a lost device off the list: it was taken away, or renamed."""

    device: Name


AnyCommand = (
    IssueTicket
    | CheckIn
    | BookAppointment
    | CancelAppointment
    | ReprintTicket
    | VoidTicket
    | ReturnTicket
    | AddService
    | RemoveService
    | SignIn
    | SignOut
    | OpenCounter
    | PauseCounter
    | CloseCounter
    | AssignServices
    | CallNext
    | CallTicket
    | Recall
    | TakeBackCall
    | StartService
    | FinishService
    | ReopenService
    | MarkNoShow
    | TakeBackNoShow
    | TransferTicket
    | ParkTicket
    | ResumeTicket
    | Rate
    | OpenDay
    | UseRoll
    | LeaveRoll
    | ReportPrint
    | ReportDevice
    | RemoveDevice
)


class Order(Struct, frozen=True):
    """A command with its id (16 bytes of a UUID), who gives it, and whether it is training."""

    command_id: bytes
    actor: Actor
    command: AnyCommand
    training: bool = False


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a hub did: the last journal row of the command, and the ticket it was about.

    `called` is whom it called and `finished` whose service it ended, if it did; both or neither
    may be. `ahead`, `expected_wait_min`, `services` and `slip` come with a new ticket; `slip` says
    whether its paper comes out of the printer ("pending"), off the roll, or not at all.
    """

    seq: int
    number: TicketNumber | None = None
    counter: CounterId | None = None
    ahead: int | None = None
    expected_wait_min: int | None = None
    called: TicketNumber | None = None
    finished: TicketNumber | None = None
    services: tuple[ServiceId, ...] = ()
    slip: SlipState | None = None
