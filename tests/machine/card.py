"""The disks of a machine: a card as `thutu-image` or `thutu-image-machine` leaves it, data, and a
release on a stick."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provision.image.__main__ import main as write_hubs_card
from provision.image.machine_card import main as write_machines_card
from runtime.enrolment import EnrolmentToken
from runtime.sealed import signing_key
from tests.provision.update.project_wheel import project_wheel

SITE = "01-00097-01"
NEXT_VERSION = "99.0"
BOOT = Path("firmware_config/boot")
SYSTEM = os.environ.get("THUTU_SYSTEM", "trixie")
"""The name of the Debian under the Raspberry Pi OS that the cards are for."""
_PYTHON = {"bookworm": "3.11", "trixie": "3.13"}[SYSTEM]
_CACHES = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
CACHE = _CACHES / "thutu-machine" / SYSTEM


def make_hubs_disks(folder: Path) -> None:
    """The boot partition of a hub's card, its root, and the data partition."""
    _make_machine()
    (folder / "token").write_text(f"{EnrolmentToken.new(bytes(32)).text}\n", "ascii")
    template = (BOOT / "hub.toml.template").read_text("utf-8")
    always = re.sub(r"sessions = \[.*?\n\]", "sessions = []", template, flags=re.DOTALL)
    centre, publisher = (public_key(folder / f"{name}.pem") for name in ("centre", "publisher"))
    more = f"""
[printer]
url = "serial:/dev/ttyS1?baud=19200"
[issuing]
every_s = 0
[updates]
publisher_keys = ["{publisher}"]
"""
    (folder / "hub.toml.template").write_text(f"{always}{more}", "utf-8")
    code = write_hubs_card(
        [
            *(SITE, *_blank_card(folder), "--token-file", str(folder / "token")),
            *("--centre", "https://thutu.example.vn", "--broker", "mqtt.example.vn"),
            *("--centre-key", centre, "--hub-template", str(folder / "hub.toml.template")),
        ]
    )
    assert code == 0
    do("mke2fs", "-q", "-t", "ext4", "-L", "thutu-data", folder / "data.ext4", "2G")
    _make_disks(folder)


def make_machines_disks(folder: Path, name: str, settings: Sequence[Path], site_ca: Path) -> Path:
    """The boot partition of the card of a machine beside the hub, and its root; where the list of
    its devices is."""
    _make_machine()
    devices = folder / f"{name}.devices.json"
    given = [word for path in settings for word in ("--settings", str(path))]
    more = ("--site-ca", str(site_ca), "--devices", str(devices))
    assert write_machines_card([SITE, name, *_blank_card(folder), *given, *more]) == 0
    _make_disks(folder)
    return devices


def make_stick(folder: Path) -> None:
    """Release 2 as a publisher makes it, on a stick."""
    wheel, house = project_wheel(folder, NEXT_VERSION), folder / "wheelhouse"
    release = ("-m", "provision.release", "build", "--number", "2", "--wheel", wheel, "--to", house)
    keyed = ("--key", folder / "publisher.pem", "--requirements", "requirements/run.txt")
    os.environ.setdefault("PIP_FIND_LINKS", str(CACHE / "wheels"))
    do(sys.executable, *release, *keyed, "--target", f"cp{_PYTHON.replace('.', '')}-x86_64")
    make_vfat(folder / "stick.vfat", "STICK", house)


def _make_machine() -> None:
    """What every machine starts from, in CACHE. Ends the tests where it cannot be made."""
    script = Path(__file__).with_name("build.sh")
    if subprocess.run(["sh", script, CACHE, SYSTEM, _PYTHON], check=False).returncode:
        pytest.exit("The machine could not be made; what was printed above says why.", 1)


def _blank_card(folder: Path) -> tuple[str, ...]:
    """What Raspberry Pi Imager leaves, and the options that every card is written with."""
    boot = folder / "boot"
    boot.mkdir()
    (boot / "config.txt").write_text("camera_auto_detect=1\n", "ascii")
    (boot / "cmdline.txt").write_text("console=serial0,115200 console=tty1\n", "ascii")
    (folder / "sites.csv").write_text(
        f"site,name,type,national_code\n{SITE},Phường Hồng Hà,centre,\n", "utf-8"
    )
    us = Ed25519PrivateKey.generate().public_key()
    (folder / "key.pub").write_bytes(us.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    return (
        *("--sites", str(folder / "sites.csv"), "--wheels", str(CACHE / "wheels")),
        *("--ssh-key", str(folder / "key.pub"), "--boot", str(boot)),
        *("--processor", "x86_64", "--system", SYSTEM),
    )


def _make_disks(folder: Path) -> None:
    make_vfat(folder / "boot.vfat", "bootfs", folder / "boot")
    do("cp", "--sparse=always", CACHE / "root.ext4", folder / "root.ext4")


def make_vfat(disk: Path, label: str, content: Path) -> None:
    """A disk as other systems write them too."""
    do("mkfs.vfat", "-C", "-n", label, disk, str(256 * 1024))
    do("mcopy", "-s", "-i", disk, *sorted(content.iterdir()), "::/")


def public_key(path: Path) -> str:
    """The public half of the key at `path`, which is made where there is none."""
    return signing_key(path).public_key().public_bytes_raw().hex()


def do(*command: str | Path) -> None:
    """Run a command on the machine that tests."""
    path = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    subprocess.run(command, check=True, env=path, stdout=subprocess.DEVNULL)
