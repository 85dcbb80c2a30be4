"""A printer's cable in one process and on virtual time: faults at every byte, fast.

It stands for the adapter, the kernel's queue and the wire: bytes wait in the queue while the
printer is BUSY, and what is on the wire when its power goes is lost. A serial cable has a CTS wire
and never breaks; one that hangs up, as USB and networks do, is gone with the printer's power, and
is opened again when that is back. Waiting takes no time but counts, and a printer that lost its
power by `blink` starts again after a second and a half of it.
"""

from collections import deque

from simulation.printer.machine import VirtualPrinter

_QUEUE_BYTES = 4096
_WIRE_BYTES = 256
_OPENS_WITHIN_S = 0.5
_STARTS_IN_S = 1.5
_FLIPPED_BITS = 0x55


class Cable:
    """What a host has open: write and read take at most their timeout, of virtual seconds."""

    byte_s = 0.0

    def __init__(self, printer: VirtualPrinter, *, hangs_up: type[Exception] | None = None) -> None:
        """`hangs_up` is what a host meets who uses a cable that is gone; None never hangs up."""
        self.waited_s = 0.0
        self.carried_bytes = 0
        self._taken_bytes = 0
        self._printer = printer
        self._hangs_up = hangs_up
        self._power_cuts = 0
        self._starts_at_s: float | None = None
        self._queue = bytearray()
        self._flips: set[int] = set()
        self._losses: set[int] = set()
        self._heard: deque[bytes] = deque()
        printer.attach(self._heard.append)

    def blink(self) -> None:
        """Let the power go, and come back by itself."""
        self._printer.power_off()
        self._starts_at_s = self.waited_s + _STARTS_IN_S

    def garble(self, count: int) -> None:
        """Flip bits of the `count`-th byte from now."""
        self._flips.add(self._taken_bytes + count - 1)

    def lose(self, count: int) -> None:
        """Lose the `count`-th byte from now."""
        self._losses.add(self._taken_bytes + count - 1)

    @property
    def held(self) -> bool:
        """Whether the printer holds CTS low: it is BUSY, or has no power."""
        self._drain()
        return self._hangs_up is None and not self._printer.room_bytes(0)

    def open(self) -> None:
        """Open the port, dropping what was left in it. Raises `hangs_up` when there is none."""
        self.close()
        self._heard.clear()
        if self._hangs_up and not self._printer.powered:
            self._wait(_OPENS_WITHIN_S)
            raise self._hangs_up("no printer at the end of the cable")
        self._power_cuts = self._printer.power_cuts

    def write(self, data: bytes, timeout_s: float) -> int:
        """Queue bytes as far as there is room. Raises `hangs_up` when the printer did."""
        if self._queue:
            self._drain()
        if len(self._queue) >= _QUEUE_BYTES:
            self._wait(timeout_s)
            self._drain()
        taken = data[: _QUEUE_BYTES - len(self._queue)]
        self._queue += self._spoilt(taken) if self._flips or self._losses else taken
        self._taken_bytes += len(taken)
        self._drain()
        return len(taken)

    def read(self, timeout_s: float) -> bytes:
        """What the printer has said, when it has done all that it can do. Raises `hangs_up`
        when it did."""
        self._drain()
        if not self._heard:
            self._wait(timeout_s)
            self._drain()
        return self._heard.popleft() if self._heard else b""

    def close(self) -> None:
        """Drop what is still in the queue."""
        self._queue.clear()

    def _spoilt(self, data: bytes) -> bytes:
        """What is left of the next bytes, by the faults that are set."""
        spoilt = bytearray(data)
        for at in [at - self._taken_bytes for at in self._flips]:
            if 0 <= at < len(data):
                spoilt[at] ^= _FLIPPED_BITS
        for at in sorted((at - self._taken_bytes for at in self._losses), reverse=True):
            if 0 <= at < len(data):
                del spoilt[at]
        return bytes(spoilt)

    def _drain(self) -> None:
        self._printer.settle()
        while self._queue and not self._is_gone and (room := self._printer.room_bytes(0)):
            on_the_wire = bytes(self._queue[: min(room, _WIRE_BYTES)])
            del self._queue[: len(on_the_wire)]
            self._printer.receive(on_the_wire)
            self._printer.settle()
            self.carried_bytes += len(on_the_wire)
        if self._hangs_up and self._is_gone:
            raise self._hangs_up("the printer hung up")

    @property
    def _is_gone(self) -> bool:
        return self._hangs_up is not None and self._printer.power_cuts != self._power_cuts

    def _wait(self, seconds: float) -> None:
        self.waited_s += seconds
        if self._starts_at_s is not None and self.waited_s >= self._starts_at_s:
            self._starts_at_s = None
            self._printer.power_on()
