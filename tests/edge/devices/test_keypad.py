from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from contract.commands import Answer, AnyCommand, CallNext, MarkNoShow, Recall, ReportDevice
from contract.refusals import Reason, Refused
from contract.stamp import Stamp
from edge.devices.keypad import HELD_LONG_S, HELD_S, LAIN_ON_S, QUIET_S, Keypad, KeyUses
from runtime.settings import SettingsError
from simulation.keypads import VirtualKeypad
from tests.waiting import until

NEXT, AGAIN, ABSENT = CallNext("3", finish_current=True), Recall("3"), MarkNoShow("3")
KEYS = {
    "KEY_KPENTER": KeyUses(NEXT, AGAIN, ABSENT),
    "KEY_KP0": KeyUses.always(AGAIN),
    "KEY_KPDOT": KeyUses.always(ABSENT),
}


class KeyClock:
    """Time passes only while a key is held."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000_000

    def stamp(self) -> Stamp:
        return Stamp(0, self.now_ns, "boot", synced=False)

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.given: list[AnyCommand] = []
        self.reply: Answer | Refused | Exception = Answer(seq=9)
        self.reports: list[ReportDevice] = []
        self.clock = KeyClock()
        self.plastic = VirtualKeypad(folder / "usb-keypad-event-kbd", self.clock)
        self.keypad = Keypad(
            "keypad-3",
            str(self.plastic.path),
            KEYS,
            self.give,
            self.reports.append,
            open_input=self.plastic.opens,
        )
        until(lambda: self.plastic.grabbed)

    def give(self, command: AnyCommand) -> Future[Answer | Refused]:
        self.given.append(command)
        reply: Future[Answer | Refused] = Future()
        if isinstance(self.reply, Exception):
            reply.set_exception(self.reply)
        else:
            reply.set_result(self.reply)
        return reply


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.keypad.close()
    desk.plastic.close()


def test_one_key_calls_the_next_number_once(desk: Desk) -> None:
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT])
    assert desk.plastic.lights(0.4) == [1, 0]


def test_held_long_or_by_a_second_key_it_calls_again(desk: Desk) -> None:
    desk.plastic.press("KEY_KPENTER", hold_s=HELD_S + 0.05)
    desk.plastic.press("KEY_KP0")
    desk.plastic.press("KEY_KPENTER", hold_s=HELD_S - 0.05)
    until(lambda: desk.given == [AGAIN, AGAIN, NEXT])


def test_held_for_three_seconds_or_by_a_third_key_it_says_that_nobody_came(desk: Desk) -> None:
    desk.plastic.press("KEY_KPENTER", hold_s=HELD_LONG_S + 0.05)
    desk.plastic.press("KEY_KPENTER")
    desk.plastic.press("KEY_KPDOT")
    desk.plastic.press("KEY_KPENTER", hold_s=HELD_LONG_S - 0.05)
    until(lambda: desk.given == [ABSENT, NEXT, ABSENT, AGAIN])


def test_a_folder_that_lay_on_a_key_sends_nobody_away(desk: Desk) -> None:
    desk.plastic.press("KEY_KPENTER", hold_s=LAIN_ON_S)
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT])


def test_a_nervous_second_press_is_not_a_second_person(desk: Desk) -> None:
    for _ in range(3):
        desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT])
    desk.clock.sleep(QUIET_S)
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT, NEXT])
    desk.clock.sleep(-3600)  # the machine's clock is set
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT, NEXT, NEXT])


def test_other_keys_do_nothing(desk: Desk) -> None:
    desk.plastic.press("KEY_A")
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT])


@pytest.mark.parametrize("reply", [Refused(Reason.NOBODY_WAITING), OSError("no answer")])
def test_a_refusal_and_silence_are_seen_at_the_keypad(
    desk: Desk, reply: Refused | Exception
) -> None:
    desk.reply = reply
    desk.plastic.press("KEY_KPENTER")
    assert desk.plastic.lights(0.6) == [1, 0] * 4


def test_a_keypad_that_is_pulled_out_is_reported_once_and_works_again_when_back(
    desk: Desk,
) -> None:
    desk.plastic.unplug()
    until(lambda: len(desk.reports) == 2)
    desk.plastic.press("KEY_KPENTER")
    desk.plastic.plug()
    until(lambda: desk.plastic.grabbed)
    desk.plastic.press("KEY_KPENTER")
    until(lambda: desk.given == [NEXT])
    assert desk.reports == [
        ReportDevice("keypad-3", "ready"),
        ReportDevice("keypad-3", "lost", "no-keypad"),
        ReportDevice("keypad-3", "ready"),
    ]


def test_a_keypad_someone_else_holds_is_waited_for(tmp_path: Path) -> None:
    plastic = VirtualKeypad(tmp_path / "kbd", KeyClock())
    held = plastic.opens(str(plastic.path))
    held.grab()
    with pytest.raises(OSError, match="busy"):
        held.grab()
    held.close()
    plastic.close()


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KEY_ENTRE is no key"):
        Keypad(
            "keypad-3",
            str(tmp_path / "kbd"),
            {"KEY_ENTRE": KeyUses.always(NEXT)},
            lambda _: Future(),
            lambda _: None,
        )
