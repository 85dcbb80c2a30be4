"""Rows of one journal, asked for in the way of each engine."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from central.store.connection import Connection
from central.store.postgres_connection import PostgresConnection
from central.store.postgres_days import lying

_ALL = 2**62


def entries_between(conn: Connection, journal: int, first: int, last: int) -> list[bytes]:
    """The bytes of a journal's rows held from `first` to `last`, in order."""
    return [row[0] for row in rows_between(conn, journal, first, last, "entry")]


def rows_between(
    conn: Connection,
    journal: int,
    first: int,
    last: int,
    columns: str,
    *,
    condition: str = "true",
    values: Sequence[Any] = (),
    limit: int = _ALL,
    newest_first: bool = False,
) -> Iterator[tuple[Any, ...]]:
    """Columns of at most `limit` of the rows held from `first` to `last` that fulfil a condition
    on `events` and `kinds`, in order; PostgreSQL is asked for some weeks at a time, as far as
    somebody reads on."""
    asked = f"""SELECT {columns} FROM events LEFT JOIN kinds USING (kind)
        WHERE journal = ? AND seq BETWEEN ? AND ? AND ({condition})"""  # noqa: S608 - our own columns and conditions
    order = f" ORDER BY seq {'DESC' if newest_first else 'ASC'} LIMIT ?"
    if not isinstance(conn, PostgresConnection):
        yield from conn.execute(asked + order, (journal, first, last, *values, limit))
        return
    parts = lying(conn, journal, first, last)
    read = conn.read_once if len(parts) == 1 else conn.read_apart
    found = (
        row
        for part in (reversed(parts) if newest_first else parts)
        for row in read(
            f"{asked} AND day = ANY(?){order}",
            (journal, part.first, part.last, *values, part.days, limit),
        )
    )
    yield from islice(found, limit)


def delete_between(conn: Connection, journal: int, first: int, last: int) -> None:
    """Inside a transaction, take out the rows held from `first` to `last`."""
    delete = "DELETE FROM events WHERE journal = ? AND seq BETWEEN ? AND ?"
    if not isinstance(conn, PostgresConnection):
        conn.execute(delete, (journal, first, last))
        return
    for part in lying(conn, journal, first, last):
        within = (journal, part.first, part.last, part.days)
        conn.read_once(f"{delete} AND day = ANY(?) RETURNING seq", within)
