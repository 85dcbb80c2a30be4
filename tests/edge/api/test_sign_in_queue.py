"""Who may wait to sign in while others do."""

from contextlib import ExitStack

import pytest

from edge.api.sign_in_queue import Busy, SignInQueue
from tests.edge.running_site import TestClock

KNOWN = "10.0.0.3"


@pytest.fixture
def queue(clock: TestClock) -> SignInQueue:
    return SignInQueue(lambda address: address == KNOWN, clock)


def test_a_strange_address_has_two_places(queue: SignInQueue) -> None:
    with queue.place("10.0.0.66"), queue.place("10.0.0.66"):
        with pytest.raises(Busy) as busy, queue.place("10.0.0.66"):
            pass
        with queue.place("10.0.0.67"):
            pass
    assert busy.value.seconds == 2
    with queue.place("10.0.0.66"):
        pass


def test_strangers_leave_places_for_those_known_here(queue: SignInQueue) -> None:
    with ExitStack() as inside:
        for number in range(4):
            inside.enter_context(queue.place(f"10.0.1.{number}"))
        with pytest.raises(Busy), queue.place("10.0.1.9"):
            pass
        for _ in range(8):
            inside.enter_context(queue.place(KNOWN))
        with pytest.raises(Busy), queue.place(KNOWN):
            pass


def test_a_place_is_given_back_whatever_happens(queue: SignInQueue) -> None:
    for _ in range(5):
        with pytest.raises(RuntimeError), queue.place("10.0.0.66"):
            raise RuntimeError
    with queue.place("10.0.0.66"):
        pass


def test_a_strange_address_may_try_ten_times_then_slowly(
    queue: SignInQueue, clock: TestClock
) -> None:
    waits: list[int] = []

    def tries(address: str) -> int:
        for count in range(100):
            try:
                with queue.place(address):
                    pass
            except Busy as busy:
                waits.append(busy.seconds)
                return count
        return 100

    assert tries("10.0.0.66") == 10
    clock.later(6)
    assert tries("10.0.0.66") == 1
    clock.later(600)
    assert tries("10.0.0.66") == 10
    assert tries(KNOWN) == 100
    assert tries("10.0.0.67") == 10
    assert max(waits) <= 6


def test_the_memory_of_addresses_is_bounded(queue: SignInQueue) -> None:
    for number in range(3000):
        with queue.place(f"10.1.{number // 256}.{number % 256}"):
            pass
    assert len(queue._tried) == 1000
