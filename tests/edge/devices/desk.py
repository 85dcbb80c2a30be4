"""A printer's owner and a virtual printer, with a real pseudo-terminal or TCP port between them.

With `THUTU_USB`, in the machine of `make test-usb`, a USB printer is one for the kernel too: behind
its driver `usblp` is a gadget of `tests/kernel_machine/usb.sh`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from contract.commands import ReportDevice, ReportPrint
from edge.devices.escpos_line import LineTiming
from edge.devices.escpos_printer import EscposPrinter, PrintJob, Timing
from edge.devices.printer_profile import PrinterProfile
from edge.devices.transport import transport
from runtime.backoff import Backoff
from simulation.printer.gadget import Gadget, GadgetPort
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import PtyPort, TcpPort, UsbPort
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

Wire = Literal["pty", "usb", "tcp"]

REAL_USB = "THUTU_USB" in os.environ

# For tests in which no time runs out, however busy the machine is.
STEADY = Timing(proof_s=30.0, poll_s=0.05, reconnect=Backoff(first_s=0.05, cap_s=0.1))

# For tests that wait until time runs out.
HASTY = Timing(
    line=LineTiming(answer_s=0.5, stall_s=0.7),
    proof_s=1.2,
    patience_s=0.2,
    poll_s=0.05,
    reconnect=Backoff(first_s=0.05, cap_s=0.1),
)


class Desk:
    """What happened between the hub's side and the paper."""

    def __init__(
        self, wire: Wire, folder: Path, model: PrinterModel, profile: PrinterProfile, timing: Timing
    ) -> None:
        self.slips: list[Slip] = []
        self.outcomes: list[ReportPrint] = []
        self.changes: list[ReportDevice] = []
        self.virtual = VirtualPrinter(model, CountingClock(), self.slips.append)
        self.port = _plugged(self.virtual, wire, folder / "printer")
        self.owner = EscposPrinter(
            device="printer-1",
            transport=transport(self.url),
            profile=profile,
            report=self._note,
            timing=timing,
        )

    @property
    def url(self) -> str:
        if isinstance(self.port, PtyPort):
            return f"serial:{self.port.path}?baud=115200"
        if isinstance(self.port, UsbPort):
            return f"usb:{self.port.path}"
        return f"tcp://{self.port.address[0]}:{self.port.address[1]}"

    def job(self, number: str = "1025", copy: int = 1) -> None:
        self.owner.print(PrintJob(number, copy, ticket(number=number, copy=copy)))

    def outcome(self, count: int = 1) -> ReportPrint:
        """Wait for the `count`-th outcome."""
        until(lambda: len(self.outcomes) >= count)
        return self.outcomes[count - 1]

    def change(self, state: str, condition: str = "") -> None:
        """Wait until the last change reported is to this state."""
        wanted = (state, condition)
        until(lambda: bool(self.changes) and _seen(self.changes[-1]) == wanted)

    @property
    def seen(self) -> list[tuple[str, str]]:
        return [_seen(change) for change in self.changes]

    def _note(self, report: ReportPrint | ReportDevice) -> None:
        if isinstance(report, ReportPrint):
            self.outcomes.append(report)
        else:
            self.changes.append(report)


@contextmanager
def desk(
    folder: Path,
    wire: Wire = "pty",
    *,
    model: PrinterModel = AT_ONCE,
    profile: PrinterProfile | None = None,
    timing: Timing = STEADY,
) -> Iterator[Desk]:
    stand = Desk(wire, folder, model, profile or PrinterProfile(proof="process-id"), timing)
    try:
        yield stand
    finally:
        stand.owner.close()
        stand.port.close()
        stand.virtual.close()


def usb_port(printer: VirtualPrinter, path: Path, bus: int = 0) -> UsbPort:
    """A printer plugged in at `path`, or where our udev rules say for the first socket of `bus`."""
    if not REAL_USB:
        return UsbPort(printer, path)
    return GadgetPort(
        printer,
        Path(f"/dev/thutu/printer-platform-dummy_hcd_{bus}-usb-0_1_1_0"),
        Gadget(
            Path(f"/sys/kernel/config/usb_gadget/printer{bus}"),
            f"dummy_udc.{bus}",
            Path(f"/dev/g_printer{bus}"),
        ),
    )


def _plugged(printer: VirtualPrinter, wire: Wire, path: Path) -> PtyPort | UsbPort | TcpPort:
    match wire:
        case "pty":
            return PtyPort(printer, path)
        case "usb":
            return usb_port(printer, path)
        case "tcp":
            return TcpPort(printer)


def _seen(change: ReportDevice) -> tuple[str, str]:
    return change.state, change.condition
