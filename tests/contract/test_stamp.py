"""Durations, by clocks that may be wrong by decades."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.stamp import MS_PER_DAY, Span, Stamp, span, total

NOW_MS = 1_795_395_600_000
walls_ms = st.integers(-(2**50), 2**50)
monos_ns = st.integers(0, 2**62)
stamps = st.builds(Stamp, walls_ms, monos_ns, st.sampled_from("ab"), st.booleans())


def at(wall_ms: int, mono_ms: int, boot: str = "a", *, synced: bool = True) -> Stamp:
    return Stamp(NOW_MS + wall_ms, mono_ms * 1_000_000, boot, synced)


def test_within_a_boot_the_monotonic_clock_decides_whatever_the_wall_clock_does() -> None:
    for wall_ms in (0, 5, -MS_PER_DAY, 400 * 365 * MS_PER_DAY):
        for synced in (True, False):
            assert span(at(0, 100), at(wall_ms, 1600, synced=synced)) == Span(1500)


def test_a_monotonic_clock_that_went_back_measures_nothing() -> None:
    assert span(at(0, 100), at(5, 99)) is None


@pytest.mark.parametrize(
    ("wall_ms", "measured"),
    [
        (0, Span(0, approximate=True)),
        (90_000, Span(90_000, approximate=True)),
        (MS_PER_DAY, Span(MS_PER_DAY, approximate=True)),
        (MS_PER_DAY + 1, None),
        (-1, None),
    ],
)
def test_across_boots_two_synchronised_clocks_are_about_right(
    wall_ms: int, measured: Span | None
) -> None:
    assert span(at(0, 100), at(wall_ms, 5, "b")) == measured


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True), (False, False)])
def test_across_boots_one_unsure_clock_measures_nothing(*, before: bool, after: bool) -> None:
    assert span(at(0, 100, synced=before), at(1000, 5, "b", synced=after)) is None


@given(stamps, stamps)
def test_no_duration_is_negative_and_none_across_boots_beyond_a_day(a: Stamp, b: Stamp) -> None:
    measured = span(a, b)
    assert measured is None or measured.ms >= 0
    assert measured is None or not measured.approximate or measured.ms <= MS_PER_DAY
    assert measured is None or measured.approximate == (a.boot != b.boot)


@given(st.lists(monos_ns, min_size=2, max_size=8))
def test_stretches_add_up_to_the_whole(times_ns: list[int]) -> None:
    marks = [Stamp(NOW_MS, mono_ns, "a", synced=True) for mono_ns in sorted(times_ns)]
    stretches = [span(start, end) for start, end in pairwise(marks)]
    whole = span(marks[0], marks[-1])
    assert whole is not None
    told_ms = sum(stretch.ms for stretch in stretches if stretch is not None)
    assert abs(whole.ms - told_ms) <= len(stretches), "each may lose what is below a millisecond"


def test_a_total_is_unknown_when_a_part_is_and_approximate_when_a_part_is() -> None:
    assert total(Span(1), Span(2)) == Span(3)
    assert total(Span(1, approximate=True), Span(2)) == Span(3, approximate=True)
    assert total(Span(1), Span(2, approximate=True)) == Span(3, approximate=True)
    assert total(None, Span(2)) is None
    assert total(Span(1), None) is None
