"""Wrong tokens and sessions, and the network that they come from."""

from central.access.strangers import Strangers
from tests.central.test_limits import HandClock

OFFICE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def test_wrong_secrets_slow_down_their_network_alone() -> None:
    clock = HandClock()
    strangers = Strangers(3, clock)
    for _ in range(3):
        assert strangers.wait_s("a guess", OFFICE) == 0
        strangers.turn_away("a guess", OFFICE)
    assert strangers.wait_s("another", OFFICE) == 21
    assert strangers.wait_s("another", ELSEWHERE) == 0
    clock.sleep(20)
    assert strangers.wait_s("another", OFFICE) == 0


def test_a_line_of_ipv6_is_one_network() -> None:
    strangers = Strangers(1, HandClock())
    strangers.turn_away("a guess", "2001:db8::7")
    assert strangers.wait_s("a guess", "2001:db8::8") > 0


def test_what_was_right_is_never_held_up_by_the_neighbours() -> None:
    strangers = Strangers(1, HandClock())
    strangers.welcome("right")
    strangers.turn_away("a guess", OFFICE)
    assert strangers.wait_s("right", OFFICE) == 0
    assert strangers.wait_s("right too, but new", OFFICE) > 0


def test_who_is_right_no_longer_is_a_stranger_again() -> None:
    strangers = Strangers(1, HandClock())
    strangers.welcome("revoked")
    strangers.turn_away("revoked", OFFICE)
    assert strangers.wait_s("revoked", OFFICE) > 0


def test_a_crowd_of_secrets_does_not_fill_the_memory() -> None:
    strangers = Strangers(1, HandClock())
    for number in range(10_100):
        strangers.welcome(f"session {number}")
    assert len(strangers._known) == 10_000
