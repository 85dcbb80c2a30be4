"""A hub for the terminal to stand at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.display.terminal.station import opened
from tests.edge.running_site import RunningSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A site at work, closed at the end."""
    made = opened(tmp_path)
    yield made
    made.close()
