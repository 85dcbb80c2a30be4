"""The local time of every site: Vietnam is seven hours ahead of UTC, and has no daylight saving."""

from datetime import datetime, timedelta

_EPOCH_THERE = datetime.fromisoformat("1970-01-01T07:00")
_LAST_DAY = datetime.fromisoformat("9999-12-31T23:59")


def local_time(wall_ms: int) -> datetime:
    """UTC milliseconds since 1970 as local time, naive; what no calendar can hold is the calendar's
    last day."""
    try:
        return _EPOCH_THERE + timedelta(milliseconds=wall_ms)
    except OverflowError:
        return _LAST_DAY


def wall_ms_of(there: datetime) -> int:
    """The UTC milliseconds since 1970 at which clocks in Vietnam show `there`, which is naive."""
    return (there - _EPOCH_THERE) // timedelta(milliseconds=1)
