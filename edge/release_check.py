"""Whether this software can go on from a journal, tried on a copy: the journal stays as it is."""

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path

from contract.codec import ContractError, decode_entry
from edge.store.journal import Journal, StoreError
from edge.store.recovery import JOURNAL, check


def check_on_copy(data: Path) -> int:
    """Replay a copy of the journal in the hub's folder; returns how many rows it has.

    A running hub is not disturbed, and neither is one that stands still: its folder may be
    read-only. Raises StoreError when this software cannot read it, or would begin a new journal.
    """
    if not (data / JOURNAL).exists():
        return 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy(data / JOURNAL, copy / JOURNAL)
        for sealed in data.glob(f"{Path(JOURNAL).stem}-*"):
            (copy / sealed.name).symlink_to(sealed.absolute())
        with contextlib.closing(Journal(copy / JOURNAL)) as journal:
            damage = _unreadable(journal) or check(journal, None).damage
            if damage is not None:
                raise StoreError(f"{data / JOURNAL} cannot be read: {damage}")
            return journal.last_seq


def _unreadable(journal: Journal) -> str | None:
    """A checkpoint spares a start the older rows, but an answer may come from any of the file."""
    try:
        for row in journal.checked_rows(after=journal.base_seq):
            decode_entry(row.body)
    except (ContractError, StoreError) as error:
        return str(error)
    return None


def _copy(source: Path, target: Path) -> None:
    """A journal that a hub closed is one file; beside one in use there is its log."""
    if not source.with_name(f"{source.name}-wal").exists():
        shutil.copyfile(source, target)
        return
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as there,
            contextlib.closing(sqlite3.connect(target)) as here,
        ):
            there.backup(here)
    except sqlite3.Error as error:
        raise StoreError(f"{source}: cannot be copied: {error}") from error
