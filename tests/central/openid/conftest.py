"""A provider, a centre that asks it, and a browser."""

from collections.abc import Iterator

import httpx
import pytest

from central.store.database import database_of
from tests.central.openid.centre import OpenCentre, open_centre
from tests.central.openid.providers import OwnProvider


@pytest.fixture(scope="module")
def running_provider() -> Iterator[OwnProvider]:
    made = OwnProvider()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def provider(running_provider: OwnProvider) -> OwnProvider:
    running_provider.recover()
    return running_provider


@pytest.fixture(scope="module")
def running_centre(
    running_provider: OwnProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenCentre]:
    folder = tmp_path_factory.mktemp("centre")
    with open_centre(running_provider.issuer, database_of(folder), folder) as running:
        yield running


@pytest.fixture
def centre(running_centre: OpenCentre, provider: OwnProvider) -> OpenCentre:
    del provider  # it has recovered
    running_centre.forget_provider()
    return running_centre


@pytest.fixture
def client(centre: OpenCentre) -> Iterator[httpx.Client]:
    with centre.browser() as browser:
        yield browser
