"""What is wrong with a printer is in the hub's snapshot, for the kiosk, before anybody asks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.snapshot import DeviceView
from edge.devices.escpos_printer import EscposPrinter, PrintJob
from edge.devices.printer_profile import PrinterProfile
from edge.devices.transport import transport
from simulation.printer.machine import VirtualPrinter
from simulation.printer.ports import TcpPort
from tests.edge.devices.desk import HASTY
from tests.edge.running_site import RunningHub, TestClock
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

FAULTS: dict[str, Callable[[VirtualPrinter], object]] = {
    "paper-low": lambda printer: printer.load_paper(1000.0),
    "paper-out": lambda printer: printer.remove_paper(),
    "cover-open": lambda printer: printer.open_cover(),
    "disconnected": lambda printer: printer.power_off(),
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path, TestClock())
    yield running
    running.close()


@pytest.fixture
def virtual() -> Iterator[VirtualPrinter]:
    printer = VirtualPrinter(AT_ONCE, CountingClock(), lambda _: None)
    yield printer
    printer.close()


@pytest.fixture
def owner(hub: RunningHub, virtual: VirtualPrinter) -> Iterator[EscposPrinter]:
    port = TcpPort(virtual)
    owned = EscposPrinter(
        device="printer-1",
        transport=transport(f"tcp://{port.address[0]}:{port.address[1]}"),
        profile=PrinterProfile(proof="process-id"),
        report=hub.hub.report,
        timing=HASTY,
    )
    until(lambda: _words(shown(hub)) == "ready")
    yield owned
    owned.close()
    port.close()


def shown(hub: RunningHub) -> DeviceView | None:
    return next((d for d in hub.hub.snapshot().devices if d.device == "printer-1"), None)


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_known_while_nobody_prints(
    hub: RunningHub, virtual: VirtualPrinter, fault: str
) -> None:
    FAULTS[fault](virtual)

    until(lambda: _words(shown(hub)) == fault)


def test_a_jammed_cutter_is_known_from_the_slip_that_met_it(
    hub: RunningHub, virtual: VirtualPrinter, owner: EscposPrinter
) -> None:
    virtual.jam_cutter()
    owner.print(PrintJob("1001", 1, ticket()))
    until(lambda: _words(shown(hub)) == "cutter-error")

    virtual.free_cutter()
    until(lambda: _words(shown(hub)) == "ready")


def _words(device: DeviceView | None) -> str:
    return "" if device is None else device.condition or device.state
