"""Pauses between attempts: bounded, growing, and never in step."""

import random
from collections import Counter
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from runtime.backoff import Backoff

LAST_DRAW = 1 - 2**-53


@given(failures=st.integers(0, 10**9), draw=st.floats(0, LAST_DRAW))
def test_a_pause_lies_between_nothing_and_the_longest(failures: int, draw: float) -> None:
    backoff = Backoff(first_s=1.0, cap_s=120.0)
    assert 0 <= backoff.pause_s(failures, lambda: draw) <= backoff.longest_s(failures) <= 120.0


def test_the_longest_pause_doubles_up_to_the_cap() -> None:
    backoff = Backoff(first_s=1.0, cap_s=120.0)
    longest = [backoff.longest_s(failures) for failures in range(1, 10)]
    assert longest == [1, 2, 4, 8, 16, 32, 64, 120, 120]


def test_a_whole_fleet_is_back_within_the_cap_and_not_in_step() -> None:
    """3,139 hubs lose their broker in the same second, for half an hour."""
    back_s = 1800.0
    draw = random.Random(7).random
    returns = [_first_attempt_after(back_s, Backoff(), draw) - back_s for _ in range(3139)]
    assert max(returns) <= 120
    busiest_second = max(Counter(int(after) for after in returns).values())
    assert busiest_second < 3139 * 0.03


def _first_attempt_after(back_s: float, backoff: Backoff, draw: Callable[[], float]) -> float:
    now_s, failures = 0.0, 0
    while now_s < back_s:
        failures += 1
        now_s += backoff.pause_s(failures, draw)
    return now_s
