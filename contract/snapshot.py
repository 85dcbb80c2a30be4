"""What a hub shows: one whole picture of the site, sent anew at every change, so that a reconnect
mends everything. Times are UTC milliseconds since 1970 by the hub's clock."""

from typing import Literal

from msgspec import Struct

from contract.ids import CounterId, Day, Name, NodeId, ServiceId, SiteId, TicketNumber

TicketPhase = Literal["waiting", "called", "serving", "parked", "absent", "finished", "void"]
CounterPhase = Literal["closed", "open", "paused"]
PrinterState = Literal["ready", "paper-low", "lost", "none"]


class TicketView(Struct, frozen=True):
    """One ticket that is still in the house. `since_ms` is when its present phase began."""

    number: TicketNumber
    service: ServiceId
    phase: TicketPhase
    issued_ms: int
    since_ms: int
    priority: Name | None = None
    counter: CounterId | None = None
    further_services: tuple[ServiceId, ...] = ()
    park_reason: str | None = None
    due_ms: int | None = None
    calls: int = 0


class CounterView(Struct, frozen=True):
    """One counter. `ticket` is whom it calls or serves; `since_ms` when its phase began."""

    counter: CounterId
    phase: CounterPhase
    since_ms: int
    services: tuple[ServiceId, ...]
    staff: Name | None = None
    ticket: TicketView | None = None
    pause_reason: str | None = None
    served: int = 0


class ServiceView(Struct, frozen=True):
    """One service: how many wait, since when the first, and what a new ticket should expect."""

    service: ServiceId
    waiting: int
    oldest_ms: int | None
    expected_wait_min: int | None
    open_counters: int


class CallView(Struct, frozen=True):
    """One of the last calls, newest first in a snapshot; `seq` grows with every call."""

    seq: int
    number: TicketNumber
    counter: CounterId
    at_ms: int
    times: int
    priority: bool = False
    resumed: bool = False


class DeviceView(Struct, frozen=True):
    """One device of the site, and why it cannot work if it cannot."""

    device: Name
    state: PrinterState
    condition: str = ""


class LinkView(Struct, frozen=True):
    """The line to the centre: what is stored here and not yet confirmed there."""

    connected: bool
    unsent: int


class Snapshot(Struct, frozen=True):
    """The whole site at one journal row."""

    node: NodeId
    site: SiteId
    site_name: str
    seq: int
    day: Day
    now_ms: int
    clock_trusted: bool
    issuing: Literal["open", "closed", "after-last-ticket"]
    counters: tuple[CounterView, ...]
    services: tuple[ServiceView, ...]
    waiting: tuple[TicketView, ...]
    parked: tuple[TicketView, ...]
    absent: tuple[TicketView, ...]
    calls: tuple[CallView, ...]
    devices: tuple[DeviceView, ...]
    link: LinkView
    issued_today: int
    finished_today: int
    ratings_today: int
    training: bool = False
