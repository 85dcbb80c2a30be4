"""Local time, by clocks that may be wrong by more than a calendar holds."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.local_time import local_time, wall_ms_of
from contract.stamp import MS_PER_DAY

NOW_MS = 1_795_395_600_000  # 2026-11-23T01:00Z


def test_it_is_that_of_the_time_zone_database_all_the_year_round() -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    for day in range(366):
        at_ms = NOW_MS + day * MS_PER_DAY
        there = datetime.fromtimestamp(at_ms // 1000, zone)
        assert local_time(at_ms) == there.replace(tzinfo=None)


@pytest.mark.parametrize("wall_ms", [10**18, -(10**18), 2**63 - 1, -(2**63)])
def test_what_no_calendar_holds_is_its_last_day(wall_ms: int) -> None:
    assert local_time(wall_ms).isoformat() == "9999-12-31T23:59:00"


@given(st.integers(0, 250_000_000_000_000))
def test_what_clocks_show_leads_back(wall_ms: int) -> None:
    assert wall_ms_of(local_time(wall_ms)) == wall_ms
