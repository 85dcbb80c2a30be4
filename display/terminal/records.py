"""What a hub tells of its day, as far as a terminal shows it: the log, the report, own figures."""

from msgspec import Struct

PAGE_LINES = 10  # what 24 rows have room for, when some lines take two


class LogLine(Struct, frozen=True):
    """One thing that deserves an explanation, at `at_ms` (UTC milliseconds since 1970).

    The words of each kind are in the catalogue under `log.<kind>`.
    """

    seq: int
    at_ms: int
    kind: str
    actor: str
    number: str | None = None
    counter: str | None = None
    service: str | None = None
    services: tuple[str, ...] = ()
    priority: str | None = None
    reason: str | None = None
    day: str | None = None
    abandoned: int | None = None
    series: str | None = None


class LogPage(Struct, frozen=True):
    """Lines of a day, the newest first; `before` asks for older ones, if there are."""

    day: str
    lines: tuple[LogLine, ...]
    before: int | None


class Spread(Struct, frozen=True):
    """How long something took, in milliseconds; None when it never happened."""

    p50_ms: int | None
    p90_ms: int | None


class Ratings(Struct, frozen=True):
    """How many ratings came, and their mean level where it is told."""

    count: int
    mean: float | None


class Figures(Struct, frozen=True, kw_only=True):
    """A day of the site, a service, a counter or a member of staff."""

    served: int
    no_shows: int
    service_times: Spread
    ratings: Ratings
    waits: Spread | None = None


class OwnFigures(Figures, frozen=True, kw_only=True):
    """A member of staff's day."""

    staff: str


class ServiceFigures(Figures, frozen=True, kw_only=True):
    """A service's day."""

    service: str


class CounterFigures(Figures, frozen=True, kw_only=True):
    """A counter's day."""

    counter: str


class DayReport(Figures, frozen=True, kw_only=True):
    """A site's day; `visits` ended with their last service, `served` counts services."""

    day: str
    tickets: int
    visits: int
    voided: int
    services: tuple[ServiceFigures, ...]
    counters: tuple[CounterFigures, ...]
    staff: tuple[OwnFigures, ...]


class Me(Struct, frozen=True):
    """Who has signed in, with figures of their own if they are staff."""

    figures: OwnFigures | None = None
