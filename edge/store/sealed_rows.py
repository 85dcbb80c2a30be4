"""The files of a journal's older rows, which nobody writes any more.

Each holds the journal as it was when the next file was begun, so neighbours overlap.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)


def sealed_path(journal: Path, epoch: str, last_seq: int) -> Path:
    """Where the file of `journal` goes that ends with row `last_seq`."""
    return journal.with_name(f"{_prefix(journal, epoch)}{last_seq:010}{journal.suffix}")


def sealed_paths(journal: Path, epoch: str) -> list[Path]:
    """The sealed files beside `journal`, oldest first."""
    return sorted(journal.parent.glob(f"{_prefix(journal, epoch)}*{journal.suffix}"))


@contextmanager
def open_sealed(journal: Path, epoch: str, seq: int) -> Iterator[sqlite3.Connection]:
    """For reading: the file that holds row `seq` and the one behind it.

    Raises FileNotFoundError when there is none, and sqlite3.Error.
    """
    for path in sealed_paths(journal, epoch):
        if path >= sealed_path(journal, epoch, seq + 1):
            with closing(_opened(path)) as db:
                if _ends(db)[0] <= max(seq, 1):
                    yield db
                    return
            break
    wanted = f"{_prefix(journal, epoch)}*{journal.suffix}"
    raise FileNotFoundError(f"{wanted}: the file with row {seq + 1} is not there")


def missing_rows(journal: Path, epoch: str, base_seq: int) -> list[tuple[int, int]]:
    """Which of the rows up to `base_seq` no sealed file beside `journal` holds, each first and
    last; a file that cannot be read is named in the log."""
    missing = list[tuple[int, int]]()
    known = 0
    for path in sealed_paths(journal, epoch):
        try:
            with closing(_opened(path)) as db:
                first, last = _ends(db)
        except sqlite3.Error as error:
            logger.warning("%s cannot be read: %s", path, error)
            continue
        if first > known + 1:
            missing.append((known + 1, first - 1))
        known = max(known, last)
    if known < base_seq:
        missing.append((known + 1, base_seq))
    return missing


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _ends(db: sqlite3.Connection) -> tuple[int, int]:
    first, last = db.execute(
        "SELECT (SELECT min(seq) FROM entries), max(seq) FROM entries"
    ).fetchone()
    if not (isinstance(first, int) and isinstance(last, int)):
        raise sqlite3.DatabaseError("it holds no rows")
    return first, last


def _prefix(journal: Path, epoch: str) -> str:
    return f"{journal.stem}-{epoch}-"
