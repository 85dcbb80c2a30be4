from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from edge.devices.transport import SerialTransport, UsbTransport, transport
from edge.printer_tool.ports import serial_ports, usb_printers


def port(device: str, description: str) -> ListPortInfo:
    found = ListPortInfo(device)
    found.description = description
    return found


def test_names_ports_by_the_socket_they_are_plugged_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [tmp_path / "ttyUSB1", tmp_path / "ttyUSB0"]
    for device in devices:
        device.touch()
    by_path = tmp_path / "by-path"
    by_path.mkdir()
    (by_path / "usb-0:1.2:1.0-port0").symlink_to(devices[0])
    found = [port(str(device), "USB Serial") for device in devices]
    monkeypatch.setattr(list_ports, "comports", lambda: found)

    urls = [port.url for port in serial_ports(by_path)]

    assert urls == [
        f"serial:{tmp_path}/ttyUSB0",
        f"serial:{by_path}/usb-0:1.2:1.0-port0",
    ]
    assert all(isinstance(transport(url), SerialTransport) for url in urls)


def test_a_machine_without_ports_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ports, "comports", list)

    assert serial_ports(tmp_path / "missing") == []


def test_names_usb_printers_as_they_name_themselves(tmp_path: Path) -> None:
    devices, described = tmp_path / "usb", tmp_path / "usbmisc"
    devices.mkdir()
    for name in ("lp1", "lp0", "hiddev0"):
        (devices / name).touch()
    (described / "lp0" / "device").mkdir(parents=True)
    (described / "lp0" / "device" / "ieee1284_id").write_text(
        "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;", "utf-8"
    )

    found = usb_printers(devices, described)

    assert [(port.url, port.name) for port in found] == [
        (f"usb:{devices}/lp0", "EPSON TM-T20II"),
        (f"usb:{devices}/lp1", "USB"),
    ]
    assert all(isinstance(transport(port.url), UsbTransport) for port in found)
    assert usb_printers(tmp_path / "missing", described) == []
