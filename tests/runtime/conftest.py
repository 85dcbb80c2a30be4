"""Real brokers for the tests of the link."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.backoff import Backoff
from tests.brokers import (
    EVERY_KIND,
    MOSQUITTO,
    Broker,
    running,
)

AT_ONCE = Backoff(first_s=0.02, cap_s=0.1)


@pytest.fixture(params=EVERY_KIND, ids=str)
def any_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with running(request.param, tmp_path) as broker:
        yield broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    with running(MOSQUITTO, tmp_path) as broker:
        yield broker
