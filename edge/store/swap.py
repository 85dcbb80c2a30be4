"""Putting a new journal in the old one's place in one step, while the old one is kept."""

import os
from pathlib import Path

from runtime.private_file import sync_folder


def fresh_path(journal: Path) -> Path:
    """Where the new one is written, beside `journal`; what an earlier attempt left is gone.

    Raises OSError.
    """
    new = journal.with_name(f"{journal.stem}-new{journal.suffix}")
    for leftover in journal.parent.glob(f"{new.name}*"):
        leftover.unlink()
    return new


def swap_in(new: Path, journal: Path, kept: Path) -> None:
    """Put the file `new` in the place of `journal`, if there is one, which is kept as `kept`.

    Both must be closed. A cut leaves the old or the new one in place. Raises OSError.
    """
    if journal.exists() and not (kept.exists() and kept.samefile(journal)):
        os.link(journal, kept)
    new.replace(journal)
    sync_folder(journal.parent)
