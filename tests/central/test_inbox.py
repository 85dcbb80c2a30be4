"""What waits for the committer: bounded, in order, from any thread."""

import threading

from central.ingest.inbox import Inbox
from central.ingest.intake import Received
from tests.waiting import until

MOST = 5
ENOUGH = 3
LONG_S = 30.0


def message(number: int, topic: str = "t") -> Received:
    return Received(topic, b"", number)


def test_messages_are_taken_in_order_some_at_once() -> None:
    inbox = Inbox(MOST, ENOUGH)
    for number in range(MOST):
        inbox.put(message(number))
    assert [m.received_ms for m in inbox.take(3, LONG_S)] == [0, 1, 2]
    assert len(inbox) == 2
    assert [m.received_ms for m in inbox.take(3, LONG_S)] == [3, 4]


def test_nothing_is_waited_for_where_nothing_should_be() -> None:
    assert Inbox(MOST, ENOUGH).take(MOST, 0.0) == []
    assert Inbox(MOST, ENOUGH).take(MOST, 0.001) == []


def test_who_waits_is_woken_by_the_first_message() -> None:
    inbox = Inbox(MOST, ENOUGH)
    taken: list[Received] = []
    taker = threading.Thread(target=lambda: taken.extend(inbox.take(MOST, LONG_S)))
    taker.start()
    inbox.put(message(1))
    taker.join(LONG_S / 3)
    assert not taker.is_alive()
    assert [m.received_ms for m in taken] == [1]


def test_messages_that_follow_each_other_are_gathered_until_there_are_enough() -> None:
    inbox = Inbox(MOST, ENOUGH)
    taken: list[Received] = []
    taker = threading.Thread(target=lambda: taken.extend(inbox.take(MOST, LONG_S, LONG_S)))
    taker.start()
    for number in range(ENOUGH):
        inbox.put(message(number))
    taker.join(LONG_S / 3)
    assert not taker.is_alive()
    assert [m.received_ms for m in taken] == list(range(ENOUGH))


def test_fewer_are_taken_after_the_time_for_gathering() -> None:
    inbox = Inbox(MOST, ENOUGH)
    inbox.put(message(1))
    assert [m.received_ms for m in inbox.take(MOST, 0.0, 0.001)] == [1]
    assert inbox.take(MOST, 0.0, LONG_S) == []  # none to gather for


def test_beyond_the_bound_every_thread_waits_and_nothing_is_lost() -> None:
    inbox = Inbox(MOST, ENOUGH)

    def hand_over(topic: str) -> None:
        for number in range(100):
            inbox.put(message(number, topic))

    threads = [threading.Thread(target=hand_over, args=(topic,)) for topic in "abc"]
    for thread in threads:
        thread.start()
    until(lambda: len(inbox) == MOST)
    taken: list[Received] = []
    while len(taken) < 300:
        assert len(inbox) <= MOST
        taken += inbox.take(3, LONG_S)
    for thread in threads:
        thread.join()
    assert len(inbox) == 0
    for topic in "abc":
        assert [m.received_ms for m in taken if m.topic == topic] == list(range(100))
