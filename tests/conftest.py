"""Settings for all tests."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, however slow it is.
settings.register_profile(
    "thutu", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("thutu")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a program set up for its logs within a test ends with the test."""
    root = logging.getLogger()
    level, disabled = root.level, root.manager.disable
    yield
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    root.setLevel(level)
    logging.disable(disabled)
