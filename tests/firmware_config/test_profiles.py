"""Device profiles, each appended to a program's settings as a technician does, and read by it."""

from concurrent.futures import Future
from pathlib import Path
from typing import NoReturn, TypeVar, get_args

import pytest

from contract.commands import Actor, Answer, AnyCommand, ReportDevice
from contract.refusals import Refused
from display.boards.__main__ import Settings as BoardsSettings
from display.boards.drivers import AnyBoard
from display.boards.frames import Face
from edge.controls import Controls
from edge.devices.printer_profile import PrinterProfile
from edge.devices.transport import transport
from edge.printer_tool.models import known_models
from edge.printer_tool.sample import sample
from edge.satellite.__main__ import SatelliteSettings
from edge.settings import HubSettings
from runtime.clock import SystemClock
from runtime.settings import load_settings
from tests.waiting import until

_T = TypeVar("_T")
PROFILES = Path("firmware_config/profiles")
HUB = Path("firmware_config/etc/thutu/hub.toml.example").read_text("utf-8")
SATELLITE = 'hub = "http://hub"\ntoken_file = "satellite/satellite.token"\ndata = "data"\n'
BOARDS = 'hub = "http://hub"\ntoken_file = "boards.token"\n'
MODELS = {
    "epson-tm-t88v": "TM-T88V",
    "epson-tm-t20ii": "TM-T20II",
    "rongta-rp326": "RP326",
    "zjiang-pos-5890": "POS-5890",
}


def profiles(kind: str) -> pytest.MarkDecorator:
    files = sorted((PROFILES / kind).glob("*.toml"))
    assert files
    return pytest.mark.parametrize("file", files, ids=lambda file: file.stem)


def load(folder: Path, settings: str, profile: Path, kind: type[_T]) -> _T:
    file = folder / "settings.toml"
    file.write_text(f"{settings}\n{profile.read_text('utf-8')}", "utf-8")
    return load_settings(file, kind, "THUTU", environment={})


@profiles("printers")
def test_a_printers_profile_prints_a_ticket_at_a_hub_and_at_a_satellite(
    file: Path, tmp_path: Path
) -> None:
    hub = load(tmp_path, HUB, file, HubSettings)
    satellite = load(tmp_path, SATELLITE, file, SatelliteSettings)
    assert hub.printer is not None
    assert hub.printer == satellite.printer
    transport(hub.printer.url)
    ticket = sample(SystemClock().stamp(), "vi", hub)
    assert hub.printer.profile.renderer().encode(ticket)


@pytest.mark.parametrize("name", MODELS)
def test_a_models_profile_says_what_is_known_of_the_model(name: str, tmp_path: Path) -> None:
    hub = load(tmp_path, HUB, PROFILES / f"printers/{name}.toml", HubSettings)
    assert hub.printer is not None
    known = known_models()[MODELS[name]].profile
    assert _abilities(hub.printer.profile) == _abilities(known)


def test_every_profile_of_a_printer_is_of_a_known_model_or_of_any() -> None:
    names = {file.stem for file in (PROFILES / "printers").iterdir()}
    assert {name for name in names if not name.startswith("any-")} == MODELS.keys()


@profiles("boards")
def test_a_boards_profile_shows_numbers(file: Path, tmp_path: Path) -> None:
    settings = load(tmp_path, BOARDS, file, BoardsSettings)
    for bus in settings.buses:
        for board in bus.boards:
            called, closed = Face(board.counter, "calling", "1025"), Face(board.counter, "closed")
            assert board.frame(called) not in (b"", board.frame(closed))


def test_every_driver_of_boards_has_a_profile(tmp_path: Path) -> None:
    files = sorted((PROFILES / "boards").glob("*.toml"))
    loaded = [load(tmp_path, BOARDS, file, BoardsSettings) for file in files]
    kinds = {type(board) for settings in loaded for bus in settings.buses for board in bus.boards}
    assert kinds == {*get_args(AnyBoard)}


@profiles("pads")
def test_a_pads_profile_finds_its_pins_at_a_hub_and_at_a_satellite(
    file: Path, tmp_path: Path
) -> None:
    hub = load(tmp_path, HUB, file, HubSettings)
    satellite = load(tmp_path, f'pin_library = "mock"\n{SATELLITE}', file, SatelliteSettings)
    assert hub.devices == satellite.devices != ()
    reports: list[ReportDevice] = []
    controls = Controls(
        satellite,
        _nobody,
        reports.append,
        SystemClock(),
        printer_of=lambda _: None,
        open_input=_unplugged,
    )
    wired = {device for device in satellite.devices if not device.startswith("keypad")}
    try:
        until(lambda: {report.device for report in reports if report.state == "ready"} == wired)
    finally:
        controls.close()


def _abilities(profile: PrinterProfile) -> tuple[object, ...]:
    return (profile.paper, profile.native_qr, profile.cutter, profile.feed_units_per_dot)


def _nobody(_actor: Actor, _command: AnyCommand) -> "Future[Answer | Refused]":
    raise AssertionError("nobody pressed anything")


def _unplugged(path: object) -> NoReturn:
    raise FileNotFoundError(path)
