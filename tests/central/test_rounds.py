"""Work that comes round again."""

import threading
from collections.abc import Iterator

import pytest

from central.rounds import Rounds
from central.store.protocol import StoreError

WITHIN_S = 20.0


class Work:
    """Turns that end as `outcomes` says, and well ever after."""

    def __init__(self, *outcomes: bool) -> None:
        self._outcomes: Iterator[bool] = iter(outcomes)
        self._begun = 0
        self._turned = threading.Condition()

    def turn(self) -> None:
        with self._turned:
            self._begun += 1
            self._turned.notify_all()
        if not next(self._outcomes, True):
            raise StoreError("gone")

    def wait_for(self, turns: int) -> None:
        with self._turned:
            assert self._turned.wait_for(lambda: self._begun >= turns, WITHIN_S)


def test_a_store_that_fails_is_named_once_until_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(True, False, False, True, False, True)
    rounds = Rounds("rollouts", work.turn, 0.001)
    rounds.start()
    work.wait_for(8)
    rounds.stop()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["rollouts wait for the database: gone"] * 2


def test_after_the_stop_nothing_is_turned() -> None:
    work = Work()
    rounds = Rounds("rollouts", work.turn, 0.001)
    rounds.start()
    work.wait_for(2)
    rounds.stop()
    assert "rollouts" not in [thread.name for thread in threading.enumerate()]


def test_the_end_does_not_wait_for_the_next_turn() -> None:
    rounds = Rounds("rollouts", Work().turn, 3600)
    rounds.start()
    rounds.stop()
