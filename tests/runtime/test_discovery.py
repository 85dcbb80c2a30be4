"""Hubs announce themselves and are found, over real multicast on the loopback."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from zeroconf import ServiceInfo, Zeroconf

from runtime import discovery
from runtime.discovery import Announcement, FoundHub, find
from tests.waiting import until

LOOPBACK = ("127.0.0.1",)
NODE, SITE = "01-00097-01-h1", "Trung tâm Phục vụ hành chính công Phường Hồng Hà"
SERVICE = "_thutu._tcp.local."


@pytest.fixture
def anyone() -> Iterator[Zeroconf]:
    network = Zeroconf(interfaces=list(LOOPBACK))
    yield network
    network.close()


def found() -> tuple[FoundHub, ...]:
    return find(1.3, LOOPBACK)


def test_a_hub_is_found_by_the_name_of_its_site_until_it_stops() -> None:
    with (
        closing(Announcement(NODE, SITE, 8100, LOOPBACK)),
        closing(Announcement("01-00097-02-h1", "Trung tâm hai", 8200, LOOPBACK, tls=True)),
    ):
        hubs: tuple[FoundHub, ...] = ()

        def both() -> bool:
            nonlocal hubs
            hubs = found()
            return len(hubs) == 2

        until(both)
        assert hubs == (
            FoundHub(NODE, SITE, "http://127.0.0.1:8100"),
            FoundHub("01-00097-02-h1", "Trung tâm hai", "https://127.0.0.1:8200"),
        )
    assert found() == ()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"node": "not a node", "site": "x"},
        {"node": NODE},
        {"node": NODE, "site": "\x1b\x07"},
        {"node": b"\xff\xfe", "site": "x"},
    ],
)
def test_what_is_no_hub_is_passed_over(anyone: Zeroconf, said: dict[str, object]) -> None:
    info = ServiceInfo(
        SERVICE, f"liar.{SERVICE}", port=1, parsed_addresses=["127.0.0.1"], properties=said
    )
    anyone.register_service(info)
    assert found() == ()
    anyone.unregister_service(info)


def test_a_name_cannot_play_with_the_readers_terminal(anyone: Zeroconf) -> None:
    said = {"node": NODE, "site": "Hồng\x1b[2J Hà\n" + "x" * 150}
    info = ServiceInfo(
        SERVICE, f"loud.{SERVICE}", port=1, parsed_addresses=["127.0.0.1"], properties=said
    )
    anyone.register_service(info)
    names = [hub.site_name for hub in found()]
    assert names == [("Hồng[2J Hà" + "x" * 150)[:100]]
    anyone.unregister_service(info)


def test_a_network_that_comes_later_is_used_then(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = discovery._opened
    tries = []

    def no_network_at_first(interfaces: discovery.Interfaces | None) -> Zeroconf:
        tries.append(interfaces)
        if len(tries) < 3:
            raise OSError(101, "Network is unreachable")
        return opened(interfaces)

    monkeypatch.setattr(discovery, "_LOOK_S", 0.05)
    monkeypatch.setattr(discovery, "_opened", no_network_at_first)
    with closing(Announcement(NODE, SITE, 8100, LOOPBACK)):
        until(lambda: len(tries) >= 3)
        until(lambda: [hub.node for hub in found()] == [NODE])


def test_an_address_that_changes_is_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["127.0.0.1"]
    monkeypatch.setattr(discovery, "_LOOK_S", 0.05)
    with closing(Announcement(NODE, SITE, 8100, addresses)):
        until(lambda: [hub.url for hub in found()] == ["http://127.0.0.1:8100"])
        addresses.append("127.0.0.2")
        addresses.remove("127.0.0.1")
        monkeypatch.setattr(discovery, "_opened", lambda _: Zeroconf(interfaces=list(LOOPBACK)))
        until(lambda: [hub.url for hub in found()] == ["http://127.0.0.2:8100"])
