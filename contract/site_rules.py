"""What a site decides for itself: services, counters, hours, priority, ratings."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from contract.ids import CounterId, Day, Name, Series, ServiceId, SiteId, whole
from contract.procedures import Procedure

TimeOfDay = Annotated[str, Meta(pattern=whole(r"([01][0-9]|2[0-3]):[0-5][0-9]"))]
Weekday = Annotated[int, Meta(ge=1, le=7, description="1 is Monday.")]


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """A service group; `usual_min` estimates waits until the day has figures of its own.

    `appointments_per_slot` is for the centre, which books: how many citizens may have the same
    slot; as many as will when it is left out.
    """

    id: ServiceId
    series: Series
    name: dict[str, str]
    usual_min: Annotated[float, Meta(gt=0)] = 10.0
    appointments_per_slot: Annotated[int, Meta(ge=1)] | None = None


class Priority(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of citizens who are called earlier."""

    id: Name
    name: dict[str, str]


class RatingReason(Struct, frozen=True, forbid_unknown_fields=True):
    """What a citizen may give as the reason of a rating."""

    id: Name
    name: dict[str, str]


class Counter(Struct, frozen=True, forbid_unknown_fields=True):
    """A counter and what it serves unless opened for something else."""

    id: CounterId
    services: Annotated[tuple[ServiceId, ...], Meta(min_length=1)]


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """A half-day: numbers are given out from `issue_from` to `last_ticket`, local time."""

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    issue_from: TimeOfDay
    last_ticket: TimeOfDay
    closes: TimeOfDay

    def __post_init__(self) -> None:
        if not self.issue_from < self.last_ticket <= self.closes:
            raise ValueError(
                f"a session gives out numbers from {self.issue_from}, the last at "
                f"{self.last_ticket}, and closes at {self.closes}: these have to be in order"
            )


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """A site's rules.

    `priority_streak` is how many priority citizens a counter calls in a row before an ordinary
    one who waits; `rating_window_s` how long a finished service may be rated; `ratings_by_staff`
    lets the day's report tell the mean rating of a named member of staff, not only the count;
    `reprint_within_min` how old a number may be to be printed again after a restart. `prints_on`
    names, for a kiosk or other device that issues, the printer of another machine that its slips
    come out of; all others come out of the hub's own.
    """

    site: SiteId
    unit: str
    site_name: str
    services: Annotated[tuple[Service, ...], Meta(min_length=1)]
    counters: Annotated[tuple[Counter, ...], Meta(min_length=1)]
    sessions: tuple[Session, ...]
    priorities: tuple[Priority, ...] = ()
    closed_days: tuple[Day, ...] = ()
    extra_days: dict[Day, tuple[Session, ...]] = field(default_factory=dict)
    priority_streak: Annotated[int, Meta(ge=1, le=10)] = 2
    rating_levels: Annotated[int, Meta(ge=3, le=5)] = 4
    rating_window_s: Annotated[int, Meta(ge=5, le=600)] = 60
    rating_reasons: tuple[RatingReason, ...] = ()
    ratings_by_staff: bool = False
    reprint_within_min: Annotated[int, Meta(ge=1, le=240)] = 15
    prints_on: dict[Name, Name] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {service.id for service in self.services}
        for counter in self.counters:
            for service in counter.services:
                if service not in known:
                    raise ValueError(f"counter {counter.id} serves the unknown service {service!r}")
        for kind, ids in (
            ("service", [service.id for service in self.services]),
            ("counter", [counter.id for counter in self.counters]),
            ("priority", [priority.id for priority in self.priorities]),
            ("rating reason", [reason.id for reason in self.rating_reasons]),
        ):
            if len(ids) != len(set(ids)):
                raise ValueError(f"a {kind} is named twice among {', '.join(ids)}")
        for day in (*self.closed_days, *self.extra_days):
            if not is_date(day):
                raise ValueError(f"{day} is no day of the calendar")

    def service(self, service: str) -> Service | None:
        """The service of that id, if the site has it."""
        return next((known for known in self.services if known.id == service), None)

    def counter(self, counter: str) -> Counter | None:
        """The counter of that id, if the site has it."""
        return next((known for known in self.counters if known.id == counter), None)


def check_procedures(rules: Rules, procedures: Iterable[Procedure]) -> None:
    """Raise ValueError for a procedure of a service that the site lacks."""
    for procedure in procedures:
        if rules.service(procedure.service) is None:
            raise ValueError(
                f"procedure {procedure.code} names the unknown service {procedure.service!r}"
            )


def is_date(day: str) -> bool:
    """Whether the calendar has this day."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True
