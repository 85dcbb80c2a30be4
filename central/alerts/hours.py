"""When centres are open, and when nobody wants to be woken, in Vietnam's time."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field

from central.rollup.business_day import day_of, midnight_ms

_MS_PER_MINUTE = 60_000


class Span(Struct, frozen=True):
    """A part of a day, from its first minute up to the one behind its last, counted from
    midnight; one that ends before it begins goes on over midnight."""

    first_min: int
    end_min: int

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day is in it."""
        if self.first_min <= self.end_min:
            return self.first_min <= minute < self.end_min
        return minute >= self.first_min or minute < self.end_min


class Opening(Struct, frozen=True):
    """The hours of each weekday from 1, Monday, to 7; and those of `special` days (ISO 8601) in
    their place, none on a holiday."""

    weekly: Mapping[int, tuple[Span, ...]]
    special: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    @property
    def closed_days(self) -> tuple[str, ...]:
        """The holidays."""
        return tuple(day for day, spans in self.special.items() if not spans)

    def since_ms(self, now_ms: int) -> int | None:
        """When the hours began that it is within (UTC milliseconds since 1970); None outside."""
        day, minute = day_of(now_ms), minute_of(now_ms)
        weekday = date.fromisoformat(day).isoweekday()
        for span in self.special.get(day, self.weekly.get(weekday, ())):
            if span.holds(minute):
                return midnight_ms(day) + span.first_min * _MS_PER_MINUTE
        return None


def span_of(text: str) -> Span:
    """Read `07:30-11:30`. Raises ValueError for anything else."""
    first, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no part of a day such as 07:30-11:30")
    return Span(_minute(first), _minute(end))


def minute_of(now_ms: int) -> int:
    """The minute of the day."""
    return (now_ms - midnight_ms(day_of(now_ms))) // _MS_PER_MINUTE


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise ValueError(f"{text!r} is no time of day such as 07:30")
    return int(hours) * 60 + int(minutes)
