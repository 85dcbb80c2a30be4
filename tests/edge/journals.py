"""A small journal for tests, and what someone with a card reader may do to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edge.store.journal import Journal, NewRow, Row
from edge.store.swap import new_file

BODIES = tuple(b"row %d of the journal" % number for number in range(1, 13))


def new_rows(*bodies: bytes) -> list[NewRow]:
    """Rows of no command."""
    return [NewRow(body, b"") for body in bodies]


def fill(path: Path) -> Path:
    """A closed journal of twelve rows, a command in each, a checkpoint and a cursor."""
    journal = Journal(path)
    for number, body in enumerate(BODIES, start=1):
        journal.append([NewRow(body, bytes([number]) * 16)])
    journal.save_checkpoint(9, "v1", b"state after row 9")
    journal.advance(5)
    journal.close()
    return path


def edit(path: Path, statement: str, values: tuple[object, ...] = ()) -> None:
    """Change a closed journal by SQL."""
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def cursor_on_disk(path: Path) -> int:
    """The cursor that a journal's file holds, also of an open one."""
    with closing(sqlite3.connect(path)) as db:
        (found,) = db.execute("SELECT value FROM state WHERE key = 'cursor'").fetchone()
    return int(found)


def intact_rows(path: Path) -> list[Row]:
    """Open a journal and read all rows with their chain; raises StoreError for any damage."""
    journal = Journal(path)
    try:
        return list(journal.checked_rows())
    finally:
        journal.close()


@contextmanager
def new_file_with_a_reader(journal: Path) -> Iterator[Path]:
    """As `new_file`, with another program that looks at it from the beginning: its log cannot be
    folded into it when it is closed, and SQLite says nothing of that."""
    with new_file(journal) as new:
        with closing(sqlite3.connect(new)) as made:
            made.execute("PRAGMA journal_mode=WAL")
        with closing(sqlite3.connect(f"{new.as_uri()}?mode=ro", uri=True)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM sqlite_master").fetchall()
            yield new
