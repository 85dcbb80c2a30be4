"""Where a printer may be plugged in, as URLs that a hub's settings understand."""

import re
from pathlib import Path
from typing import NamedTuple

from serial.tools import list_ports

BY_PATH = Path("/dev/serial/by-path")
USB_PRINTERS = Path("/dev/usb")
USB_DESCRIPTIONS = Path("/sys/class/usbmisc")

_NAMES = re.compile(r"(?:MFG|MANUFACTURER|MDL|MODEL):([^;]*)")


class Port(NamedTuple):
    """Where a printer may be: the URL for the settings, and what is said to be there."""

    url: str
    name: str


def serial_ports(by_path: Path = BY_PATH) -> list[Port]:
    """All serial ports, named by the socket they are plugged into where the system knows it.

    Cheap adapters have no serial number, and /dev/ttyUSB0 is whichever was found first.
    """
    sockets = {
        str(link.resolve()): str(link) for link in (by_path.iterdir() if by_path.is_dir() else ())
    }
    return [
        Port(f"serial:{sockets.get(found.device, found.device)}", found.description)
        for found in sorted(list_ports.comports())
    ]


def usb_printers(devices: Path = USB_PRINTERS, descriptions: Path = USB_DESCRIPTIONS) -> list[Port]:
    """All printers that the kernel's usblp driver has found, with the name they give themselves.

    Source: the device ID string of IEEE 1284, which usblp shows in sysfs.
    """
    return [
        Port(f"usb:{device}", _name(descriptions / device.name / "device" / "ieee1284_id"))
        for device in sorted(devices.glob("lp*"))
    ]


def _name(file: Path) -> str:
    described = file.read_text("utf-8", "replace") if file.exists() else ""
    return " ".join(_NAMES.findall(described)) or "USB"
