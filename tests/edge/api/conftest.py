"""A served site per test, clients for those who may ask, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from contract.commands import Actor
from tests.browser import chromium
from tests.edge.running_site import KIOSK, RunningSite, TestClock


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with chromium() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path, TestClock())
    yield running
    running.close()


@pytest.fixture
def kiosk(site: RunningSite) -> Iterator[httpx.Client]:
    with site.client(site.access.add_device(KIOSK)) as client:
        yield client


@pytest.fixture
def clerk(site: RunningSite) -> Iterator[httpx.Client]:
    site.access.set_pin("nv01", "clerk", "482915")
    session = site.access.sign_in("nv01", "482915")
    assert session is not None
    with site.client(session.token) as client:
        yield client


@pytest.fixture
def pad(site: RunningSite) -> Iterator[httpx.Client]:
    with site.client(site.access.add_device(Actor("pad-1", "pad", counter="1"))) as client:
        yield client
