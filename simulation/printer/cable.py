"""A serial cable with its CTS wire, in one process and on virtual time: faults at every byte, fast.

It stands for the adapter, the kernel's queue and the wire: bytes wait in the queue while the
printer is BUSY, and what is on the wire when its power goes is lost. Waiting takes no time but
counts, and a printer that lost its power by `blink` starts again after `starts_in_s` of it.
"""

from collections import deque

from simulation.printer.machine import VirtualPrinter

_QUEUE_BYTES = 4096
_WIRE_BYTES = 64


class Cable:
    """What a host has open: write and read take at most their timeout, of virtual seconds."""

    byte_s = 0.0

    def __init__(self, printer: VirtualPrinter, *, starts_in_s: float = 1.5) -> None:
        self.waited_s = 0.0
        self.taken_bytes = 0
        self._printer = printer
        self._starts_in_s = starts_in_s
        self._starts_at_s: float | None = None
        self._queue = bytearray()
        self._flips: dict[int, int] = {}
        self._losses: set[int] = set()
        self._heard: deque[bytes] = deque()
        printer.attach(self._heard.append)

    def blink(self) -> None:
        """Let the power go, and come back by itself."""
        self._printer.power_off()
        self._starts_at_s = self.waited_s + self._starts_in_s

    def garble(self, after_bytes: int, flip: int = 0x55) -> None:
        """Flip bits of the byte that comes `after_bytes` from now."""
        self._flips[self.taken_bytes + after_bytes] = flip

    def lose(self, after_bytes: int) -> None:
        """Lose the byte that comes `after_bytes` from now."""
        self._losses.add(self.taken_bytes + after_bytes)

    @property
    def held(self) -> bool:
        """Whether the printer holds CTS low: it is BUSY, or has no power."""
        self._drain()
        return not self._printer.room_bytes(0)

    def open(self) -> None:
        """Open the port, dropping what was left in it."""
        self.close()
        self._heard.clear()

    def write(self, data: bytes, timeout_s: float) -> int:
        """Queue bytes as far as there is room."""
        self._drain()
        if len(self._queue) >= _QUEUE_BYTES:
            self._wait(timeout_s)
            self._drain()
        taken = data[: _QUEUE_BYTES - len(self._queue)]
        for at, byte in enumerate(taken, start=self.taken_bytes):
            if at not in self._losses:
                self._queue.append(byte ^ self._flips.get(at, 0))
        self.taken_bytes += len(taken)
        self._drain()
        return len(taken)

    def read(self, timeout_s: float) -> bytes:
        """What the printer has said, when it has done all that it can do."""
        self._drain()
        if not self._heard:
            self._wait(timeout_s)
            self._drain()
        return self._heard.popleft() if self._heard else b""

    def close(self) -> None:
        """Drop what is still in the queue."""
        self._queue.clear()

    def _drain(self) -> None:
        self._printer.settle()
        while self._queue and (room := self._printer.room_bytes(0)):
            on_the_wire = bytes(self._queue[: min(room, _WIRE_BYTES)])
            del self._queue[: len(on_the_wire)]
            self._printer.receive(on_the_wire)
            self._printer.settle()

    def _wait(self, seconds: float) -> None:
        self.waited_s += seconds
        if self._starts_at_s is not None and self.waited_s >= self._starts_at_s:
            self._starts_at_s = None
            self._printer.power_on()
