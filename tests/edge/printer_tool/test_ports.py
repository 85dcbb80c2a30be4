from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from edge.devices.transport import SerialTransport, transport
from edge.printer_tool.ports import serial_ports


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
