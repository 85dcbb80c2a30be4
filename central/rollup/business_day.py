"""To which day and quarter of an hour an event belongs.

The hub decides the business day (`DayOpened`), for its clock may be wrong by decades; the day is
therefore always right, and only the quarter of an hour comes from the wall clock. An event whose
wall clock shows another date than its business day is counted in the day's first quarter, at
midnight; that, and a clock that was not synchronised, make an event `unsure`. Events before a
journal's first `DayOpened` have only their wall clock.
"""

from datetime import date, timedelta
from typing import NamedTuple

from contract.stamp import MS_PER_DAY, Stamp

QUARTER_MS = 900_000
_UTC_OFFSET_MS = 7 * 3_600_000
_EPOCH = date(1970, 1, 1)
_LAST_MS = 250_000_000_000_000


class Moment(NamedTuple):
    """A place in time: the business day, its first millisecond, the millisecond within it to
    count at (UTC since 1970), and whether the quarter of an hour is certain."""

    day: str
    midnight_ms: int
    at_ms: int
    sure: bool


def moment(day: str | None, stamp: Stamp) -> Moment:
    """Place an event of business day `day`, None when unknown, with this stamp."""
    if day is None:
        wall_ms = min(max(stamp.wall_ms, 0), _LAST_MS)
        found = day_of(wall_ms)
        return Moment(found, midnight_ms(found), wall_ms, stamp.synced)
    start_ms = midnight_ms(day)
    if start_ms <= stamp.wall_ms < start_ms + MS_PER_DAY:
        return Moment(day, start_ms, stamp.wall_ms, stamp.synced)
    return Moment(day, start_ms, start_ms, sure=False)


def trusted_ms(stamp: Stamp) -> int | None:
    """The wall clock of a stamp if it was synchronised and shows a date of this calendar."""
    return within_calendar(stamp.wall_ms) if stamp.synced else None


def within_calendar(wall_ms: int) -> int | None:
    """UTC milliseconds since 1970 that show a date of this calendar; None for others."""
    return wall_ms if 0 <= wall_ms <= _LAST_MS else None


def day_of(wall_ms: int) -> str:
    """The calendar day in Vietnam (UTC+7, no summer time) at UTC milliseconds since 1970."""
    days = (wall_ms + _UTC_OFFSET_MS) // MS_PER_DAY
    return (_EPOCH + timedelta(days=days)).isoformat()


def midnight_ms(day: str) -> int:
    """The first millisecond of a day in Vietnam. Raises ValueError for no day of the calendar."""
    days = (date.fromisoformat(day) - _EPOCH).days
    return days * MS_PER_DAY - _UTC_OFFSET_MS


def quarter_of(ms: int) -> int:
    """The start of the quarter of an hour around `ms`."""
    return ms - ms % QUARTER_MS
