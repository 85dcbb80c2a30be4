"""A day's figures as a hub tells them to its supervisor, and to members of staff their own."""

from msgspec import Struct

from contract.commands import Role
from contract.ids import CounterId, Name


class Spread(Struct, frozen=True):
    """How long something took, in milliseconds: exact quantiles by the nearest rank.

    None when it never happened, or no clock could tell.
    """

    count: int
    p50_ms: int | None
    p90_ms: int | None
    longest_ms: int | None


class Ratings(Struct, frozen=True):
    """How many ratings came, and their mean level; None when none came or it is not to be told."""

    count: int
    mean: float | None


class ServiceFigures(Struct, frozen=True):
    """One service: `tickets` were issued for it first, `served` times it was finished."""

    service: str
    tickets: int
    served: int
    no_shows: int
    waits: Spread
    service_times: Spread
    ratings: Ratings


class CounterFigures(Struct, frozen=True):
    """One counter. `waits` are those of whom it called; a pause that still lasts is counted in
    `pauses` and not yet in `paused_ms`."""

    counter: str
    called: int
    served: int
    no_shows: int
    waits: Spread
    service_times: Spread
    ratings: Ratings
    pauses: int
    paused_ms: int


class StaffFigures(Struct, frozen=True):
    """One member of staff: what happened at the counters where they sat."""

    staff: str
    issued: int
    called: int
    served: int
    no_shows: int
    transferred: int
    parked: int
    service_times: Spread
    ratings: Ratings
    pauses: int
    paused_ms: int


class DayReport(Struct, frozen=True):
    """A site's day. `visits` ended with their last service; `served` counts services.

    `issued_by` says who gave out how many numbers, devices among them.
    """

    day: str
    tickets: int
    visits: int
    served: int
    no_shows: int
    voided: int
    waits: Spread
    second_waits: Spread
    visit_times: Spread
    service_times: Spread
    ratings: Ratings
    presses_ignored: int
    services: tuple[ServiceFigures, ...]
    counters: tuple[CounterFigures, ...]
    staff: tuple[StaffFigures, ...]
    issued_by: dict[str, int]


class Me(Struct, frozen=True):
    """Whose token a request came with: a device or a member of staff; `figures` are a clerk's or
    supervisor's own of today."""

    id: Name
    role: Role
    counter: CounterId | None
    figures: StaffFigures | None = None
