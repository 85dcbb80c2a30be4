"""Putting a new journal in the old one's place in one step, while the old one is kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.store.journal import StoreError
from runtime.private_file import sync_folder


@contextmanager
def new_file(journal: Path) -> Iterator[Path]:
    """Where the new one is written, beside `journal`: no file is there yet, and what was not put in
    place by the end takes no room. Raises OSError."""
    new = journal.with_name(f"{journal.stem}-new{journal.suffix}")
    _remove(new)
    try:
        yield new
    finally:
        _remove(new)


def swap_in(new: Path, journal: Path, kept: Path) -> None:
    """Put the file `new` in the place of `journal`, if there is one, which is kept as `kept`.

    Both must be closed. A cut leaves the old or the new one in place. Raises StoreError when one of
    them is not whole without its log, and OSError; the old one is then in place.
    """
    check_whole(new)
    check_whole(journal)
    if journal.exists() and not (kept.exists() and kept.samefile(journal)):
        os.link(journal, kept)
    new.replace(journal)
    sync_folder(journal.parent)


def check_whole(path: Path) -> None:
    """Raise StoreError when the closed file at `path` needs its log: SQLite does not say when it
    cannot fold the log into what it closes."""
    if any(path.parent.glob(f"{path.name}-*")):
        raise StoreError(f"{path}: its log stays beside it; the disk is full or another reads it")


def _remove(path: Path) -> None:
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()
