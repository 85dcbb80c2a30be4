"""What both engines do alike, so that a statement is written once.

A statement takes `?` or `:name` for its values and keeps to SQL that SQLite and PostgreSQL read
the same way: `ON CONFLICT`, `IS NOT DISTINCT FROM`, columns of `GROUP BY` spelt out, flags compared
with 0 and 1, and `greater` for the greater of two.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

Values = Sequence[Any] | dict[str, Any]


class Answer(Protocol):
    """The rows of a statement, each a tuple."""

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""
        ...


class Connection(Protocol):
    """An open connection; `sqlite3.Connection` is one."""

    def execute(self, sql: str, values: Values = (), /) -> Answer:
        """Do one statement."""
        ...

    def executemany(self, sql: str, values: Iterable[Values], /) -> object:
        """Do one statement with each of these values."""
        ...


class Database(Protocol):
    """A database open for writing, with its schema up to date; `sqlite_utils.Database` is one."""

    @property
    def conn(self) -> Connection:
        """The connection."""
        ...

    def execute(self, sql: str, values: Values = (), /) -> Answer:
        """Do one statement over the connection."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def greater(first: str, second: str) -> str:
    """SQL for the greater of two numbers, the second when one of them is NULL."""
    return f"CASE WHEN {first} > {second} THEN {first} ELSE {second} END"
