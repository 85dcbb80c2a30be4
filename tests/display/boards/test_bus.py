from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
from serial import Serial

from contract.commands import ReportDevice
from display.boards.bus import BoardBus
from display.boards.drivers import (
    AnyBoard,
    CustomerDisplay,
    EightDigits,
    ModbusDigits,
    ModbusNumber,
    TemplatePanel,
)
from display.boards.line import OpenLine, open_line
from runtime.clock import SystemClock
from simulation.boards.line import BoardLine, Noise
from simulation.boards.panels import CustomerDisplayPanel, ModbusPanel, SumPanel
from simulation.boards.spi import Max7219Module, SpiChain
from tests.display.scenes import counter_view
from tests.waiting import until

SerialPanel = ModbusPanel | SumPanel | CustomerDisplayPanel
Panel = SerialPanel | Max7219Module
Pair = tuple[AnyBoard, Panel]

DRIVERS: dict[str, Callable[[int], Pair]] = {
    "modbus-digits": lambda n: (ModbusDigits(counter=str(n), address=n), ModbusPanel(n)),
    "modbus-number": lambda n: (ModbusNumber(counter=str(n), address=n), ModbusPanel(n)),
    "cd5220": lambda n: (CustomerDisplay(counter=str(n)), CustomerDisplayPanel()),
    "template": lambda n: (
        TemplatePanel(counter=str(n), address=n, pattern="address number sum"),
        SumPanel(n),
    ),
    "max7219": lambda n: (EightDigits(counter=str(n)), Max7219Module()),
}
LINES = {
    "clean": (False, 0.0),
    "echoing": (True, 0.0),
    "noisy": (False, 0.01),
    "noisy and echoing": (True, 0.005),
}


class Site:
    def __init__(self, folder: Path, pairs: list[Pair], line: str, open_line: OpenLine) -> None:
        echo, faults = LINES[line]
        noise = Noise(Random(7), lose=faults, flip=faults)
        clock = SystemClock()
        path = folder / "line"
        self.panels = [panel for _, panel in pairs]
        self.reports: list[ReportDevice] = []
        boards = [board for board, _ in pairs]
        self.bus: BoardBus
        self.line: BoardLine | SpiChain
        serial_panels = [panel for panel in self.panels if not isinstance(panel, Max7219Module)]
        modules = [panel for panel in self.panels if isinstance(panel, Max7219Module)]
        if modules:
            self.line = SpiChain(modules, noise)
            self.bus = BoardBus(
                "/dev/spidev0.0", boards, self.reports.append, clock, open_line=self.line.opens
            )
        else:
            self.line = BoardLine(path, serial_panels, clock, baud=115_200, echo=echo, noise=noise)
            self.bus = BoardBus(
                str(path), boards, self.reports.append, clock, baud=115_200, open_line=open_line
            )


@contextmanager
def site(
    folder: Path, *pairs: Pair, line: str = "clean", open_line: OpenLine = open_line
) -> Iterator[Site]:
    it = Site(folder, list(pairs), line, open_line)
    try:
        yield it
    finally:
        it.bus.close()
        it.line.unplug()


class PatientSerial(Serial):
    """Waits for an echo that a busy machine's pretended line is late with."""

    def __init__(self, port: str, baud: int, timeout_s: float) -> None:
        super().__init__(port, baud, timeout=timeout_s + 1)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_shows_the_call_on_every_line(tmp_path: Path, driver: str, line: str) -> None:
    with site(tmp_path, DRIVERS[driver](3), line=line) as it:
        it.bus.show([counter_view("3", "1025", "serving")])
        until(lambda: "1025" in it.panels[0].shown)
        it.bus.show([counter_view("3", "2007", "serving")])
        until(lambda: "2007" in it.panels[0].shown)


def test_displays_share_a_line_by_address(tmp_path: Path) -> None:
    pairs = [DRIVERS["modbus-digits"](1), DRIVERS["modbus-number"](2), DRIVERS["template"](3)]
    with site(tmp_path, *pairs) as it:
        it.bus.show(
            [
                counter_view("1", "1001", "serving"),
                counter_view("2", "2002", "serving"),
                counter_view("3", phase="open"),
            ]
        )
        until(lambda: [panel.shown for panel in it.panels] == ["1001", "2002", "   0"])
        until(lambda: len(it.reports) == 3)
    assert {report.state for report in it.reports} == {"ready"}


def test_modules_in_a_chain_are_addressed_by_their_place(tmp_path: Path) -> None:
    pairs: list[Pair] = [
        (EightDigits(counter=str(n), address=n, chain=3), Max7219Module()) for n in (1, 2, 3)
    ]
    with site(tmp_path, *pairs) as it:
        it.bus.show([counter_view(str(n), f"{n}025", "serving") for n in (1, 2, 3)])
        shown = ["    1025", "    2025", "    3025"]
        until(lambda: [panel.shown for panel in it.panels] == shown)
        it.line.unplug()
        until(lambda: len([r for r in it.reports if r.condition == "line-lost"]) == 3)
        it.panels[1].power_off()
        it.panels[1].power_on()
        assert it.panels[1].shown == " " * 8
        it.line.plug()
        until(lambda: it.panels[1].shown == "    2025", within_s=5)


def test_a_call_flashes_and_a_served_number_stands_still(tmp_path: Path) -> None:
    with site(tmp_path, DRIVERS["modbus-digits"](3)) as it:
        it.bus.show([counter_view("3", "1025", "called")])
        history = it.panels[0].history
        until(lambda: list(history)[1:5] == ["1025", "    ", "1025", "    "])
        it.bus.show([counter_view("3", "1025", "serving")])
        until(lambda: it.panels[0].shown == "1025")
        it.bus.show([counter_view("3", phase="paused")])
        until(lambda: it.panels[0].shown == "----")


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_panel_that_lost_power_unnoticed_is_right_again_within_5_s(
    tmp_path: Path, driver: str
) -> None:
    with site(tmp_path, DRIVERS[driver](3)) as it:
        it.bus.show([counter_view("3", "1025", "serving")])
        panel = it.panels[0]
        until(lambda: "1025" in panel.shown)
        panel.power_off()
        panel.power_on()
        assert "1025" not in panel.shown
        until(lambda: "1025" in panel.shown, within_s=5)


def test_a_dead_panel_is_reported_once_and_does_not_hold_up_the_others(tmp_path: Path) -> None:
    pairs = [DRIVERS["modbus-digits"](1), DRIVERS["modbus-digits"](2)]
    with site(tmp_path, *pairs) as it:
        until(lambda: len(it.reports) == 2)
        dead, alive = it.panels
        dead.power_off()
        it.bus.show([counter_view("1", "1001", "serving")])
        until(lambda: ReportDevice("board-1", "lost", "no-answer") in it.reports)
        for order in range(8):
            number = f"20{order:02}"
            it.bus.show([counter_view("2", number, "serving")])
            assert until(partial(_shows, alive, number)) < 1
        dead.power_on()
        it.bus.show([counter_view("1", "1001", "serving")])
        until(lambda: dead.shown == "1001", within_s=5)
        until(lambda: len(it.reports) == 4)
    assert it.reports[2:] == [
        ReportDevice("board-1", "lost", "no-answer"),
        ReportDevice("board-1", "ready"),
    ]


def test_an_echo_is_never_taken_for_a_dead_panels_answer(tmp_path: Path) -> None:
    pair = DRIVERS["modbus-number"](3)
    with site(tmp_path, pair, line="echoing", open_line=PatientSerial) as it:
        until(lambda: it.reports == [ReportDevice("board-3", "ready")])
        it.panels[0].power_off()
        it.bus.show([counter_view("3", "1025", "serving")])
        until(lambda: len(it.reports) == 2)
    assert it.reports[1] == ReportDevice("board-3", "lost", "no-answer")


def test_one_late_echo_is_not_taken_for_silence(tmp_path: Path) -> None:
    class LateOnce(PatientSerial):
        late = True

        def read(self, size: int = 1) -> bytes:
            heard: bytes = super().read(size)
            if self.late:
                self.late = False
                return b""
            return heard

    board, panel = DRIVERS["modbus-number"](3)
    panel.power_off()
    with site(tmp_path, (board, panel), line="echoing", open_line=LateOnce) as it:
        until(lambda: bool(it.reports))
    assert it.reports == [ReportDevice("board-3", "lost", "no-answer")]


def test_an_echo_that_was_missed_at_first_is_noticed_later(tmp_path: Path) -> None:
    with site(tmp_path, DRIVERS["modbus-digits"](3)) as it:
        until(lambda: it.reports == [ReportDevice("board-3", "ready")])
        assert isinstance(it.line, BoardLine)
        it.line._echo = True
        it.bus.show([counter_view("3", "1025", "serving")])
        until(lambda: it.panels[0].shown == "1025")
        it.bus.show([counter_view("3", "1026", "serving")])
        until(lambda: it.panels[0].shown == "1026")
        it.line._echo = False
        it.bus.show([counter_view("3", "1027", "serving")])
        until(lambda: it.panels[0].shown == "1027")
    assert it.reports == [ReportDevice("board-3", "ready")]


def test_an_adapter_may_be_pulled_and_put_back(tmp_path: Path) -> None:
    with site(tmp_path, DRIVERS["modbus-digits"](3)) as it:
        it.bus.show([counter_view("3", "1025", "serving")])
        until(lambda: it.panels[0].shown == "1025")
        it.line.unplug()
        it.bus.show([counter_view("3", "1026", "serving")])
        until(lambda: ReportDevice("board-3", "lost", "line-lost") in it.reports)
        it.line.plug()
        until(lambda: it.panels[0].shown == "1026", within_s=5)
        until(lambda: it.reports[-1] == ReportDevice("board-3", "ready"))


def test_a_line_that_is_not_there_at_first_is_waited_for(tmp_path: Path) -> None:
    reports: list[ReportDevice] = []
    board, panel = ModbusDigits(counter="3", address=3), ModbusPanel(3)
    bus = BoardBus(str(tmp_path / "line"), [board], reports.append, SystemClock())
    until(lambda: reports == [ReportDevice("board-3", "lost", "line-lost")])
    line = BoardLine(tmp_path / "line", [panel], SystemClock())
    bus.show([counter_view("3", "1025", "serving")])
    until(lambda: panel.shown == "1025")
    bus.close()
    line.unplug()


def _shows(panel: Panel, text: str) -> bool:
    return panel.shown == text
