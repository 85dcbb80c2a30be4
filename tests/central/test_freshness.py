"""What is none, and what is not known."""

from datetime import date, datetime, timedelta, timezone

import pytest

from central.api.freshness import counted
from central.api.models import Freshness, FreshnessOfMany, Liveness

DAY = date(2026, 11, 20)
SEVEN = datetime(2026, 11, 20, 7, 0, tzinfo=timezone(timedelta(hours=7)))
NOBODY = {"live": 0, "delayed": 0, "offline": 0, "never": 0, "ended": 0, "missing": 0}


def many(sites: dict[str, int], up_to: datetime | None = None) -> FreshnessOfMany:
    return FreshnessOfMany(complete_up_to=up_to, **{**NOBODY, **sites})


def test_what_was_counted_is_told_however_old() -> None:
    silent = Freshness(state=Liveness.OFFLINE, complete_up_to=None, missing=0)
    assert counted(7, silent, DAY, DAY) == 7


@pytest.mark.parametrize(
    ("later", "today_later", "n"),
    [(0, 0, 0), (0, 1, None), (0, 30, None), (1, 1, None), (-1, 0, 0), (-1, 30, 0), (9, 0, 0)],
)
def test_none_is_known_of_days_that_have_come_wholly_and_of_today_when_something_has(
    later: int, today_later: int, n: int | None
) -> None:
    """A line that broke at seven: what happened after that, nobody knows."""
    last, today = DAY + timedelta(days=later), DAY + timedelta(days=today_later)
    fresh = Freshness(state=Liveness.OFFLINE, complete_up_to=SEVEN, missing=0)
    assert counted(0, fresh, last, today) == n
    assert counted(0, many({"offline": 1}, SEVEN), last, today) == n


@pytest.mark.parametrize(
    ("sites", "n"),
    [
        ({"live": 2, "never": 1, "ended": 1}, 0),
        ({"live": 2, "delayed": 1}, None),
        ({"live": 2, "offline": 1}, None),
        ({"never": 3}, None),
        ({}, None),
    ],
)
def test_on_a_day_without_reports_nobody_came_where_all_are_live(
    sites: dict[str, int], n: int | None
) -> None:
    assert counted(0, many(sites), DAY, DAY, reporting=0) == n
    assert counted(0, many(sites), DAY, DAY) is None, "a former card may know more"
    assert counted(0, many(sites), DAY, DAY, reporting=1) is None
