"""A virtual printer that benchmarks wait for."""

import queue
import time

from runtime.clock import SystemClock
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip

_SLIP_BEGINS = b"\x1b@\x1da\x0e"  # reset, then automatic status: no picture contains that


class WatchedPrinter(VirtualPrinter):
    """A virtual printer that notes when a slip's first byte came, and when it was cut off."""

    def __init__(self, model: PrinterModel) -> None:
        self.begun: queue.SimpleQueue[float] = queue.SimpleQueue()
        self.cut_off: queue.SimpleQueue[tuple[float, Slip]] = queue.SimpleQueue()
        self._before = b""
        super().__init__(
            model, SystemClock(), lambda slip: self.cut_off.put((time.perf_counter(), slip))
        )

    def receive(self, data: bytes) -> None:
        """Take bytes off the wire, and note a slip's beginning."""
        if _SLIP_BEGINS in self._before + data:
            self.begun.put(time.perf_counter())
        self._before = (self._before + data)[1 - len(_SLIP_BEGINS) :]
        super().receive(data)
