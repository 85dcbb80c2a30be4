"""Printers elsewhere on the site, in the settings and at the start of a hub."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from contract.snapshot import DeviceView
from edge.devices.printer_profile import PrinterProfile
from edge.node import Node
from edge.satellite.__main__ import SatelliteSettings
from edge.settings import Http, HubSettings, PrinterSettings
from tests.edge.running_site import MONDAY_8_MS, RULES, TestClock
from tests.waiting import until

ELSEWHERE = replace(RULES, prints_on={"kiosk-2": "printer-2", "buttons-2": "printer-2"})


def test_a_printer_elsewhere_is_out_of_reach_until_it_says_otherwise(tmp_path: Path) -> None:
    node = Node(HubSettings("01-00097-01-h1", tmp_path, ELSEWHERE, http=Http(port=0)), TestClock())
    node.start()
    absent = DeviceView("printer-2", "lost", "no-satellite", MONDAY_8_MS)
    until(lambda: absent in node.hub.snapshot().devices)
    node.stop()


def test_the_hubs_own_printer_is_not_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="kiosk-2 prints on printer-2, which is the hub's own"):
        HubSettings(
            "01-00097-01-h1", tmp_path, ELSEWHERE, printer=PrinterSettings("tcp://x", "printer-2")
        )


def test_a_satellites_printer_needs_a_place_to_remember(tmp_path: Path) -> None:
    printer = PrinterSettings("tcp://x", "printer-2")
    token_file = tmp_path / "satellite.token"
    with pytest.raises(ValueError, match="needs `data`"):
        SatelliteSettings(hub="http://x", token_file=token_file, printer=printer)
    SatelliteSettings(hub="http://x", token_file=token_file, printer=printer, data=tmp_path)


def test_a_service_that_the_printer_has_no_letters_for_is_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land = replace(RULES.services[1], name={"vi": "Đất đai 🌾"})
    rules = replace(RULES, services=(RULES.services[0], land, RULES.services[2]))
    printer = PrinterSettings(f"usb:{tmp_path}/lp0", profile=PrinterProfile(mode="strip"))
    node = Node(
        HubSettings("01-00097-01-h1", tmp_path, rules, http=Http(port=0), printer=printer),
        TestClock(),
    )
    node.start()
    node.stop()
    (warned,) = [r.getMessage() for r in caplog.records if r.name == "edge.node"]
    assert warned.startswith("printer-1 prints the tickets of service 2 as pictures")
    assert "U+1F33E" in warned
