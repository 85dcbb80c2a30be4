"""What a hub shows: one whole picture of the site, sent anew at every change, so that a reconnect
mends everything. Times are UTC milliseconds since 1970 by the hub's clock."""

from typing import Literal

from msgspec import Struct

from contract.ids import CounterId, Day, Name, NodeId, Series, ServiceId, SiteId, TicketNumber

TicketPhase = Literal["waiting", "called", "serving", "parked", "absent", "finished", "void"]
CounterPhase = Literal["closed", "open", "paused"]
DeviceState = Literal["ready", "paper-low", "lost"]
SlipState = Literal["none", "pending", "printed", "sent", "failed", "unknown", "roll"]


class TicketView(Struct, frozen=True):
    """One ticket that is still in the house. `since_ms` is when its present phase began.

    `slip` is what is known of the copy asked for last: "sent" when a printer that cannot answer
    took all of it, and nothing is wrong; "unknown" when nobody can tell whether it came out, and
    staff decide about a further one; "roll" when it was torn off a roll. `issuer` is the device or
    member of staff that gave the number out. `earlier` when it may be of a day before, for no clock
    can tell, and the machine was started since, or half a day is over.
    """

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
    slip: SlipState = "none"
    issuer: Name | None = None
    earlier: bool = False


class CounterView(Struct, frozen=True):
    """One counter. `ticket` is whom it calls or serves; `since_ms` when its phase began.

    `services` are what it serves now, `usual_services` what the site's rules say. Until
    `rating_due_ms` the service just finished may be rated, None when it may not; `rated` when it
    has been. `finished_seq` is the journal row that ended it, which a Rate names.
    """

    counter: CounterId
    phase: CounterPhase
    since_ms: int
    services: tuple[ServiceId, ...]
    staff: Name | None = None
    ticket: TicketView | None = None
    pause_reason: str | None = None
    served: int = 0
    usual_services: tuple[ServiceId, ...] = ()
    rating_due_ms: int | None = None
    rated: bool = False
    finished_seq: int | None = None


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
    """One device of the site, since when it is as it is, and why it cannot work if it cannot."""

    device: Name
    state: DeviceState
    condition: str = ""
    since_ms: int | None = None


class RollView(Struct, frozen=True):
    """A series whose numbers are torn off a pre-printed roll, for these services."""

    series: Series
    next_number: TicketNumber
    services: tuple[ServiceId, ...]


class LinkView(Struct, frozen=True):
    """The line to the centre: how many rows are stored here and not yet confirmed there, and how
    many of them are `overdue` on a line that is up; not `configured` where the hub works alone."""

    connected: bool
    unsent: int
    overdue: int = 0
    configured: bool = True


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
    presses_ignored_today: int = 0
    rolls: tuple[RollView, ...] = ()
