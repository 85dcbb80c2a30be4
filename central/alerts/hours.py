"""When centres are open, and when nobody wants to be woken, in Vietnam's time."""

from datetime import date

from msgspec import Struct

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
    """The hours of working days: `weekdays` from 1, Monday, to 7, less `closed_days` and with
    `extra_days` (ISO 8601) such as make-up Saturdays."""

    spans: tuple[Span, ...]
    weekdays: tuple[int, ...]
    closed_days: tuple[str, ...] = ()
    extra_days: tuple[str, ...] = ()

    def since_ms(self, now_ms: int) -> int | None:
        """When the hours began that it is within (UTC milliseconds since 1970); None outside."""
        day = day_of(now_ms)
        if not self._is_working(day):
            return None
        minute = minute_of(now_ms)
        for span in self.spans:
            if span.holds(minute):
                return midnight_ms(day) + span.first_min * _MS_PER_MINUTE
        return None

    def _is_working(self, day: str) -> bool:
        if day in self.closed_days:
            return False
        return day in self.extra_days or date.fromisoformat(day).isoweekday() in self.weekdays


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
