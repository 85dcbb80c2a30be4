"""Another answers where the hub was, while a clerk works: the terminal says so, and why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from display.terminal.settings import Settings
from tests.display.terminal.station import Station, at_station, opened
from tests.edge.running_site import MONDAY_8_MS, RunningSite
from tests.runtime.test_https import DAY_MS, Site

CLEAR = "máy đang trả lời không phải máy chủ tin cậy"


@pytest.fixture
def certified(tmp_path: Path) -> Site:
    return Site(tmp_path / "tls", MONDAY_8_MS)


@pytest.fixture
def site(certified: Site, tmp_path: Path) -> Iterator[RunningSite]:
    site = opened(tmp_path / "hub", certified.certificate)
    yield site
    site.close()


def settings_for(site: RunningSite, certified: Site) -> Settings:
    return Settings(hub=site.url, ca_file=certified.ca_file, progress=site.folder / "course.json")


def test_a_hub_with_another_authoritys_certificate_is_named_until_ours_is_back(
    site: RunningSite, certified: Site, tmp_path: Path
) -> None:
    other = Site(tmp_path / "other", MONDAY_8_MS)

    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.stop_serving()
        site.certificate = other.certificate
        site.serve_again()
        await at.sees(CLEAR, "Báo kỹ thuật", "unable to get local issuer certificate")
        site.stop_serving()
        site.certificate = certified.certificate
        site.serve_again()
        await at.until(lambda: CLEAR not in at.screen and "MẤT LIÊN LẠC" not in at.screen)

    at_station(site, scenario, settings=settings_for(site, certified))


def test_a_certificate_that_is_over_is_named(site: RunningSite, certified: Site) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.stop_serving()
        certified.issue(begun_ms=MONDAY_8_MS - 366 * DAY_MS)
        site.serve_again()
        await at.sees(CLEAR, "certificate was over at")

    at_station(site, scenario, settings=settings_for(site, certified))
