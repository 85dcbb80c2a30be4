"""A printer's owner and a virtual printer, with a real pseudo-terminal or TCP port between them."""

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
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import PtyPort, TcpPort, UsbPort
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

Wire = Literal["pty", "usb", "tcp"]

# For tests in which no time runs out, however busy the machine is.
STEADY = Timing(poll_s=0.05, reconnect=Backoff(first_s=0.05, cap_s=0.1))

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


def _plugged(printer: VirtualPrinter, wire: Wire, path: Path) -> PtyPort | UsbPort | TcpPort:
    match wire:
        case "pty":
            return PtyPort(printer, path)
        case "usb":
            return UsbPort(printer, path)
        case "tcp":
            return TcpPort(printer)


def _seen(change: ReportDevice) -> tuple[str, str]:
    return change.state, change.condition
