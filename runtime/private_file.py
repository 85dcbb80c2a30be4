"""Writing secrets and what must never be seen half written."""

import os
from pathlib import Path


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` at `path`, whole and durable or not at all; others may not read it by default.

    The folder is made, for this user only, where it is missing. Raises OSError; then what was
    there before is there still, or the new, whole, and nothing takes room beside it.
    """
    make_private_folder(path.parent)
    beside = path.with_name(f".{path.name}.new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(file, mode)
        _write_all(file, data)
        os.fsync(file)
        beside.replace(path)
    except OSError:
        beside.unlink()
        raise
    finally:
        os.close(file)
    sync_folder(path.parent)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it, for this user only where they are missing, whatever
    others would get by default. Raises OSError."""
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make durable which names are in a folder. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
