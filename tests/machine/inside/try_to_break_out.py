"""Tries what a hub in wrong hands would try; says what was possible. Runs inside, as the hub."""

import json
import mmap
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_ALL = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC


def possible(attempt: Callable[[], object]) -> bool:
    """Whether nothing and nobody said no."""
    try:
        attempt()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def write(folder: str) -> Callable[[], object]:
    """An attempt to put a file into the folder."""
    return (Path(folder) / "thutu-was-here").touch


def opened(device: str) -> Callable[[], object]:
    """An attempt to open the device."""
    return lambda: os.close(os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read /etc/shadow": Path("/etc/shadow").read_bytes,
    "read a display's token": Path("/etc/thutu/hall.token").read_bytes,
    "write /usr": write("/usr"),
    "write /etc/thutu": write("/etc/thutu"),
    "write /boot/firmware": write("/boot/firmware"),
    "write /opt/thutu": write("/opt/thutu"),
    "list /home": lambda: list(Path("/home/thutu-admin").iterdir()),
    "read the disk": opened("/dev/vda"),
    "read the kernel's log": opened("/dev/kmsg"),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "change the kernel": lambda: Path("/proc/sys/kernel/hostname").write_text("x"),
    "listen to the network raw": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "make memory that runs": lambda: mmap.mmap(-1, 4096, prot=_ALL),
    "make a namespace": lambda: subprocess.run(["unshare", "--user", "true"], check=True),
    "become root": lambda: os.setuid(0),
    "see others' processes": Path("/proc/1/status").read_bytes,
    "send signals to systemd": lambda: os.kill(1, 0),
    "write the data folder": write("/var/lib/thutu"),
    "write /var/cache": write("/var/cache"),
    "open the serial port": opened("/dev/ttyS1"),
    "read the boot's name": Path("/proc/sys/kernel/random/boot_id").read_bytes,
    "open a socket": lambda: socket.create_server(("127.0.0.1", 0)).close(),
}

if __name__ == "__main__":
    json.dump({name: possible(attempt) for name, attempt in ATTEMPTS.items()}, sys.stdout)
