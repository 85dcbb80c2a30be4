import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from edge.printer_tool.__main__ import main as printer_tool
from runtime.wording import say
from simulation.printer.__main__ import MODELS, Desk, main, obey
from simulation.printer.ports import TcpPort


@pytest.mark.parametrize("socket", ["--tcp", "--serial", "--usb"])
def test_an_installer_can_try_thutu_printer_on_it(socket: str, tmp_path: Path) -> None:
    where = "0" if socket == "--tcp" else str(tmp_path / "port")
    command = [sys.executable, "-m", "simulation.printer", socket, where, "--baud", "115200"]
    command += ["--paper", str(tmp_path / "paper"), "--model", "clone", "--fault", "cover-open"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1", "LANG": "vi_VN.UTF-8", "LC_ALL": ""},
    ) as virtual:
        assert virtual.stdout is not None
        assert virtual.stdin is not None
        try:
            url = virtual.stdout.readline().split()[-1]
            virtual.stdin.write("cover-close\nnonsense\n")
            virtual.stdin.flush()
            assert "paper-out" in virtual.stdout.readline()

            assert printer_tool(["--url", url, "--config", str(tmp_path / "none"), "test"]) == 0

            assert "slip-0001.png (whole)" in virtual.stdout.readline()
            virtual.stdin.write("quit\n")
            virtual.stdin.flush()
            assert virtual.wait(10) == 0
        finally:
            virtual.kill()
    with Image.open(tmp_path / "paper" / "slip-0001.png") as slip:
        assert slip.width == 576


def test_orders_make_things_happen_to_the_printer(tmp_path: Path) -> None:
    told: list[str] = []
    desk = Desk(MODELS["80mm"], tmp_path, told.append)
    port = TcpPort(desk.printer)
    try:
        faults = desk.faults(port)
        obey(["paper-out", "power-off", "", "at 3 power-on"], desk.printer, faults, told.append)
        assert desk.printer.room_bytes(0) == 0
        desk.printer.receive(b"xyz")
        desk.printer.load_paper()
        assert desk.printer.room_bytes(0) > 0
        obey(["unplug", "at 0 paper", "at x paper"], desk.printer, faults, told.append)
        assert told == [say("virtual_printer.orders", orders=", ".join(faults))] * 3
        obey(["quit", "power-off"], desk.printer, faults, told.append)
        assert desk.printer.room_bytes(0) > 0
    finally:
        port.close()
        desk.printer.close()


def test_ends_with_its_orders_and_says_what_it_did_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("paper-low\n"))

    assert main(["--paper", str(tmp_path), "--at", "100:power-off"]) == 0
    assert capsys.readouterr().out.startswith(say("virtual_printer.serving", url="tcp://127.0.0.1"))
