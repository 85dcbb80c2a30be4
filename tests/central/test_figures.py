"""The pure parts between rollups and what people read."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.api.freshness import complete_up_to_ms, of_many, of_site
from central.api.models import Freshness, Liveness
from central.api.privacy import SMALLEST_SHOWN, hide_small
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.store.reader import NodeRow
from central.web.chart import bar_chart
from central.web.words import Words
from tests.central.journal import DAY, MORNING_MS, NODE

NOW_MS = MORNING_MS + 3_600_000
LIVE_WITHIN_MS = 180_000


def node(
    *,
    online: bool | None = True,
    heard_ms: int = NOW_MS,
    folded: int = 10,
    folded_ms: int | None = NOW_MS - 1000,
    announced: int = 10,
    announced_ms: int | None = NOW_MS,
) -> NodeRow:
    return NodeRow(
        site=NODE[:11],
        node=NODE,
        online=online,
        online_since_ms=MORNING_MS,
        heard_ms=heard_ms,
        synced=True,
        unsent=0,
        software="1",
        config="1",
        rejected=0,
        taken=1,
        received=10,
        missing=0,
        duplicates=0,
        contradictions=0,
        not_understood=0,
        folded=folded,
        folded_ms=folded_ms,
        announced=announced,
        announced_ms=announced_ms,
        business_day=DAY,
    )


# --- freshness --------------------------------------------------------------------------------


def test_a_heartbeat_is_complete_once_all_it_announced_is_folded() -> None:
    assert complete_up_to_ms(node(folded=10, announced=10)) == NOW_MS
    assert complete_up_to_ms(node(folded=9, announced=10)) == NOW_MS - 1000
    assert complete_up_to_ms(node(folded=0, folded_ms=None, announced=1)) is None


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (node(), Liveness.LIVE),
        (node(online=None), Liveness.LIVE),
        (node(online=False), Liveness.OFFLINE),
        (node(heard_ms=NOW_MS - LIVE_WITHIN_MS - 1), Liveness.OFFLINE),
        (node(folded=1, folded_ms=NOW_MS - LIVE_WITHIN_MS - 1), Liveness.DELAYED),
        (node(folded=1, folded_ms=None), Liveness.DELAYED),
    ],
)
def test_the_state_of_a_site_is_that_of_its_hub(row: NodeRow, state: Liveness) -> None:
    assert of_site([row], NOW_MS, LIVE_WITHIN_MS).state is state


def test_a_site_without_a_hub_was_never_heard() -> None:
    assert of_site([], NOW_MS, LIVE_WITHIN_MS).state is Liveness.NEVER


def test_a_clock_ahead_of_ours_promises_nothing_beyond_now() -> None:
    fresh = of_site([node(announced_ms=NOW_MS + 9_000_000)], NOW_MS, LIVE_WITHIN_MS)
    assert fresh.complete_up_to is not None
    assert fresh.complete_up_to.timestamp() * 1000 == NOW_MS


def test_many_sites_are_complete_up_to_the_earliest_that_reported() -> None:
    early, late = (
        of_site([node(announced_ms=NOW_MS - ms)], NOW_MS, LIVE_WITHIN_MS) for ms in (900, 0)
    )
    unknown = Freshness(state=Liveness.DELAYED, complete_up_to=None, missing=3)
    assert of_many([(early, True), (late, True)]).complete_up_to == early.complete_up_to
    assert of_many([(early, True), (unknown, True)]).complete_up_to is None
    several = of_many([(late, True), (unknown, False)])
    assert (several.complete_up_to, several.missing) == (late.complete_up_to, 3)
    assert (several.live, several.delayed, several.offline, several.never) == (1, 1, 0, 0)
    assert of_many([]).complete_up_to is None


# --- privacy ----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 12), max_size=8))
def test_no_hidden_count_can_be_found_by_subtraction(counts: list[int]) -> None:
    shown = hide_small(counts)
    assert len(shown) == len(counts)
    for count, visible in zip(counts, shown, strict=True):
        assert visible is None or visible == count >= SMALLEST_SHOWN
    assert shown.count(None) != 1 or len(counts) == 1


# --- pages ------------------------------------------------------------------------------------


@given(st.lists(st.none() | st.floats(0, 5000), max_size=60))
def test_bars_stay_within_their_chart_and_its_scale_has_few_lines(
    values: list[float | None],
) -> None:
    chart = bar_chart(values, [""] * len(values), [None] * len(values))
    assert len(chart.bars) == len(values)
    for bar in chart.bars:
        assert 0 <= bar.y <= chart.height
        assert bar.y + bar.height == pytest.approx(chart.height)
        assert 0 <= bar.x <= chart.width - bar.width
    assert 2 <= len(chart.lines) <= 5
    assert max(line.value for line in chart.lines) >= max((v for v in values if v), default=0)


def test_numbers_and_times_are_written_as_in_each_language() -> None:
    places = Places(shipped_provinces(), shipped_units())
    vi, en = (Words(language, date(2026, 11, 20), places) for language in ("vi", "en"))
    assert (vi.number(1234567), en.number(1234567)) == ("1.234.567", "1,234,567")
    assert (vi.minutes(378_880), en.minutes(378_880)) == ("6,3 phút", "6.3 min")
    assert (vi.minutes(59_999), vi.minutes(597_000), vi.minutes(None)) == (
        "59 giây",
        "10 phút",
        "–",
    )
    assert (vi.percent(0.3756), en.percent(None)) == ("37,6 %", "–")
    zone = timezone(timedelta(hours=7))
    assert vi.clock(datetime(2026, 11, 20, 10, 42, tzinfo=zone)) == "10:42"
    assert vi.clock(datetime(2026, 11, 19, 17, 5, tzinfo=zone)) == "17:05 19/11/2026"
    assert vi.clock(None) == "chưa rõ"
