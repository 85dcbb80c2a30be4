"""A printer on its cable and its owner, on virtual time.

Tickets are drawn once: what is under test is what becomes of their bytes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from time import sleep
from typing import Literal

from msgspec.structs import replace

from contract.commands import ReportDevice, ReportPrint
from edge.devices.escpos_line import LineTiming
from edge.devices.escpos_printer import EscposPrinter, PrintJob, Timing
from edge.devices.printer_profile import PrinterProfile, Renderer
from edge.devices.transport import DeviceError
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages
from runtime.backoff import Backoff
from simulation.printer.cable import Cable
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import AT_ONCE, CountingClock

# Looks at an idle printer never come: each byte is where it is expected. A question unanswered
# takes half a second in truth, and nothing here, like all that the owner waits for by itself.
TIMING = Timing(
    line=LineTiming(answer_s=0.0005),
    patience_s=0.0,
    poll_s=60.0,
    reconnect=Backoff(first_s=0.0002, cap_s=0.0005),
)


class DrawnOnce(PrinterProfile, frozen=True):
    """A profile with one renderer for all, which draws what recurs once."""

    def renderer(self) -> Renderer:
        return renderer_of(self)

    def pictures(self) -> RasterRenderer:
        return pictures_of(self)


@cache
def renderer_of(profile: PrinterProfile) -> Renderer:
    return PrinterProfile.renderer(profile)


@cache
def pictures_of(profile: PrinterProfile) -> RasterRenderer:
    return PrinterProfile.pictures(profile)


MODELS = {
    "process-id": (AT_ONCE, DrawnOnce(proof="process-id", code_page=CodePages())),
    "status": (
        replace(AT_ONCE, process_id=False, automatic_status=False, busy_when_offline=False),
        DrawnOnce(automatic_status=False, code_page=CodePages()),
    ),
    "no proof": (
        replace(AT_ONCE, process_id=False, automatic_status=False, in_order_status=False),
        DrawnOnce(automatic_status=False, code_page=CodePages()),
    ),
}
Wire = Literal["serial", "usb"]
TICKETS = {copy: replace(ticket(copy=copy, expected_wait_min=None), footer=()) for copy in (1, 2)}


class Stand:
    """A printer on its cable, its owner, and what came of both."""

    def __init__(self, model: PrinterModel, profile: PrinterProfile, wire: Wire) -> None:
        self.slips: list[Slip] = []
        self.outcomes: list[ReportPrint] = []
        self.changes: list[str] = []
        self.told_s = 0.0
        self._reports: SimpleQueue[ReportPrint] = SimpleQueue()
        self._changed = threading.Condition()
        self.printer = VirtualPrinter(model, CountingClock(), self.slips.append, has_thread=False)
        self.cable = Cable(self.printer, hangs_up=DeviceError if wire == "usb" else None)
        self.owner = EscposPrinter(
            device="printer-1",
            transport=self.cable,
            profile=profile,
            report=self._note,
            timing=TIMING,
            line_clock=CountingClock(),
        )

    def print(self, copy: int) -> ReportPrint:
        self.owner.print(PrintJob("1025", copy, TICKETS[min(copy, 2)]))
        self.outcomes.append(self._reports.get(timeout=30))
        return self.outcomes[-1]

    def reprint(self, copy: int) -> None:
        """Ask for another slip, as often as nothing of it goes out."""
        while self.print(copy).outcome == "failed":
            sleep(0.0005)

    def mend(self) -> None:
        self.printer.close_cover()
        self.printer.free_cutter()
        if not self.printer.powered:
            self.printer.power_on()
        self.printer.load_paper()
        self.printer.settle()
        with self._changed:
            assert self._changed.wait_for(lambda: self.changes[-1] == "ready", 60)

    def _note(self, report: ReportPrint | ReportDevice) -> None:
        if isinstance(report, ReportPrint):
            self.told_s = self.cable.waited_s
            self._reports.put(report)
        else:
            with self._changed:
                self.changes.append(report.state)
                self._changed.notify()


@contextmanager
def stand(model: PrinterModel, profile: PrinterProfile, wire: Wire) -> Iterator[Stand]:
    there = Stand(model, profile, wire)
    try:
        yield there
    finally:
        there.owner.close()
        there.printer.close()
