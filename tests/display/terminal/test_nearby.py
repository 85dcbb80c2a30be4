"""Hubs that are found on the network are shown by their site's name before anybody signs in."""

from collections.abc import Callable
from pathlib import Path

from display.terminal.settings import Settings
from runtime.discovery import FoundHub
from tests.certificates import Authority
from tests.display.terminal.station import Station, at_station
from tests.edge.running_site import RunningSite


def found(*hubs: FoundHub) -> Callable[[float], tuple[FoundHub, ...]]:
    return lambda _within_s: hubs


def hub(url: str, name: str = "Trung tâm Hồng Hà") -> FoundHub:
    return FoundHub("01-00097-01-h1", name, url)


def test_the_only_hub_is_taken_and_shown(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sees(f"Trung tâm Hồng Hà · {site.url}")
        await at.sit_down()

    at_station(site, scenario, settings=Settings(), find=found(hub(site.url)))


def test_a_terminal_that_wants_proof_passes_over_hubs_that_give_none(
    site: RunningSite, tmp_path: Path
) -> None:
    ca_file = Authority(tmp_path / "tls").certificate

    async def scenario(at: Station) -> None:
        await at.sees("https://127.0.0.1:8100")

    settings = Settings(ca_file=ca_file)
    at_station(site, scenario, settings=settings, find=found(hub(site.url)))


def test_of_several_hubs_the_clerk_chooses(site: RunningSite) -> None:
    other = hub("http://192.0.2.7:8100", "Trung tâm Cửa Nam")

    async def scenario(at: Station) -> None:
        await at.sees("Chọn trung tâm", "Trung tâm Cửa Nam", "Trung tâm Hồng Hà")
        await at.press("escape")
        await at.sees("Chưa chọn trung tâm; dùng http://127.0.0.1:8100.")
        await at.press("ctrl+o")
        await at.sees("Chọn trung tâm")
        await at.press("2")
        await at.sees(f"Trung tâm Hồng Hà · {site.url}")
        await at.sit_down()

    at_station(site, scenario, settings=Settings(), find=found(other, hub(site.url)))


def test_without_a_hub_or_a_network_this_machine_is_tried_and_looking_again_is_a_key(
    site: RunningSite,
) -> None:
    looked = []

    def find(within_s: float) -> tuple[FoundHub, ...]:
        looked.append(within_s)
        if len(looked) == 1:
            raise OSError("no network")
        return () if len(looked) == 2 else (hub(site.url),)

    async def scenario(at: Station) -> None:
        for times in (1, 2):
            await at.until(lambda times=times: len(looked) == times)  # type: ignore[misc]  # bound
            await at.sees("! Chưa thấy trung tâm nào trong mạng; dùng", "http://127.0.0.1:8100.")
            await at.press("ctrl+o")
        await at.sees(f"Trung tâm Hồng Hà · {site.url}")

    at_station(site, scenario, settings=Settings(), find=find)


def test_a_hub_that_was_named_is_not_looked_for(site: RunningSite) -> None:
    def find(_within_s: float) -> tuple[FoundHub, ...]:
        raise AssertionError

    async def scenario(at: Station) -> None:
        await at.sees("ĐĂNG NHẬP", site.url)
        assert "Ctrl+O" not in at.screen
        await at.press("ctrl+o")
        await at.sit_down()

    at_station(site, scenario, find=find)
