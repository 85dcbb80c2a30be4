"""How often someone may ask."""

import pytest

from central.access.limits import RateLimit, network_of
from contract.stamp import Stamp

NS_PER_S = 1_000_000_000


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.s = 100.0

    def stamp(self) -> Stamp:
        """The present reading."""
        return Stamp(0, int(self.s * NS_PER_S), "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.s += seconds


def test_a_minutes_worth_may_come_at_once_and_then_one_by_one() -> None:
    clock = HandClock()
    limit = RateLimit(6, clock)
    assert [limit.wait_s("An") for _ in range(6)] == [0] * 6
    assert limit.wait_s("An") == 11
    assert limit.wait_s("Bình") == 0, "everybody has a bucket of their own"
    clock.sleep(10)
    assert limit.wait_s("An") == 0
    assert limit.wait_s("An") > 0
    clock.sleep(3600)
    assert [limit.wait_s("An") for _ in range(7)][:6] == [0] * 6


def test_a_crowd_of_names_does_not_fill_the_memory() -> None:
    limit = RateLimit(1, HandClock())
    for number in range(20_000):
        limit.wait_s(str(number))
    assert len(limit._buckets) <= 10_000


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::7", "2001:db8:0:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_line_of_ipv6_counts_as_one_however_many_addresses_it_takes(
    address: str, counts_as: str
) -> None:
    assert network_of(address) == counts_as


def test_what_is_given_back_was_no_request() -> None:
    limit = RateLimit(2, HandClock())
    limit.give_back("An")
    for _ in range(10):
        assert limit.wait_s("An") == 0
        limit.give_back("An")
    assert [limit.wait_s("An") > 0 for _ in range(3)] == [False, False, True], "and never more"
