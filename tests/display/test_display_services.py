"""The real display programs under a service manager that watches them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.clock import SystemClock
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import counter_view, snapshot
from tests.service_manager import Systemd
from tests.waiting import until

HALL = 'hub = "{hub}"\ntoken_file = "token"\nport = 0\n'
BOARDS = """
hub = "{hub}"
token_file = "token"
[[buses]]
port = "{folder}/rs485"
boards = [{{ driver = "modbus-digits", counter = "1", address = 1 }}]
"""
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[BoardLine]:
    line = BoardLine(tmp_path / "rs485", [ModbusPanel(1)], SystemClock())
    yield line
    line.unplug()


@pytest.mark.parametrize(("name", "settings"), [("hall", HALL), ("boards", BOARDS)])
@pytest.mark.usefixtures("line")
def test_a_display_is_ready_once_its_loops_turn_and_then_gives_signs_of_life(
    name: str, settings: str, tmp_path: Path
) -> None:
    hub = ListeningHub()
    with Systemd(tmp_path) as systemd, _started(name, settings, hub.url, tmp_path, systemd) as run:
        until(lambda: systemd.heard("READY=1"))
        for seq in range(2, 5):
            hub.publish(snapshot(counter_view("1"), seq=seq))
            until(lambda: systemd.heard("WATCHDOG=1"))
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0
        assert systemd.said_within(0)[-1:] == ["STOPPING=1"]
    hub.close()


@pytest.mark.parametrize(("name", "settings"), [("hall", HALL), ("boards", BOARDS)])
@pytest.mark.usefixtures("line")
def test_a_display_neither_waits_for_its_hub_nor_dies_without_it(
    name: str, settings: str, tmp_path: Path
) -> None:
    with Systemd(tmp_path) as systemd, _started(name, settings, NOBODY, tmp_path, systemd) as run:
        until(lambda: systemd.heard("READY=1"))
        until(lambda: systemd.heard("WATCHDOG=1"))
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0


@contextmanager
def _started(
    name: str, settings: str, hub: str, folder: Path, systemd: Systemd
) -> Iterator["subprocess.Popen[bytes]"]:
    config = folder / f"{name}.toml"
    config.write_text(settings.format(hub=hub, folder=folder), "utf-8")
    (folder / "token").write_text(TOKEN, "ascii")
    program = subprocess.Popen(
        [sys.executable, "-m", f"display.{name}", "--config", str(config)],
        env=os.environ | systemd.environment(watch_s=0.4),
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()
