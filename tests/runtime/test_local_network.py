"""What a machine tells of where others reach it."""

import ifaddr
import pytest

from runtime.local_network import is_announced, own_addresses


def test_a_machine_tells_its_addresses_and_not_its_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def adapter(*addresses: str) -> ifaddr.Adapter:
        return ifaddr.Adapter("eth0", "eth0", [ifaddr.IP(ip, 24, "eth0") for ip in addresses])

    monkeypatch.setattr(
        ifaddr, "get_adapters", lambda: [adapter("127.0.0.1"), adapter("192.168.1.5")]
    )
    assert own_addresses() == ["192.168.1.5"]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [adapter("127.0.0.1")])
    with pytest.raises(OSError, match="no address"):
        own_addresses()


def test_a_hub_that_nobody_else_can_reach_is_not_worth_telling() -> None:
    assert [is_announced(host) for host in ("127.0.0.1", "::1", "localhost")] == [False] * 3
    assert [is_announced(host) for host in ("::", "192.168.1.5", "hub.local")] == [True] * 3
