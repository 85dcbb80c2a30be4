"""The disks of a machine: a card as `thutu-image` leaves it, data, and a release on a stick."""

import os
import re
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provision.image.__main__ import main as write_boot_files
from runtime.enrolment import EnrolmentToken
from runtime.sealed import signing_key
from tests.provision.update.project_wheel import project_wheel

SITE = "01-00097-01"
NEXT_VERSION = "99.0"
BOOT = Path("firmware_config/boot")


def make_disks(folder: Path, wheels: Path, root: Path) -> None:
    """The card's boot partition, a copy of its `root`, and the data partition."""
    boot = folder / "boot"
    boot.mkdir()
    (boot / "config.txt").write_text("camera_auto_detect=1\n", "ascii")
    (boot / "cmdline.txt").write_text("console=serial0,115200 console=tty1\n", "ascii")
    (folder / "sites.csv").write_text(
        f"site,name,type,national_code\n{SITE},Phường Hồng Hà,centre,\n", "utf-8"
    )
    (folder / "token").write_text(f"{EnrolmentToken.new(bytes(32)).text}\n", "ascii")
    us = Ed25519PrivateKey.generate().public_key()
    (folder / "key.pub").write_bytes(us.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
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
    code = write_boot_files(
        [
            *(SITE, "--sites", str(folder / "sites.csv"), "--wheels", str(wheels)),
            *("--centre", "https://thutu.example.vn", "--broker", "mqtt.example.vn"),
            *("--centre-key", centre, "--processor", "x86_64"),
            *("--token-file", str(folder / "token"), "--ssh-key", str(folder / "key.pub")),
            *("--hub-template", str(folder / "hub.toml.template"), "--boot", str(boot)),
        ]
    )
    assert code == 0
    make_vfat(folder / "boot.vfat", "bootfs", boot)
    do("mke2fs", "-q", "-t", "ext4", "-L", "thutu-data", folder / "data.ext4", "2G")
    do("cp", "--sparse=always", root, folder / "root.ext4")


def make_stick(folder: Path, wheels: Path) -> None:
    """Release 2 as a publisher makes it, on a stick."""
    wheel, house = project_wheel(folder, NEXT_VERSION), folder / "wheelhouse"
    release = ("-m", "provision.release", "build", "--number", "2", "--wheel", wheel, "--to", house)
    keyed = ("--key", folder / "publisher.pem", "--requirements", "requirements/run.txt")
    os.environ.setdefault("PIP_FIND_LINKS", str(wheels))
    do(sys.executable, *release, *keyed, "--target", "cp313-x86_64")
    make_vfat(folder / "stick.vfat", "STICK", house)


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
