"""Files from hubs that the running centre could not take in, kept with the reason."""

from pathlib import Path
from typing import NamedTuple

from runtime.private_file import make_private_folder, sync_folder, write_private

_FOLDER = "refused"


class Refused(NamedTuple):
    """Where a file is now, and why it was refused."""

    file: Path
    why: str


def keep_refused(file: Path, why: str) -> Path:
    """Move a file out of the folder where it waits, so that it is not offered again; returns where
    it is now. Raises OSError; then it waits on."""
    kept = _kept(file)
    make_private_folder(kept.parent)
    write_private(_reason(kept), why.encode("utf-8", "replace"))
    file.replace(kept)
    sync_folder(kept.parent)
    return kept


def forget_refused(file: Path) -> None:
    """Remove what was kept of a file that has come whole since. Raises OSError."""
    kept = _kept(file)
    kept.unlink(missing_ok=True)
    _reason(kept).unlink(missing_ok=True)


def refused_file(file: Path) -> Refused | None:
    """What was kept of a file that waited as `file`; None when it was not refused. Raises
    OSError."""
    kept = _kept(file)
    return Refused(kept, _reason(kept).read_text("utf-8")) if kept.exists() else None


def count_refused(waiting: Path) -> int:
    """How many files are kept of those that waited in a folder."""
    return sum(1 for _ in (waiting / _FOLDER).glob("*.thutu"))


def _kept(file: Path) -> Path:
    return file.parent / _FOLDER / file.name


def _reason(kept: Path) -> Path:
    return kept.with_suffix(".txt")
