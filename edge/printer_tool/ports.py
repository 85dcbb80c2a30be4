"""Serial ports of this machine, as URLs that a hub's settings understand."""

from pathlib import Path
from typing import NamedTuple

from serial.tools import list_ports

BY_PATH = Path("/dev/serial/by-path")


class Port(NamedTuple):
    """Where a printer may be: the URL for the settings, and what the adapter says it is."""

    url: str
    adapter: str


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
