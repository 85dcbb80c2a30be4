"""A technician's folder, and `thutu-image` run on it."""

from pathlib import Path
from typing import Any

import yaml

from provision.image.__main__ import main
from runtime.enrolment import EnrolmentToken

SITE, NAME = "01-00097-01", 'Trung tâm Phục vụ hành chính công Phường "Hồng Hà"'
KEY_PART = "AAAAC3NzaC1lZDI1NTE5AAAAIGCp7atcSbwRCc7fJ9D3QxEwjNKGPAp8riifkUR8P4MI"
KEY = f"ssh-ed25519 {KEY_PART} technician@province"
TOKEN = EnrolmentToken(bytes(32), bytes(range(32))).text
CENTRE = "https://thutu.example.vn"
TEMPLATES = {p.name: p.read_text("utf-8") for p in Path("firmware_config/boot").iterdir()}
WHEELS = (
    "thutu-0.1.0-py3-none-any.whl",
    "pip-25.0-py3-none-any.whl",
    "x-1-py3-none-any.whl",
    "cffi-2.0.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
    "cffi-2.0.0-cp313-cp313-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
)


def make_desk(folder: Path) -> Path:
    """A technician's folder: the list of sites, wheels, a token, a key and a card."""
    lines = [
        "site,name,type,national_code",
        f'{SITE},"{NAME.replace(chr(34), chr(34) * 2)}",centre,',
    ]
    (folder / "sites.csv").write_text("\n".join(lines), "utf-8")
    (folder / "wheels").mkdir()
    for wheel in WHEELS:
        (folder / "wheels" / wheel).write_bytes(b"wheel")
    (folder / "token").write_text(f"{TOKEN}\n", "ascii")
    (folder / "key.pub").write_text(f"{KEY}\n", "ascii")
    card = folder / "bootfs"
    card.mkdir()
    (card / "config.txt").write_text("camera_auto_detect=1\n", "ascii")
    (card / "cmdline.txt").write_text("console=serial0,115200 console=tty1 rootwait\n", "ascii")
    return folder


def image(desk: Path, site: str = SITE, *more: str) -> int:
    return main(
        [
            site,
            *("--sites", str(desk / "sites.csv"), "--wheels", str(desk / "wheels")),
            *("--centre", CENTRE, "--broker", "mqtt.example.vn"),
            *("--token-file", str(desk / "token"), "--ssh-key", str(desk / "key.pub")),
            *("--boot", str(desk / "bootfs"), *more),
        ]
    )


def parsed(card: Path, name: str) -> Any:
    return yaml.safe_load((card / name).read_text("utf-8"))


def lies(card: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(card)): path.read_bytes() for path in card.rglob("*") if path.is_file()
    }
