"""The state of a site's queue: one frozen value, built from nothing but the journal."""

from msgspec import Struct, field

from contract.events import NoShowMarked, ServiceFinished, TicketCalled
from contract.ids import CounterId, Day, Name, Series, ServiceId, TicketNumber
from contract.snapshot import CounterPhase, DeviceState, SlipState, TicketPhase
from contract.stamp import Span, Stamp

ENDED: frozenset[TicketPhase] = frozenset({"finished", "void"})
AT_COUNTER: frozenset[TicketPhase] = frozenset({"called", "serving"})


class Found(Struct, frozen=True):
    """The last day that a clock opened while a ticket was there, and the ticket's `since` then."""

    day: Day
    since: Stamp


class Ticket(Struct, frozen=True):
    """A visit's ticket.

    `services` are those still to come, the present one first. `place` is the journal row of its
    issue: the order of arrival, kept through transfers, returns and further services. `worked`
    sums the stretches of the present service over counters. `counter` is where it is, or, while
    waiting, the only counter that may call it. `slip` is what is known of copy number `copies`,
    which comes out of `printer`, None for the hub's own; a further one was `asked` for then.
    `rated` when the present service has been rated already, after a finish that was taken back.
    `issuer` gave the number out.
    """

    number: TicketNumber
    services: tuple[ServiceId, ...]
    phase: TicketPhase
    place: int
    issued: Stamp
    queued: Stamp
    since: Stamp
    early_ms: int = 0
    priority: Name | None = None
    appointment: Name | None = None
    language: str = "vi"
    on_paper: bool = True
    ahead: int = 0
    expected_wait_min: int | None = None
    counter: CounterId | None = None
    calls: int = 0
    wait_counted: bool = False
    worked: Span | None = Span(0)
    park_reason: str | None = None
    due_ms: int | None = None
    copies: int = 1
    asked: Stamp | None = None
    slip: SlipState = "pending"
    printer: Name | None = None
    rated: bool = False
    issuer: Name | None = None
    found: Found | None = None

    @property
    def id(self) -> str:
        """What names the ticket for ever, unlike its number, which comes back every day."""
        return f"{self.number}.{self.issued.mono_ns}.{self.issued.boot}"

    @property
    def service(self) -> ServiceId:
        """The present service."""
        return self.services[0]

    @property
    def print_pending(self) -> bool:
        """Whether the printer has yet to say what became of the slip."""
        return self.slip == "pending"


class RatingDue(Struct, frozen=True):
    """What a counter's rating buttons are about: the service finished last, by row `seq`."""

    service: ServiceId
    seq: int
    finished: Stamp
    rated: bool = False


class LastFinish(Struct, frozen=True):
    """A finish that may yet be taken back, when it was, and the ticket as it stood before."""

    finish: ServiceFinished
    at: Stamp
    ticket: Ticket


class LastCall(Struct, frozen=True):
    """A call that may yet be taken back, when it was, and what it changed: the ticket, since when
    the counter was idle, and its streak."""

    call: TicketCalled
    at: Stamp
    ticket: Ticket
    idle_since: Stamp
    streak: int


class LastNoShow(Struct, frozen=True):
    """A no-show that may yet be taken back, when it was, the ticket as it stood before, and the
    call that it ended."""

    no_show: NoShowMarked
    at: Stamp
    ticket: Ticket
    last_call: LastCall | None


class Counter(Struct, frozen=True):
    """A counter; `streak` counts the priority citizens it has called in a row. `last_finish` is
    there until it does anything else than call, `last_call` and `last_no_show` until it does
    anything else.

    Without `services` of its own it serves what the rules say.
    """

    id: CounterId
    services: tuple[ServiceId, ...]
    since: Stamp
    phase: CounterPhase = "closed"
    staff: Name | None = None
    ticket: TicketNumber | None = None
    pause_reason: str | None = None
    streak: int = 0
    rating: RatingDue | None = None
    last_finish: LastFinish | None = None
    last_call: LastCall | None = None
    last_no_show: LastNoShow | None = None


class Appointment(Struct, frozen=True):
    """A booked slot, and the number it became."""

    service: ServiceId
    slot_ms: int
    number: TicketNumber | None = None


class Device(Struct, frozen=True):
    """A device's last known state, and since when; `losses` counts how often it was said to be
    lost without twenty quiet minutes in between."""

    state: DeviceState
    since: Stamp
    condition: str = ""
    losses: int = 0


class Call(Struct, frozen=True):
    """One call, for the hall screen."""

    seq: int
    number: TicketNumber
    counter: CounterId
    at: Stamp
    times: int
    priority: bool
    resumed: bool


class DaySoFar(Struct, frozen=True):
    """What was counted on a business day: `recent_ms`, the last service times per service, for
    estimates, how many each counter `served`, and sums.

    The day was first `opened` by row `opened_seq`, which is 0 when an older journal holds it; one
    that was left for another day was left by row `left_seq`, at `left`.
    """

    opened: Stamp | None = None
    opened_seq: int = 0
    left: Stamp | None = None
    left_seq: int = 0
    recent_ms: dict[ServiceId, tuple[int, ...]] = field(default_factory=dict)
    served: dict[CounterId, int] = field(default_factory=dict)
    issued: int = 0
    finished: int = 0
    ratings: int = 0
    presses_ignored: int = 0


class State(Struct, frozen=True):
    """A site's queue.

    `today` is what was counted on the `day`, `days_left` the same of those before it, which may
    have been left by mistake, the last one last. `orders` is the last order used per series today,
    and `last_issue` when the last of them was; `past_orders` are those of recent days, in case a
    clock goes back. `anchor` is the last stamp with a synchronised clock. `calls` are the newest
    first. `rolls` are the series whose numbers come from a pre-printed roll.
    """

    day: str = ""
    day_trusted: bool = False
    today: DaySoFar = DaySoFar()
    days_left: dict[Day, DaySoFar] = field(default_factory=dict)
    anchor: Stamp | None = None
    orders: dict[str, int] = field(default_factory=dict)
    rolls: tuple[Series, ...] = ()
    last_issue: Stamp | None = None
    past_orders: dict[Day, dict[str, int]] = field(default_factory=dict)
    tickets: dict[TicketNumber, Ticket] = field(default_factory=dict)
    counters: dict[CounterId, Counter] = field(default_factory=dict)
    appointments: dict[Name, Appointment] = field(default_factory=dict)
    devices: dict[Name, Device] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
