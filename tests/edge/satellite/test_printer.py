"""A printer at a satellite: a real hub, the real program, a virtual printer, broken lines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from contract.commands import Actor, Answer, IssueTicket, ReprintTicket, VoidTicket
from contract.events import PrintFailed, ReprintOrdered, TicketPrinted
from simulation.line import Line
from simulation.printer.machine import VirtualPrinter
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.edge.events import events_of
from tests.edge.running_site import CLERK, KIOSK, RULES, RunningSite, TestClock
from tests.service_manager import Systemd
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

PRINTER = "printer-2"
KIOSK_2 = Actor("kiosk-2", "kiosk")
SITE = replace(RULES, prints_on={KIOSK_2.id: PRINTER})
MARK = "IN LẠI"
READY = ("ready", "")
ABSENT = ("lost", "no-satellite")
SETTINGS = """
hub = "http://127.0.0.1:{hub}"
token_file = "satellite.token"
data = "data"

[printer]
url = "tcp://127.0.0.1:{printer}"
device = "printer-2"
profile = {{ mode = "strip", proof = "process-id" }}
"""


class Hall:
    """A hub, the line to a satellite, its program, its printer, and the paper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slips: list[Slip] = []
        self.site = RunningSite(folder / "hub", TestClock(), SITE)
        self.line = Line("127.0.0.1", int(self.site.url.rpartition(":")[2]))
        self.line.up()
        self.virtual = VirtualPrinter(AT_ONCE, CountingClock(), self.slips.append)
        self.port = TcpPort(self.virtual)
        self.config = folder / "satellite.toml"
        self.config.write_text(
            SETTINGS.format(hub=self.line.port, printer=self.port.address[1]), "utf-8"
        )
        for name, role in (("satellite", "display"), (PRINTER, "printer")):
            token = self.site.access.add_device(Actor(name, role))  # type: ignore[arg-type]  # roles
            (folder / f"{name}.token").write_text(token, "ascii")
        self.program = self.start()

    def start(self, **environment: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "edge.satellite", "--config", str(self.config)]
        with (self.folder / "log").open("ab") as log:
            self.program = subprocess.Popen(command, stderr=log, env={**os.environ, **environment})
        return self.program

    @property
    def log(self) -> str:
        """What the program has said."""
        return (self.folder / "log").read_text("utf-8")

    def end(self, *, kill: bool = False) -> None:
        """Stop the program."""
        if kill:
            self.program.kill()
        else:
            self.program.terminate()
        self.program.wait(20)

    def shows(self, wanted: tuple[str, str]) -> None:
        """Wait until the hub shows the printer in this state, for this reason."""
        until(lambda: wanted in self._printer(), within_s=20)

    def _printer(self) -> list[tuple[str, str]]:
        devices = self.site.hub.snapshot().devices
        return [(view.state, view.condition) for view in devices if view.device == PRINTER]

    def issue(self) -> str:
        reply = self.site.give(KIOSK_2, IssueTicket(("1",)))
        assert isinstance(reply, Answer)
        assert reply.number is not None
        return reply.number

    def slip_is(self, number: str, state: str) -> None:
        """Wait until the hub knows this of the slip."""
        until(lambda: self.site.hub.house.live.tickets[number].slip == state, within_s=20)

    def came_out(self) -> list[tuple[str, bool]]:
        """The whole slips: the number of each, and whether it is marked."""
        self.virtual.settle()
        return [
            (slip.qr.rpartition("/")[2], MARK in slip.text)
            for slip in self.slips
            if slip.complete and slip.qr
        ]

    def close(self) -> None:
        if self.program.poll() is None:
            self.end()
        self.line.close()
        self.port.close()
        self.virtual.close()
        self.site.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    try:
        hall.shows(READY)
        yield hall
    finally:
        hall.close()


def outcomes(hall: Hall) -> list[object]:
    kinds = (TicketPrinted, PrintFailed, ReprintOrdered)
    return [event for event in events_of(hall.site.hub) if isinstance(event, kinds)]


def test_a_one_way_printer_took_all_of_a_slip_and_the_hub_knows_no_more(hall: Hall) -> None:
    hall.end()
    one_way = hall.config.read_text("utf-8").replace('"process-id"', '"none"')
    hall.config.write_text(one_way, "utf-8")
    hall.start()
    number = hall.issue()
    hall.slip_is(number, "sent")
    until(lambda: hall.came_out() == [(number, False)])


def test_each_kiosk_has_its_printer(hall: Hall) -> None:
    number = hall.issue()
    hall.slip_is(number, "printed")
    assert hall.came_out() == [(number, False)]
    assert hall.site.prints == []
    hall.site.give(KIOSK, IssueTicket(("1",)))
    assert [slip.number for slip in hall.site.prints] == ["1002"]
    hall.site.give(CLERK, ReprintTicket(number))
    until(lambda: hall.came_out() == [(number, False), (number, True)])
    assert outcomes(hall)[0] == TicketPrinted(number, 1, "confirmed")


def test_numbers_of_the_training_queue_come_out_too(hall: Hall) -> None:
    hall.site.practise(KIOSK_2, IssueTicket(("1",)))
    until(lambda: hall.site.hub.house.training.tickets["01001"].slip == "printed", within_s=20)
    assert hall.came_out() == [("01001", False)]


def test_what_is_issued_while_the_line_is_cut_comes_out_later_but_not_what_was_voided(
    hall: Hall,
) -> None:
    hall.line.cut()
    hall.shows(ABSENT)
    first, void, last = hall.issue(), hall.issue(), hall.issue()
    hall.site.give(CLERK, VoidTicket(void, "lấy nhầm"))
    hall.line.up()
    hall.slip_is(first, "printed")
    hall.slip_is(last, "printed")
    hall.shows(READY)
    assert hall.came_out() == [(first, False), (last, False)]


def test_a_number_that_has_become_old_meanwhile_is_not_printed(hall: Hall) -> None:
    hall.line.cut()
    hall.shows(ABSENT)
    old = hall.issue()
    hall.site.clock.later(16 * 60)
    young = hall.issue()
    hall.line.up()
    hall.slip_is(young, "printed")
    assert hall.came_out() == [(young, False)]
    assert hall.site.hub.house.live.tickets[old].slip == "pending"


@pytest.mark.parametrize("at_byte", [1, 60, 300, 700])
def test_a_line_cut_while_the_paper_moves_takes_nothing_and_doubles_nothing(
    hall: Hall, at_byte: int
) -> None:
    hall.virtual.at_byte(at_byte, hall.line.cut)
    number = hall.issue()
    until(lambda: hall.came_out() == [(number, False)])
    hall.shows(ABSENT)
    assert hall.site.hub.house.live.tickets[number].slip == "pending"
    hall.line.up()
    hall.slip_is(number, "printed")
    follower = hall.issue()
    hall.slip_is(follower, "printed")
    assert hall.came_out() == [(number, False), (follower, False)]


@pytest.mark.parametrize("at_byte", [1, 60, 300, 700])
def test_a_satellite_killed_while_the_paper_moves_prints_again_with_the_mark(
    hall: Hall, at_byte: int
) -> None:
    hall.virtual.at_byte(at_byte, hall.program.kill)
    number = hall.issue()
    hall.program.wait(20)
    hall.start()
    hall.slip_is(number, "printed")
    *before, last = hall.came_out()
    assert before in ([], [(number, False)])
    assert last == (number, True)
    assert outcomes(hall) == [
        PrintFailed(number, 1, "restarted", unknown=True),
        ReprintOrdered(number, 2, PRINTER),
        TicketPrinted(number, 2, "confirmed"),
    ]


@pytest.mark.parametrize("kill", [False, True])
def test_an_outcome_that_could_not_be_told_is_told_by_the_next_process(
    hall: Hall, *, kill: bool
) -> None:
    hall.virtual.at_byte(100, hall.line.cut)
    number = hall.issue()
    memory = hall.folder / "data" / "printer-2.slips"
    until(lambda: b'"printed"' in memory.read_bytes())
    hall.end(kill=kill)
    hall.line.up()
    hall.start()
    hall.slip_is(number, "printed")
    hall.shows(READY)
    assert hall.came_out() == [(number, False)]
    until(lambda: memory.read_bytes() == b"[]", within_s=20)  # a list comes every ten seconds


def test_a_hub_that_restarts_meanwhile_orders_no_second_slip(hall: Hall) -> None:
    hall.virtual.at_byte(100, hall.line.cut)
    number = hall.issue()
    until(lambda: hall.came_out() == [(number, False)])
    hall.site.restart_with(SITE)
    hall.line.up()
    hall.slip_is(number, "printed")
    hall.shows(READY)
    assert hall.came_out() == [(number, False)]
    assert outcomes(hall) == [TicketPrinted(number, 1, "confirmed")]


def test_a_satellite_without_a_memory_marks_what_another_may_have_printed(hall: Hall) -> None:
    hall.virtual.at_byte(100, hall.line.cut)
    number = hall.issue()
    until(lambda: hall.came_out() == [(number, False)])
    hall.end()
    (hall.folder / "data" / "printer-2.slips").write_bytes(b"\x00damaged")
    hall.line.up()
    hall.start()
    hall.slip_is(number, "printed")
    assert hall.came_out() == [(number, False), (number, True)]


def test_a_printer_without_paper_is_known_and_its_slips_fail(hall: Hall) -> None:
    hall.virtual.remove_paper()
    hall.shows(("lost", "paper-out"))
    number = hall.issue()
    hall.slip_is(number, "failed")
    hall.virtual.load_paper(50_000)
    hall.shows(READY)
    hall.site.give(CLERK, ReprintTicket(number))
    until(lambda: hall.came_out() == [(number, True)])


def test_what_cannot_be_remembered_is_not_printed(hall: Hall) -> None:
    memory = hall.folder / "data" / "printer-2.slips"
    blocked = memory.with_name(f".{memory.name}.new")
    blocked.mkdir()
    number = hall.issue()
    hall.slip_is(number, "failed")
    assert hall.came_out() == []
    blocked.rmdir()
    follower = hall.issue()
    hall.slip_is(follower, "printed")
    assert hall.came_out() == [(follower, False)]


def test_a_second_program_on_the_same_folder_ends_with_words(hall: Hall) -> None:
    command = [sys.executable, "-m", "edge.satellite", "--config", str(hall.config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert "another program works in" in second.stderr


def test_a_service_manager_sees_both_lists_turn(hall: Hall) -> None:
    hall.end()
    with Systemd(hall.folder) as systemd:
        hall.start(**systemd.environment(watch_s=2))
        until(lambda: systemd.heard("READY=1"), within_s=20)
        for _ in range(3):
            hall.issue()
            until(lambda: systemd.heard("WATCHDOG=1"))
        hall.end()
        assert systemd.said_within(0)[-1:] == ["STOPPING=1"]


def test_a_printer_that_is_shut_out_leaves_the_program_running(hall: Hall) -> None:
    hall.site.access.remove_device(PRINTER)
    hall.line.cut()
    hall.line.up()
    hall.shows(ABSENT)
    until(lambda: "printer-2 is not let in" in hall.log)
    assert hall.program.poll() is None
