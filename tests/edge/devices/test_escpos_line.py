"""The conversation over a slow wire, in a time that passes only while somebody listens."""

import pytest

from edge.devices.escpos_line import EscposLine, LineTiming
from edge.devices.escpos_status import ASK_STATUS, Status
from tests.edge.running_site import TestClock

BAUD_9600_S = 10 / 9600
ONLINE, PAPER_THERE = 0x16, 0x12
COVER_OPEN = b"\x38\x00\x00\x00"


class SlowWire:
    """A serial line whose kernel queue takes everything at once, and whose printer is well."""

    byte_s = BAUD_9600_S
    held = False
    cut = False

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        self._carried_s = 0.0
        self._answers: list[tuple[float, int]] = []

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def write(self, data: bytes, timeout_s: float) -> int:  # noqa: ARG002 - never refuses
        self._carried_s = max(self._carried_s, self._now_s()) + len(data) * self.byte_s
        if data in ASK_STATUS.values():
            byte = ONLINE if data == ASK_STATUS[1] else PAPER_THERE
            self._answers.append((self._carried_s, byte))
        return len(data)

    def read(self, timeout_s: float) -> bytes:
        self._clock.later(timeout_s)
        if self.cut:
            return b""
        due = [byte for at_s, byte in self._answers if at_s <= self._now_s()]
        del self._answers[: len(due)]
        return bytes(due)

    def _now_s(self) -> float:
        return self._clock.stamp().mono_ns / 1e9


def test_a_question_waits_behind_what_was_sent_before_it() -> None:
    clock = TestClock()
    line = EscposLine(SlowWire(clock), LineTiming(answer_s=0.5), clock, answers=True)
    assert line.state() == Status(None)
    assert line.send(bytes(4096)) == (4096, None)
    assert line.state() == Status(None)


class OpenedWhileAsked(SlowWire):
    """The printer's cover is opened when it answers question `asked`: it says so by itself, and
    once it has taken `more` questions it takes nothing any more, as one that holds up the line
    while it cannot print."""

    byte_s = 0.0

    def __init__(self, clock: TestClock, asked: int, more: int) -> None:
        super().__init__(clock)
        self._asked = ASK_STATUS[asked]
        self._more = more
        self._is_open = False

    def write(self, data: bytes, timeout_s: float) -> int:
        if self._is_open:
            self._more -= 1
            if self._more < 0:
                return 0
        super().write(data, timeout_s)
        if data == self._asked and not self._is_open:
            self._is_open = True
            self._answers += [(self._now_s(), byte) for byte in COVER_OPEN]
        return len(data)


@pytest.mark.parametrize(("asked", "more"), [(1, 0), (1, 1), (4, 0)])
def test_what_a_printer_says_by_itself_while_it_is_asked_is_its_last_word(
    asked: int, more: int
) -> None:
    clock = TestClock()
    line = EscposLine(OpenedWhileAsked(clock, asked, more), LineTiming(), clock, answers=True)
    assert [line.state() for _ in range(3)] == [Status("cover-open")] * 3


def test_once_the_wire_is_free_silence_is_noticed_as_soon_as_ever() -> None:
    clock = TestClock()
    wire = SlowWire(clock)
    line = EscposLine(wire, LineTiming(answer_s=0.5), clock, answers=True)
    line.send(bytes(4096))
    clock.later(5)
    assert line.state() == Status(None)
    wire.cut = True
    before_s = clock.mono_ns / 1e9
    assert line.state() == Status("no-answer")
    assert clock.mono_ns / 1e9 - before_s < 0.7
