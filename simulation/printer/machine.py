"""The virtual printer itself: buffer, sensors, motor, power, and what can go wrong with them."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from math import ceil

from runtime.clock import Clock
from simulation.printer.characters import Character
from simulation.printer.interpreter import Hold, Interpreter, Motion
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Roll, Slip
from simulation.printer.sensors import Sensors

_BITS_PER_BYTE = 10
_TAKEN_AT_ONCE_BYTES = 256
_SLEEP_FROM_S = 0.02
_POWER_ON_NOTICE = b"\x3b1\x00"
_QUESTION = re.compile(rb"\x10\x04([\x01-\x04])", re.DOTALL)
_QUESTION_BYTES = 3


class VirtualPrinter:
    """A printer that is fed bytes by a port and hands out slips of paper.

    `on_slip` is called for each slip, as a rule from the printer's own thread; with
    `has_thread=False` it has none, and moves while somebody waits in `settle`. `failures` lists
    each command the model does not know and each byte that found no room. `reply_copies` (0 for
    never) and `reply_delay_s` spoil its answers. Faults may be set from any thread, at any time.
    """

    def __init__(
        self,
        model: PrinterModel,
        clock: Clock,
        on_slip: Callable[[Slip], None],
        *,
        paper_mm: float = 50_000.0,
        has_thread: bool = True,
    ) -> None:
        self.failures: list[str] = []
        self.reply_copies = 1
        self.reply_delay_s = 0.0
        self._model = model
        self._clock = clock
        self._on_slip = on_slip
        self._send: Callable[[bytes], None] = _to_nobody

        self._changed = threading.Condition()
        self._buffer = bytearray()
        self._received_bytes = 0
        self._last_received = b""
        self._faults: dict[int, Callable[[], object]] = {}
        self._sensors = Sensors(paper_mm, model.near_end_mm)
        self._cutter_jammed = False
        self._powered = True
        self._closed = False
        self._power_cuts = 0
        self._power_cuts_noticed = 0
        self._automatic_mask = 0
        self._automatic_said = b""

        self._roll = Roll(model.dots, round(model.cutter_mm * model.dots_per_mm))
        self._roll_in_use = threading.Lock()
        self._row_mm = 1 / model.dots_per_mm
        self._row_s = self._row_mm / model.mm_per_s
        self._moved_s = 0.0
        self._motor = self._run()
        self._motor_held_by = next(self._motor)
        self._motor_in_use = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="virtual-printer", daemon=True)
        if has_thread:
            self._thread.start()

    def close(self) -> None:
        """Switch off for good."""
        self.power_off()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    # --- the port's side ----------------------------------------------------------------------

    @property
    def powered(self) -> bool:
        """Whether anything answers at all."""
        return self._powered

    @property
    def power_cuts(self) -> int:
        """How often the power has gone: a connection made before does not outlast it."""
        return self._power_cuts

    def settle(self) -> None:
        """Have everything done that can be done with the bytes received."""
        with self._motor_in_use:
            while self._motor_held_by():
                self._motor_held_by = next(self._motor)

    def attach(self, send: Callable[[bytes], None]) -> None:
        """Let what the printer says go to `send`, which must not block."""
        self._send = send

    def room_bytes(self, timeout_s: float) -> int:
        """How many bytes may be drained from the port; waits up to `timeout_s` while BUSY."""
        with self._changed:
            if timeout_s and not self._room_bytes():
                self._changed.wait_for(self._room_bytes, timeout_s)
            return self._room_bytes()

    def receive(self, data: bytes) -> None:
        """Take bytes off the wire; DLE EOT is answered at once, even when there is no room.

        What was on the wire when the power went is lost, however soon that is back.
        """
        power_cuts = self._power_cuts
        while data and self._power_cuts == power_cuts:
            end = self._received_bytes + len(data)
            at = min(end, *self._faults) if self._faults else end
            part, data = data[: at - self._received_bytes], data[at - self._received_bytes :]
            self._receive(part)
            if self._faults and (fault := self._faults.pop(at, None)):
                fault()

    # --- faults -------------------------------------------------------------------------------

    def at_byte(self, count: int, fault: Callable[[], object]) -> None:
        """Call `fault` right after the `count`-th byte from now has been received."""
        self._faults[self._received_bytes + count] = fault

    def power_off(self) -> None:
        """Cut the power: buffer, settings and position are lost, the paper stays as it is."""
        with self._changed:
            self._powered = False
            self._power_cuts += 1
            self._buffer.clear()
            self._automatic_mask = 0
            self._sensors.cutter_error = False
            self._changed.notify_all()

    def power_on(self) -> None:
        """Switch on again."""
        with self._changed:
            self._powered = True
            self._changed.notify_all()
        if self._model.power_on_notice:
            self._say(_POWER_ON_NOTICE)

    def open_cover(self) -> None:
        """Open the cover: printing stops at the row it is at."""
        self._sensors.cover_open = True
        self._sensors_changed()

    def close_cover(self) -> None:
        """Close the cover: printing goes on."""
        self._sensors.cover_open = False
        self._sensors_changed()

    def remove_paper(self) -> None:
        """Take the roll out, or let it end here."""
        self._sensors.paper_mm = 0.0
        self._sensors_changed()

    def load_paper(self, mm: float = 50_000.0) -> None:
        """Put in a roll; a slip the old one ended in comes off in two parts."""
        with self._roll_in_use:
            if self._roll.printed:
                self._roll.spoil()
                torn = self._roll.tear()
                self._roll.spoil()
            else:
                torn = None
        if torn is not None:
            self._on_slip(torn)
        self._sensors.paper_mm = mm
        self._sensors_changed()

    def jam_cutter(self) -> None:
        """Let the next cut fail."""
        self._cutter_jammed = True

    def free_cutter(self) -> None:
        """Mend the cutter: a cut that failed is made."""
        self._cutter_jammed = False
        self._sensors.cutter_error = False
        self._sensors_changed()

    def tear(self) -> None:
        """Tear off by hand what is printed so far."""
        with self._roll_in_use:
            torn = self._roll.tear()
        if torn is not None:
            self._on_slip(torn)

    # --- the mechanism, moved by the interpreter ----------------------------------------------

    def burn(self, rows: Sequence[int]) -> Motion:
        """Burn rows and feed a dot for each, while there is paper under a closed cover."""
        burnt = 0
        while burnt < len(rows):
            if self._sensors.offline or self._lost_power:
                self._catch_up()
                yield from self._until_online()
            until = min(len(rows), burnt + self._rows_in_one_go())
            with self._roll_in_use:
                self._roll.add(rows[burnt:until])
            self._feed(until - burnt)
            burnt = until

    def cut(self, feed_dots: int | None) -> Motion:
        """Cut where the paper is, or after feeding the last row `feed_dots` past the knife."""
        if feed_dots is not None:
            to_the_knife = round(self._model.cutter_mm * self._model.dots_per_mm)
            yield from self.burn([0] * (to_the_knife + feed_dots))
        self._catch_up()
        if not self._model.cutter_mm:
            return
        if self._cutter_jammed:
            self._sensors.cutter_error = True
            self._sensors_changed()
            yield from self._until_online()
        with self._roll_in_use:
            slip = self._roll.cut()
        self._on_slip(slip)

    def reply(self, data: bytes) -> None:
        """Answer in order: only when the paper has arrived where the command says."""
        self._catch_up()
        self._say(data)

    def report_changes(self, mask: int) -> None:
        """Switch automatic status back; the present state is said at once."""
        self._automatic_mask = mask
        self._automatic_said = b""
        self._sensors_changed()

    def answer_in_order(self) -> None:
        """Answer GS r 1."""
        self.reply(self._sensors.in_order())

    def note_text(self, line: Sequence[Character]) -> None:
        """Remember a line of characters."""
        self._roll.note_text(line)

    def note_qr(self, content: str) -> None:
        """Remember what a QR code contains."""
        self._roll.note_qr(content)

    # --- within -------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closed:
            self.settle()
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._motor_held_by())

    def _run(self) -> Iterator[Hold]:
        """All that the motor ever does; yields what holds it up."""
        while True:
            interpreter = Interpreter(self._model, self, self.failures.append)
            try:
                while True:
                    yield self._has_work
                    yield from interpreter.feed(self._next_bytes())
            except _PowerLostError:
                self._power_cuts_noticed = self._power_cuts
                if self._roll.printed:
                    self._roll.spoil()

    def _has_work(self) -> bool:
        return self._lost_power or bool(self._buffer and not self._sensors.offline)

    def _next_bytes(self) -> bytes:
        with self._changed:
            if self._lost_power:
                raise _PowerLostError
            data = bytes(self._buffer[:_TAKEN_AT_ONCE_BYTES])
            del self._buffer[:_TAKEN_AT_ONCE_BYTES]
            self._changed.notify_all()
        return data

    def _until_online(self) -> Motion:
        yield lambda: self._lost_power or not self._sensors.offline
        if self._lost_power:
            raise _PowerLostError

    def _rows_in_one_go(self) -> int:
        """How many rows are burnt before a sensor feels the paper end, or time is to pass."""
        paper_mm = self._sensors.paper_mm
        to_near_end_mm = paper_mm - self._model.near_end_mm
        felt_mm = to_near_end_mm if to_near_end_mm > 0 else paper_mm
        to_sleep_s = _SLEEP_FROM_S - self._moved_s
        return max(1, ceil(min(felt_mm / self._row_mm, to_sleep_s / self._row_s)))

    def _feed(self, rows: int) -> None:
        before_mm = self._sensors.paper_mm
        self._sensors.paper_mm = after_mm = before_mm - rows * self._row_mm
        if before_mm > 0 >= after_mm or before_mm > self._model.near_end_mm >= after_mm:
            self._sensors_changed()
        self._moved_s += rows * self._row_s
        if self._moved_s >= _SLEEP_FROM_S:
            self._catch_up()

    def _catch_up(self) -> None:
        """Let the time pass that the paper took."""
        self._clock.sleep(self._moved_s)
        self._moved_s = 0.0

    def _receive(self, data: bytes) -> None:
        if self._model.baud is not None:
            self._clock.sleep(len(data) * _BITS_PER_BYTE / self._model.baud)
        self._received_bytes += len(data)
        if not self._powered:
            return
        heard = self._last_received + data
        self._last_received = heard[1 - _QUESTION_BYTES :]
        with self._changed:
            room = self._model.buffer_bytes - len(self._buffer)
            self._buffer += data[:room]
            self._changed.notify_all()
        if len(data) > room and (lost := _QUESTION.sub(b"", data[room:])):
            self.failures.append(f"{len(lost)} bytes without room")
        for question in _QUESTION.finditer(heard):
            self._say(self._sensors.real_time(question[1][0]))

    def _sensors_changed(self) -> None:
        with self._changed:
            self._changed.notify_all()
        if not self._automatic_mask:
            return
        status = self._sensors.automatic()
        if status != self._automatic_said:
            self._automatic_said = status
            self._say(status)

    def _say(self, data: bytes) -> None:
        if self.reply_delay_s:
            self._clock.sleep(self.reply_delay_s)
        for _ in range(self.reply_copies):
            self._send(data)

    def _room_bytes(self) -> int:
        if not self._powered or (self._model.busy_when_offline and self._sensors.offline):
            return 0
        return max(0, self._model.buffer_bytes - len(self._buffer))

    @property
    def _lost_power(self) -> bool:
        return self._power_cuts != self._power_cuts_noticed


class _PowerLostError(Exception):
    """The power went while the mechanism was moving or waiting."""


def _to_nobody(data: bytes) -> None:
    """What a printer says while nothing is attached."""
