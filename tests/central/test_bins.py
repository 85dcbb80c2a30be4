"""Histograms as lists of bins."""

import math
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from central.rollup.bins import count, pack, pack_taken_back, quantiles, size, to_bin, to_ms, unpack

DAY_MS = 86_400_000
durations = st.integers(0, DAY_MS)


@given(durations)
def test_the_middle_of_a_bin_is_within_one_percent(ms: int) -> None:
    assert abs(to_ms(to_bin(ms)) - ms) <= 0.0079 * ms


@given(durations, durations)
def test_bins_keep_the_order(one: int, other: int) -> None:
    assert (to_bin(one) <= to_bin(other)) or one > other


def test_every_duration_of_a_day_has_a_bin_of_two_bytes() -> None:
    assert to_bin(0) == 0
    assert to_bin(DAY_MS) < 65_536
    assert len({to_bin(ms) for ms in range(128)}) == 128


@given(st.lists(durations, min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_of_merged_bins_agree_with_exact_ones(values: list[int], q: float) -> None:
    half = len(values) // 2
    bins = b"".join(pack(to_bin(ms)) for ms in values[half:] + values[:half])
    exact = sorted(values)[max(1, math.ceil(q * len(values))) - 1]
    (found,) = quantiles(bins, [q])
    assert found is not None
    assert abs(found - exact) <= 0.015 * exact


def test_many_durations_have_the_quantiles_of_few() -> None:
    few = b"".join(pack(to_bin(ms)) for ms in range(1_000, 61_000, 1_000))
    shares = (0.1, 0.5, 0.9, 1.0)
    assert quantiles(few * 100, shares) == quantiles(few, shares)


def test_nothing_has_no_quantile() -> None:
    assert quantiles(b"", (0.5, 0.9)) == [None, None]


@given(st.lists(durations, max_size=50), st.lists(durations, max_size=50), st.randoms())
def test_what_is_taken_back_is_as_though_it_had_never_been(
    kept: list[int], gone: list[int], random: Random
) -> None:
    packed = [pack(to_bin(value)) for value in kept + gone]
    packed += [pack_taken_back(to_bin(value)) for value in gone]
    random.shuffle(packed)
    bins = b"".join(packed)
    plain = b"".join(pack(to_bin(value)) for value in kept)
    shares = (0.0, 0.5, 0.9, 1.0)
    assert (size(bins), quantiles(bins, shares)) == (len(kept), quantiles(plain, shares))
    assert {number: n for number, n in count(bins).items() if n} == count(plain)


def test_bins_survive_packing() -> None:
    assert unpack(pack(3392) + pack(0)) == (3392, 0)
