"""Keeping a journal short: its older rows go into a sealed file beside it.

A start checks every page of the journal, so it would take longer with every year. Nothing is
thrown away: a centre that was restored from an old backup is sent the sealed rows again.
"""

import logging
import shutil
from contextlib import closing
from pathlib import Path

from edge.core.machine import LEAST_FREE_MB
from edge.store.journal import Journal, StoreError
from edge.store.sealed_rows import sealed_path
from edge.store.swap import new_file, swap_in

logger = logging.getLogger(__name__)

_KEPT_ROWS = 10_000
# The kept rows are in the sealed file as well: a fifth more than all rows take once.
_LEAST_SEALED = 5 * _KEPT_ROWS
_BYTES_A_MB = 1_000_000


def seal_older_rows(journal: Journal) -> None:
    """Let `journal` go on in a new file, if there are enough rows that it can do without.

    It keeps what the centre has not confirmed, and rows of some days for commands that come a
    second time. When the new file cannot be made, it goes on in the old one. Raises StoreError
    when neither can be opened.
    """
    first = min(journal.cursor, journal.last_seq - _KEPT_ROWS)
    if first - journal.base_seq < _LEAST_SEALED:
        return
    try:
        _check_room(journal.path.parent)
        with new_file(journal.path) as new:
            _seal(journal, first, new)
    except (StoreError, OSError) as error:
        logger.warning("The journal's older rows stay in it, and starts take longer: %s", error)
    journal.reopen()


def _check_room(folder: Path) -> None:
    if shutil.disk_usage(folder).free < LEAST_FREE_MB * _BYTES_A_MB:
        raise StoreError(f"less than {LEAST_FREE_MB} MB are free in {folder}")


def _seal(journal: Journal, first: int, new: Path) -> None:
    journal.copy_to(new, first)
    _read_back(new, journal, first)
    journal.close()
    swap_in(new, journal.path, sealed_path(journal.path, journal.epoch, journal.last_seq))


def _read_back(new: Path, journal: Journal, first: int) -> None:
    with closing(Journal(new)) as short:
        for _ in short.checked_rows(after=first):
            pass
        if _ends(short) != _ends(journal):
            raise StoreError(f"{new}: is not what was written")


def _ends(journal: Journal) -> tuple[str, int, int, bytes]:
    return journal.epoch, journal.cursor, journal.last_seq, journal.last_hash
