import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from PIL import Image

from edge.devices.printer_profile import PrinterProfile
from edge.printer_tool.__main__ import main
from edge.printer_tool.calibration import CANDIDATES
from edge.printer_tool.sample import SAMPLE_NUMBER
from runtime.settings import load_settings
from runtime.wording import say
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import PtyPort, TcpPort
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

SITE = """
node = "01-00097-01-h1"
data = "data"
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm Hồng Hà"
services = [{ id = "1", series = "1", name = { vi = "Hộ tịch" } }]
counters = [{ id = "1", services = ["1"] }]
sessions = []
"""


class Stand(msgspec.Struct):
    """A printer to point the tool at."""

    printer: VirtualPrinter
    url: str
    slips: list[Slip]


@contextmanager
def stand(folder: Path, wire: str = "tcp", model: PrinterModel = AT_ONCE) -> Iterator[Stand]:
    slips: list[Slip] = []
    printer = VirtualPrinter(model, CountingClock(), slips.append)
    port: TcpPort | PtyPort
    if wire == "tcp":
        port = TcpPort(printer)
        url = f"tcp://{port.address[0]}:{port.address[1]}"
    else:
        port = PtyPort(printer, folder / "printer")
        url = f"serial:{port.path}?baud=115200"
    try:
        yield Stand(printer, url, slips)
    finally:
        port.close()
        printer.close()


def types(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))


@pytest.fixture(params=["tcp", "pty"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Written(msgspec.Struct):
    """The file that `calibrate --write` makes."""

    printer: dict[str, PrinterProfile]


def test_the_answer_to_the_calibration_page_becomes_settings(
    wire: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "printer.toml"
    types(monkeypatch, "", "seven", "9", "1")
    with stand(tmp_path, wire) as found:
        status = main(["--url", found.url, "calibrate", "--write", str(file)])

        until(lambda: len(found.slips) == 1)
        assert found.slips[0].complete
    assert status == 0
    profile = load_settings(file, Written, "NONE", environment={}).printer["profile"]
    assert (profile.mode, profile.code_page) == ("text", CANDIDATES[0])
    assert capsys.readouterr().err.count(say("printer_tool.ask", most=len(CANDIDATES))) == 4


def test_when_no_number_is_right_pictures_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch, "0")
    with stand(tmp_path) as found:
        assert main(["--url", found.url, "--model", "TM-T88V", "calibrate"]) == 0

    said = capsys.readouterr()
    assert said.out == (
        "[printer.profile]\npaper = { dots = 512, dpi = 180 }\nfeed_units_per_dot = 2\n"
    )
    assert say("printer_tool.raster_kept") in said.err


def test_without_an_answer_nothing_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    types(monkeypatch)
    file = tmp_path / "printer.toml"
    with stand(tmp_path) as found:
        assert main(["--url", found.url, "calibrate", "--write", str(file)]) == 1

    assert not file.exists()
    assert say("printer_tool.nothing_stored") in capsys.readouterr().out


def test_a_file_that_exists_is_left_alone_before_paper_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "printer.toml"
    file.write_text("mine", "utf-8")
    with stand(tmp_path) as found:
        assert main(["--url", found.url, "calibrate", "--write", str(file)]) == 1

        assert found.slips == []
    assert file.read_text("utf-8") == "mine"
    assert str(file) in capsys.readouterr().err


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_test_ticket_is_printed_and_its_fate_told(
    wire: str, tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand(tmp_path, wire) as found:
        assert main(["--url", found.url, "--language", language, "test"]) == 0

        assert [slip.complete for slip in found.slips] == [True]
    assert capsys.readouterr().out == f"{say('printer_tool.printed_assumed', language)}\n"


def test_a_test_ticket_on_a_one_way_line_was_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand(tmp_path) as found:
        config = tmp_path / "thutu-hub.toml"
        printer = f'[printer]\nurl = "{found.url}"\nprofile = {{ proof = "none" }}\n'
        config.write_text(SITE + printer, "utf-8")

        assert main(["--config", str(config), "test"]) == 0

        until(lambda: [slip.complete for slip in found.slips] == [True])
    assert capsys.readouterr().out == f"{say('printer_tool.sent', 'vi')}\n"


def test_a_printer_without_paper_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked_without_paper = replace(AT_ONCE, busy_when_offline=False)
    with stand(tmp_path, model=asked_without_paper) as found:
        found.printer.remove_paper()

        assert main(["--url", found.url, "test"]) == 1
        assert main(["--url", found.url, "calibrate"]) == 1
        assert main(["--url", found.url, "status", "--once"]) == 1
    assert capsys.readouterr().out == f"{say('printer.paper-out')}\n" * 3


def test_a_printer_out_of_reach_is_explained_with_who_may_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", f"serial:{tmp_path}/nothing", "status", "--once"]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said == [say("printer.disconnected"), say("printer_tool.in_use")]


def test_the_hub_s_own_settings_say_where_the_printer_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = tmp_path / "hub.toml"
    hub.write_text(SITE, "utf-8")
    assert main(["--config", str(hub), "status", "--once"]) == 1
    assert str(hub) in capsys.readouterr().err

    with stand(tmp_path) as found:
        hub.write_text(f'{SITE}[printer]\nurl = "{found.url}"\n', "utf-8")
        assert main(["--config", str(hub), "status", "--once"]) == 0
    assert capsys.readouterr().out == f"{say('printer_tool.ready')}\n"


def test_the_code_opens_what_the_hub_s_own_tickets_open(tmp_path: Path) -> None:
    hub, out = tmp_path / "hub.toml", tmp_path / "ticket.png"
    with stand(tmp_path) as found:
        hub.write_text(
            'follow_url = "https://xephang.example.vn/t/{node}/{day}/{number}"\n'
            f'{SITE}[printer]\nurl = "{found.url}"\n[printer.profile]\nmode = "strip"\n',
            "utf-8",
        )
        assert main(["--config", str(hub), "test"]) == 0
        assert main(["--config", str(hub), "preview", "--out", str(out)]) == 0

        [slip] = found.slips
    assert slip.qr is not None
    before, day, number = slip.qr.rsplit("/", 2)
    assert before == "https://xephang.example.vn/t/01-00097-01-h1"
    assert date.fromisoformat(day).year > 2000
    assert number == SAMPLE_NUMBER
    assert out.exists()


def test_tells_each_change_until_it_is_interrupted(tmp_path: Path) -> None:
    with stand(tmp_path) as found:
        command = [sys.executable, "-m", "edge.printer_tool", "--url", found.url, "status"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUTF8": "1"}
        ) as tool:
            assert tool.stdout is not None
            assert tool.stdout.readline().strip() == say("printer_tool.ready")
            found.printer.open_cover()
            assert tool.stdout.readline().strip() == say("printer.cover-open")
            found.printer.close_cover()
            assert tool.stdout.readline().strip() == say("printer_tool.ready")
            tool.send_signal(signal.SIGINT)
            try:
                assert tool.wait(10) == 1
            finally:
                tool.kill()


def test_lists_ports_and_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ports"]) == 0
    assert say("printer_tool.network_ports") in capsys.readouterr().out
    assert main(["models"]) == 0
    assert "TM-T88V" in capsys.readouterr().out
    assert main(["models", "POS-5890"]) == 0
    assert capsys.readouterr().out.startswith(
        "[printer.profile]\npaper = { dots = 384, dpi = 203 }"
    )
    assert main(["models", "no-such"]) == 1
    assert "no-such" in capsys.readouterr().err


def test_draws_the_site_s_own_ticket_without_a_printer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub, out = tmp_path / "hub.toml", tmp_path / "ticket.png"
    own = '[printer]\nurl = "tcp://192.0.2.1"\n'
    heights = {}
    for name, ticket in {
        "usual": "",
        "short": '[printer.ticket]\nhidden = ["qr"]\nfooter = { vi = [] }\n',
    }.items():
        hub.write_text(SITE + own + ticket, "utf-8")
        for mode in ("raster", "text", "strip"):
            arguments = ["--config", str(hub), "preview", "--out", str(out), "--mode", mode]
            assert main(arguments) == 0
            with Image.open(out) as drawn:
                assert (drawn.width, drawn.mode) == (576, "1")
                heights[name, mode] = drawn.height
    said = capsys.readouterr().out.splitlines()

    assert said[-1] == say("printer_tool.previewed", file=out, mode="strip")
    for mode in ("raster", "text", "strip"):
        assert heights["short", mode] < heights["usual", mode] - 200


def test_draws_a_ticket_for_a_model_before_there_are_settings(tmp_path: Path) -> None:
    nothing, out = str(tmp_path / "hub.toml"), tmp_path / "ticket.png"

    assert main(["--config", nothing, "--model", "POS-5890", "preview", "--out", str(out)]) == 0
    with Image.open(out) as drawn:
        assert drawn.width == 384
    assert main(["--config", nothing, "preview", "--out", str(out)]) == 1


def test_words_that_cannot_be_set_are_explained_and_draw_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub, out = tmp_path / "hub.toml", tmp_path / "ticket.png"
    own = '[printer]\nurl = "tcp://192.0.2.1"\n[printer.ticket]\nfooter = { vi = ["中"] }\n'
    hub.write_text(SITE + own, "utf-8")

    assert main(["--config", str(hub), "preview", "--mode", "strip", "--out", str(out)]) == 1
    assert "中" in capsys.readouterr().err
    assert not out.exists()
