"""What a Pi's firmware reads of ours at a start: `thutu.txt` on the boot partition, beside it
`thutu-clock.txt` where thutu-image was told of a clock's cell, and the lines of `config.txt` that
include them.

No release lays it, for a machine that does not start with it could give nothing back. Whoever can
put the card into a computer does, with `thutu-install boot`.
"""

import hashlib
import os
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from provision.install.ground import BESIDE
from provision.install.plan import NOTES
from runtime.private_file import sync_folder, write_private

FORMER = ".former"
_FOLDER = "boot/firmware"
_CONFIG = "config.txt"
_OURS = "thutu.txt"
_OF_THE_CLOCK = "thutu-clock.txt"
_NOTE = f"{NOTES}/boot"
_PUBLIC = 0o644


@dataclass(frozen=True, slots=True)
class BootFile:
    """A file that the firmware reads, as it is and as it should be."""

    path: Path
    found: bytes
    wanted: bytes
    is_edited: bool = False

    def differences(self) -> list[str]:
        """Each line that goes with a `-` before it, and each that comes with a `+`."""
        before, after = (
            text.decode(errors="replace").splitlines() for text in (self.found, self.wanted)
        )
        changes = unified_diff(before, after, lineterm="", n=0)
        return [line for line in [*changes][2:] if not line.startswith("@@")]


def boot_files_to_lay(root: Path, sources: Path) -> list[BootFile]:
    """The files that are not as this release has them; none where no Pi starts from below `root`.

    Raises OSError.
    """
    folder = root / _FOLDER
    if not (folder / _CONFIG).is_file():
        return []
    ours, found = _wanted(sources), _read(folder / _OURS)
    config = _read(folder / _CONFIG)
    included = [_OURS, *([_OF_THE_CLOCK] if (folder / _OF_THE_CLOCK).exists() else [])]
    lines = [line for name in included if (line := _include(name)) not in config.splitlines()]
    including = config
    if lines:
        including = config.rstrip(b"\n") + b"\n\n[all]\n" + b"\n".join(lines) + b"\n"
    is_edited = found != b"" and _print(found) != _read(root / _NOTE)
    both = (
        BootFile(folder / _OURS, found, ours, is_edited),
        BootFile(folder / _CONFIG, config, including),
    )
    return [file for file in both if file.found != file.wanted]


def boot_files_of_ours(root: Path) -> list[str]:
    """The names of those that lie there, and those that `config.txt` includes. Raises OSError."""
    folder = root / _FOLDER
    lines = _read(folder / _CONFIG).splitlines()
    names = (_OURS, _OF_THE_CLOCK)
    return [name for name in names if (folder / name).exists() or _include(name) in lines]


def remember_boot_files(root: Path, sources: Path) -> None:
    """Note that the present `thutu.txt` is as we laid it, if it is. Raises OSError."""
    found = _read(root / _FOLDER / _OURS)
    if found == _wanted(sources) and _read(root / _NOTE) != _print(found):
        write_private(root / _NOTE, _print(found), _PUBLIC)


def lay_boot_file(file: BootFile) -> None:
    """Lay it so that a power cut leaves the old or the new, and keep the old one as `.former`;
    beside it where somebody edited it.

    The partition is FAT: it has no journal and no rights, and one name is written at a time.
    Raises OSError; what was there is there still.
    """
    if file.is_edited:
        _write(file.path.with_name(file.path.name + BESIDE), file.wanted)
        return
    if file.found:
        _write(file.path.with_name(file.path.name + FORMER), file.found)
    _write(file.path, file.wanted)


def _include(name: str) -> bytes:
    return f"include {name}".encode()


def _wanted(sources: Path) -> bytes:
    return (sources / "firmware_config/boot" / _OURS).read_bytes()


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _print(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    beside.replace(path)
    sync_folder(path.parent)
