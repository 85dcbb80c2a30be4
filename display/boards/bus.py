"""One thread owns one line and serves the displays on it in turn."""

import logging
import termios
import threading
from collections.abc import Callable, Mapping, Sequence

from contract.commands import ReportDevice
from contract.snapshot import CounterView
from display.boards.drivers import AnyBoard
from display.boards.frames import Face, face
from display.boards.line import Line, OpenLine, open_line
from display.boards.turns import Turn, Turns
from runtime.backoff import Backoff
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_BITS_PER_BYTE = 11
_REPLY_S = 0.1
_REOPEN = Backoff(first_s=0.25, cap_s=2.0)
_LINE_ERRORS = (OSError, termios.error)  # serial.SerialException is an OSError

# To see whether a two-wire adapter hears itself: every Modbus slave drops a wrong checksum. One
# silence is not believed: a late echo would later pass for a dead display's answer.
_PROBE = bytes(4)
_PROBES = 3
GARBLED = ("garbled-line", "garbled-answer")


class BoardBus:
    """Keeps the displays on one line showing what `show` said last.

    `port` is the path of a serial adapter, of a pseudo-terminal or of SPI, as `open_line` takes
    it. `report` is called by the bus's own thread when a display starts or stops working, and must
    not wait; `turned` at every turn of its loop.
    """

    def __init__(
        self,
        port: str,
        boards: Sequence[AnyBoard],
        report: Callable[[ReportDevice], None],
        clock: Clock,
        *,
        baud: int = 9600,
        turned: Callable[[], object] = bool,
        open_line: OpenLine = open_line,
    ) -> None:
        self._port = port
        self._open_line = open_line
        self._baud = baud
        self._report = report
        self._clock = clock
        self._turned = turned
        self._faces: Mapping[str, Face] = {}
        self._turns = Turns(boards, self._clock.stamp().mono_s)
        self._anyone_replies = any(board.reply_bytes for board in boards)
        longest_bytes = max(len(board.frame(Face("1"))) + board.reply_bytes for board in boards)
        self._timeout_s = _REPLY_S + longest_bytes * _BITS_PER_BYTE / baud
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._owner = threading.Thread(target=self._own_line, name=f"boards {port}")
        self._owner.start()

    def show(self, counters: Sequence[CounterView]) -> None:
        """Take what the counters' displays should show from now on; those not named go dark."""
        self._faces = {view.counter: face(view) for view in counters}
        self._changed.set()

    def close(self) -> None:
        """Stop, leaving the displays as they are."""
        self._closing.set()
        self._changed.set()
        self._owner.join()

    def _own_line(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._turned()
            try:
                with self._open_line(self._port, self._baud, self._timeout_s) as line:
                    self._take_turns(line)
            except _LINE_ERRORS as error:
                news = self._turns.line_lost("line-lost", self._clock.stamp().mono_s)
                if news:
                    logger.warning("the line %s is lost: %s", self._port, error)
                failures = 1 if news else failures + 1
                self._tell(news)
                self._closing.wait(_REOPEN.longest_s(failures))

    def _take_turns(self, line: Line) -> None:
        echoes = self._anyone_replies and self._echoes(line)
        while not self._closing.is_set():
            self._turned()
            self._changed.clear()
            now_s = self._clock.stamp().mono_s
            self._turns.want(self._faces, now_s)
            turn = self._turns.next(now_s)
            if turn is None:
                self._changed.wait(max(0.0, self._turns.next_due_s() - now_s))
                continue
            fault = self._exchange(line, turn, echoes=echoes)
            if fault in GARBLED:
                echoes = self._echoes(line)
            now_s = self._clock.stamp().mono_s
            self._tell(
                self._turns.failed(turn.board, fault, now_s)
                if fault
                else self._turns.succeeded(turn.board, now_s)
            )
            self._clock.sleep(self._gap_s())

    def _exchange(self, line: Line, turn: Turn, *, echoes: bool) -> str:
        """Send a frame and read its reply; returns what went wrong, or nothing."""
        line.reset_input_buffer()
        for part in turn.board.parts(turn.frame):
            line.write(part)
        line.flush()
        if echoes and line.read(len(turn.frame)) != turn.frame:
            return "garbled-line"
        reply = line.read(turn.board.reply_bytes)
        if len(reply) < turn.board.reply_bytes:
            return "garbled-answer" if reply else "no-answer"
        return "" if turn.board.accepted(turn.frame, reply) else "garbled-answer"

    def _echoes(self, line: Line) -> bool:
        for _ in range(_PROBES):
            line.reset_input_buffer()
            line.write(_PROBE)
            line.flush()
            if line.read(len(_PROBE)) == _PROBE:
                return True
        return False

    def _gap_s(self) -> float:
        """Modbus's silence of three and a half characters, 1.75 ms at the least."""
        return max(3.5 * _BITS_PER_BYTE / self._baud, 0.00175)

    def _tell(self, news: list[ReportDevice]) -> None:
        for report in news:
            logger.info("%s is %s %s", report.device, report.state, report.condition)
            self._report(report)
