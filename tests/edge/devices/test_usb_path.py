"""Tickets, answers and cables over USB: pretended ones, or a kernel's own in `make test-usb`."""

import os
import stat
from contextlib import ExitStack
from grp import getgrgid
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import ImageChops

from contract.commands import ReportPrint
from edge.devices.printer_profile import Mode, PrinterProfile
from edge.devices.transport import transport
from edge.ticket.tcvn3 import CodePages
from runtime.clock import SystemClock
from simulation.printer.machine import VirtualPrinter
from simulation.printer.ports import UsbPort
from tests.edge.devices.desk import HASTY, REAL_USB, desk, usb_port
from tests.edge.ticket.tickets import FOLLOW_URL, ticket
from tests.simulation.printer.bench import AT_ONCE, picture
from tests.waiting import until

STATUS_PAPER = b"\x10\x04\x04"
PAPER_THERE, PAPER_OUT = b"\x12", b"\x7e"


@pytest.mark.parametrize("mode", ["raster", "strip", "text"])
def test_a_ticket_of_each_mode_comes_out_whole_and_is_confirmed(mode: Mode, tmp_path: Path) -> None:
    profile = PrinterProfile(mode=mode, code_page=CodePages(), proof="process-id")
    with desk(tmp_path, "usb", profile=profile) as stand:
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "printed", "confirmed")
        [slip] = stand.slips
        assert (slip.qr, slip.complete) == (FOLLOW_URL, True)
        if mode == "raster":
            preview = profile.renderer().preview(ticket())
            assert ImageChops.logical_xor(picture(slip), preview).getbbox() is None
        else:
            assert {"1025", "Lĩnh vực: Hộ tịch - Chứng thực"} <= set(slip.text.splitlines())
        assert stand.seen == [("ready", "")]
        assert stand.virtual.failures == []


def test_each_question_has_its_answer(tmp_path: Path) -> None:
    with desk(tmp_path, "usb") as stand:
        stand.change("ready")
        stand.virtual.remove_paper()
        stand.change("lost", "paper-out")
        stand.virtual.load_paper()
        stand.change("ready")


@pytest.mark.parametrize("at_byte", [1, 700, 9_000, 20_000])
def test_a_cable_pulled_within_a_ticket_leaves_no_false_proof_and_the_next_one_whole(
    at_byte: int, tmp_path: Path
) -> None:
    with desk(tmp_path, "usb", timing=HASTY) as stand:
        port = stand.port
        assert isinstance(port, UsbPort)
        stand.change("ready")
        stand.virtual.at_byte(at_byte, port.unplug)
        stand.job("1001")
        # A ticket begins with blank bytes: when it is only those, nothing of it went out.
        assert stand.outcome().outcome in {"failed", "unknown"}
        assert stand.slips == [] or stand.outcomes[0].outcome == "unknown"
        until(lambda: stand.changes[-1].state == "lost")

        port.plug()
        stand.change("ready")
        stand.job("1001", copy=2)
        assert stand.outcome(2).outcome == "printed"
        reprint = PrinterProfile().renderer().preview(ticket(number="1001", copy=2))
        assert ImageChops.logical_xor(picture(stand.slips[-1]), reprint).getbbox() is None


def test_two_printers_keep_their_names_whichever_is_plugged_in_first(tmp_path: Path) -> None:
    model = replace(AT_ONCE, busy_when_offline=False)
    with ExitStack() as tidy:
        printers, ports, lines = [], [], []
        for bus in range(2):
            printers.append(VirtualPrinter(model, SystemClock(), lambda _: None))
            tidy.callback(printers[bus].close)
            ports.append(usb_port(printers[bus], tmp_path / f"printer-{bus}", bus))
            tidy.callback(ports[bus].close)
            lines.append(transport(f"usb:{ports[bus].path}"))
            tidy.callback(lines[bus].close)
        printers[1].remove_paper()
        for order in ((0, 1), (1, 0)):
            for port in ports:
                port.unplug()
            until(lambda: not any(port.path.exists() for port in ports))
            for bus in order:
                ports[bus].plug()
                until(ports[bus].path.exists)
            for line, answer in zip(lines, (PAPER_THERE, PAPER_OUT), strict=True):
                line.open()
                assert line.write(STATUS_PAPER, 1.0) == len(STATUS_PAPER)
                assert line.read(1.0) == answer
                line.close()


if REAL_USB:  # a pretended one has neither udev nor power management

    def test_a_printer_s_file_is_its_group_s(tmp_path: Path) -> None:
        with desk(tmp_path, "usb") as stand:
            stand.change("ready")
            assert isinstance(stand.port, UsbPort)
            file = stand.port.path.stat()
            assert stat.S_IMODE(file.st_mode) == 0o660
            assert getgrgid(file.st_gid).gr_name == "lp"

    def test_a_socket_that_was_told_to_sleep_stays_awake_once_a_printer_is_in_it(
        tmp_path: Path,
    ) -> None:
        with desk(tmp_path, "usb") as stand:
            stand.change("ready")
            assert isinstance(stand.port, UsbPort)
            file = stand.port.path.stat()
            number = f"{os.major(file.st_rdev)}:{os.minor(file.st_rdev)}"
            interface = Path(f"/sys/dev/char/{number}/device").resolve()
            driver = (interface / "driver").resolve()
            sleep = interface.parent / "power/control"

            (driver / "unbind").write_text(interface.name)
            sleep.write_text("auto")
            (driver / "bind").write_text(interface.name)

            until(lambda: sleep.read_text() == "on\n")
