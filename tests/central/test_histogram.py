"""Histograms of very many durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.rollup.bins import MOST_BIN, pack, pack_taken_back, quantiles, to_bin
from central.rollup.histogram import Histogram, unpack_histogram

durations = st.lists(st.integers(0, 2**53 - 1), max_size=30)


def bins_of(values: list[int]) -> bytes:
    return b"".join(pack(to_bin(ms)) for ms in values)


def histogram(values: list[int]) -> Histogram:
    made = Histogram()
    made.add_bins(sum(values), bins_of(values))
    return made


@given(durations, durations, st.lists(st.floats(0, 1), max_size=3).map(sorted))
def test_it_says_what_the_list_of_bins_says(
    some: list[int], more: list[int], shares: list[float]
) -> None:
    both = histogram(some)
    both.add_bins(sum(more), bins_of(more))
    assert both.quantiles(shares) == quantiles(bins_of(some + more), shares)
    assert (both.n, both.ms) == (len(some + more), sum(some + more))
    merged = histogram(more)
    merged.add(histogram(some))
    assert merged == both == unpack_histogram(both.ms, both.pack())


def test_a_nations_day_is_small_and_other_bytes_are_refused() -> None:
    waits = [1_000 * second for second in range(1, 4 * 3600)]
    assert len(histogram(waits).pack()) < 5_000
    assert Histogram().pack() == b""
    with pytest.raises(ValueError, match="beyond the last"):
        unpack_histogram(0, MOST_BIN.to_bytes(2, "little") + bytes(8))


def test_what_is_taken_back_later_is_gone() -> None:
    made = Histogram()
    made.add_bins(9_000, pack(to_bin(4_000)) + pack(to_bin(5_000)))
    made.add_bins(-5_000, pack_taken_back(to_bin(5_000)))
    left = unpack_histogram(made.ms, made.pack())
    assert (left.n, left.ms) == (1, 4_000)
    assert left.quantiles((0.0, 1.0)) == quantiles(pack(to_bin(4_000)), (0.0, 1.0))
