"""Waiting for what other threads do, with a deadline."""

import time
from collections.abc import Callable


def until(happened: Callable[[], bool], within_s: float = 30.0) -> float:
    """Poll until `happened`, and return how many seconds it took."""
    started = time.monotonic()
    while not happened():
        assert time.monotonic() - started < within_s, f"not within {within_s} s"
        time.sleep(0.005)
    return time.monotonic() - started
