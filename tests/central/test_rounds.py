"""Work that comes round again."""

import threading
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from central.rounds import Rounds
from central.store.protocol import StoreError
from contract.stamp import Stamp
from runtime.clock import SystemClock
from tests.waiting import until

WITHIN_S = 20.0


class HandClock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = Stamp(1_800_000_000_000, 0, "b0", synced=True)

    def stamp(self) -> Stamp:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now = replace(self.now, mono_ns=self.now.mono_ns + int(seconds * 1e9))


class Work:
    """Turns that end as `outcomes` says, with this fault or well, and well ever after."""

    def __init__(self, *outcomes: bool, fault: Exception | None = None) -> None:
        self._outcomes: Iterator[bool] = iter(outcomes)
        self._fault = fault or StoreError("gone")
        self._begun = 0
        self._turned = threading.Condition()

    def turn(self) -> None:
        with self._turned:
            self._begun += 1
            self._turned.notify_all()
        if not next(self._outcomes, True):
            raise self._fault

    def wait_for(self, turns: int) -> None:
        with self._turned:
            assert self._turned.wait_for(lambda: self._begun >= turns, WITHIN_S)


def test_a_store_that_fails_is_named_once_until_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Work(True, False, False, True, False, True)
    rounds = Rounds("rollouts", work.turn, 0.001, SystemClock())
    rounds.start()
    work.wait_for(8)
    rounds.stop()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["rollouts wait for the database: gone"] * 2


def test_after_the_stop_nothing_is_turned() -> None:
    work = Work()
    rounds = Rounds("rollouts", work.turn, 0.001, SystemClock())
    rounds.start()
    work.wait_for(2)
    rounds.stop()
    assert "rollouts" not in [thread.name for thread in threading.enumerate()]


def test_the_end_does_not_wait_for_the_next_turn() -> None:
    rounds = Rounds("rollouts", Work().turn, 3600, SystemClock())
    rounds.start()
    rounds.stop()


def test_what_nobody_thought_of_ends_no_round_and_is_said_once_with_where_it_came_from(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = UnicodeEncodeError("ascii", "trực", 2, 3, "ordinal not in range(128)")
    work = Work(False, False, True, False, True, fault=fault)
    rounds = Rounds("alert messages", work.turn, 0.001, SystemClock())
    rounds.start()
    work.wait_for(7)
    rounds.stop()
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    assert "alert messages stand still" in caplog.text
    assert caplog.text.count("Traceback") == 2


def test_a_round_that_has_not_come_through_for_a_quarter_of_an_hour_is_ill() -> None:
    clock, work = HandClock(), Work(*[False] * 5)
    rounds = Rounds("alerts", work.turn, 0.001, clock)
    clock.sleep(899)
    before = rounds.is_healthy
    clock.sleep(2)
    assert (before, rounds.is_healthy) == (True, False)
    rounds.start()
    until(lambda: rounds.is_healthy)
    rounds.stop()
