"""The files of a journal's older rows, which nobody writes any more.

Each holds the journal as it was when the next file was begun, so neighbours overlap.
"""

import sqlite3
from pathlib import Path


def sealed_path(journal: Path, epoch: str, last_seq: int) -> Path:
    """Where the file of `journal` goes that ends with row `last_seq`."""
    return journal.with_name(f"{_prefix(journal, epoch)}{last_seq:010}{journal.suffix}")


def sealed_paths(journal: Path, epoch: str) -> list[Path]:
    """The sealed files beside `journal`, oldest first."""
    return sorted(journal.parent.glob(f"{_prefix(journal, epoch)}*{journal.suffix}"))


def open_sealed(journal: Path, epoch: str, seq: int) -> sqlite3.Connection:
    """Open, for reading, the file that holds row `seq` and the one behind it.

    Raises FileNotFoundError when there is none, and sqlite3.Error.
    """
    for path in sealed_paths(journal, epoch):
        if path >= sealed_path(journal, epoch, seq + 1):
            return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    raise FileNotFoundError(f"the file with row {seq + 1} of {epoch} is not there")


def _prefix(journal: Path, epoch: str) -> str:
    return f"{journal.stem}-{epoch}-"
