"""Writes what makes a card ours onto its boot partition, beside what Raspberry Pi Imager wrote."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from provision.image.card import CONNECTION, FIRST_RUN, SET_UP, SETTINGS, TOKENS
from provision.image.refused import ImageError

_FIRMWARE_READS = ("config.txt", "cmdline.txt")
_SYSTEMS_READ = ("user-data", "network-config", "meta-data", "firstrun.sh")
_OURS = b"Written by thutu-image."
_NOT_ON_EVERY_CARD = ("thutu-clock.txt", CONNECTION, "thutu/first-boot.log")
_FOLDERS_OF_OURS = (f"{SETTINGS}/*", f"{TOKENS}/*.token", f"{TOKENS}/*/*.token")


def check_boot_partition(boot: Path) -> None:
    """Raises ImageError where `boot` is none, or one whose machine would read nothing new."""
    if not all((boot / name).is_file() for name in _FIRMWARE_READS):
        raise ImageError("no_boot_partition", boot=boot)
    if (boot / SET_UP).is_file():
        machine = (boot / SET_UP).read_text("utf-8", "replace").strip()
        raise ImageError("set_up", boot=boot, machine=machine)


def write(files: Mapping[str, str], wheels: Sequence[Path], boot: Path) -> None:
    """Write beside what is there; each file is whole or not there. What an earlier run wrote for
    another choice goes. Raises OSError."""
    for path in _left_over(files, wheels, boot):
        path.unlink()
    folder = boot / "thutu/wheels"
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        shutil.copyfile(wheel, folder / wheel.name)
    for name, text in files.items():
        _lay(boot / name, text)
    _lay(boot / "cmdline.txt", _command_line(boot, first_run="firstrun.sh" in files))
    os.sync()


def _left_over(files: Mapping[str, str], wheels: Sequence[Path], boot: Path) -> list[Path]:
    kept = {wheel.name for wheel in wheels}
    left = [path for path in (boot / "thutu/wheels").glob("*.whl") if path.name not in kept]
    ours = {path for pattern in _FOLDERS_OF_OURS for path in boot.glob(pattern) if path.is_file()}
    ours |= {boot / name for name in _NOT_ON_EVERY_CARD if (boot / name).is_file()}
    for path in map(boot.joinpath, _SYSTEMS_READ):
        if path.is_file() and _OURS in path.read_bytes():
            ours.add(path)
    return left + sorted(ours - {boot / name for name in files})


def _command_line(boot: Path, *, first_run: bool) -> str:
    words = (boot / "cmdline.txt").read_text("ascii").split()
    ours = FIRST_RUN.split()
    if first_run:
        kept = [word for word in words if not word.startswith("systemd.")] + ours
    else:
        kept = [word for word in words if word not in ours]
    return " ".join(kept) + "\n"


def _lay(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, "utf-8", newline="\n")
    part.replace(path)
