import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.commands import ReportDevice
from display.boards.__main__ import Settings, main, run
from runtime.clock import SystemClock
from runtime.hub_client import HubClient
from runtime.settings import load_settings
from simulation.boards.line import BoardLine
from simulation.boards.panels import CustomerDisplayPanel, ModbusPanel
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import counter_view, snapshot
from tests.waiting import until

BOARDS = """
hub = "{hub}"
token_file = "{folder}/token"

[[buses]]
port = "{folder}/rs485"
boards = [
    {{ driver = "modbus-digits", counter = "1", address = 1 }},
    {{ driver = "modbus-digits", counter = "3", address = 3 }},
]

[[buses]]
port = "{folder}/rs232"
boards = [{{ driver = "cd5220", counter = "3", name = "desk-3" }}]
"""


class Site:
    def __init__(self, folder: Path) -> None:
        self.hub = ListeningHub()
        self.hub.publish(snapshot(counter_view("1"), counter_view("3", "1025", "serving")))
        self.panels = (ModbusPanel(1), ModbusPanel(3))
        self.desk = CustomerDisplayPanel()
        self.lines = (
            BoardLine(folder / "rs485", self.panels, SystemClock()),
            BoardLine(folder / "rs232", [self.desk], SystemClock()),
        )
        self.config = folder / "boards.toml"
        self.config.write_text(BOARDS.format(hub=self.hub.url, folder=folder), "utf-8")
        (folder / "token").write_text(TOKEN + "\n", "ascii")

    def shown(self) -> list[str]:
        return [*(panel.shown for panel in self.panels), self.desk.shown.split("\n")[1].strip()]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.hub.close()
    for line in site.lines:
        line.unplug()


def test_the_program_shows_what_the_hub_says_tells_it_of_the_displays_and_ends(
    site: Site,
) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "display.boards", "--config", str(site.config)]
    )
    until(lambda: site.shown() == ["    ", "1025", "PHUC VU SO 1025"])
    site.hub.publish(snapshot(counter_view("1", phase="closed"), counter_view("3"), seq=2))
    until(lambda: site.shown() == ["----", "    ", ""])
    until(lambda: len(site.hub.carried_out) == 3)
    program.send_signal(signal.SIGTERM)
    assert program.wait(10) == 0
    names = {
        report.device
        for report in site.hub.carried_out.values()
        if isinstance(report, ReportDevice) and report.state == "ready"
    }
    assert names == {"board-1", "board-3", "desk-3"}


def test_displays_go_dark_while_the_hub_is_silent(site: Site) -> None:
    client = HubClient(site.hub.url, TOKEN, silent_after_s=0.1)
    settings = load_settings(site.config, Settings, "THUTU_BOARDS", {})
    program = threading.Thread(target=run, args=(settings, client))
    program.start()
    until(lambda: site.shown() == ["    ", "1025", "PHUC VU SO 1025"])
    site.hub.close()
    until(lambda: site.shown() == ["    ", "    ", "XIN CHO GIAY LAT"])
    site.hub = ListeningHub(("127.0.0.1", site.hub.port))
    site.hub.publish(snapshot(counter_view("1"), counter_view("3", "1026", "serving")))
    until(lambda: site.shown() == ["    ", "1026", "PHUC VU SO 1026"])
    client.close()
    program.join(30)
    assert not program.is_alive()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('hub = "http://127.0.0.1:1"\nbuses = []', "token_file"),
        ('hub = ""\ntoken_file = "none"\nbuses = []', "No such file"),
        (
            'hub = ""\ntoken_file = ""\n[[buses]]\nport = "x"\nboards = ['
            '{ driver = "cd5220", counter = "3" }, { driver = "cd5220", counter = "3" }]',
            "two displays are called board-3",
        ),
        ('hub = ""\ntoken_file = ""\n[[buses]]\nport = "x"\nboards = []', "without boards"),
        (
            'hub = ""\ntoken_file = ""\n[[buses]]\nport = "/dev/ttyUSB0"\nboards = ['
            '{ driver = "max7219", counter = "3" }]',
            "are on /dev/spidev",
        ),
        (
            'hub = ""\ntoken_file = ""\n[[buses]]\nport = "/dev/spidev0.0"\nboards = ['
            '{ driver = "max7219", counter = "3" }, { driver = "max7219", counter = "4" }]',
            "a place of its own",
        ),
    ],
)
def test_wrong_settings_end_the_program_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    config = tmp_path / "boards.toml"
    config.write_text(text, "utf-8")
    assert main(["--config", str(config)]) == 1
    assert words in capsys.readouterr().err
