"""A clock that is set by hand, and a hub by it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge.running_site import RunningHub, TestClock


@pytest.fixture
def clock() -> TestClock:
    """On Monday, 08:00."""
    return TestClock()


@pytest.fixture
def hub(tmp_path: Path, clock: TestClock) -> Iterator[RunningHub]:
    """A hub on an empty folder, closed at the end."""
    running = RunningHub(tmp_path, clock)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _collected_as_before() -> Iterator[None]:
    """A hub that is refused its start in this very process leaves the collector off."""
    yield
    gc.enable()
