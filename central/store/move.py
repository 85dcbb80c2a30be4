"""Moving everything from one database to another, of either engine, and proving that it came."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from central.rollup.business_day import midnight_ms
from central.store.connection import Connection
from central.store.database import Location, open_for_writing, reading, transaction
from central.store.dropped_days import dropped_days, note_dropped
from central.store.postgres_connection import PostgresConnection
from central.store.postgres_days import PARTITIONED
from central.store.postgres_events import Partitions, partition_day
from central.store.postgres_schema import Table, tables
from central.store.protocol import StoreRefusedError
from central.store.storable import storable

_PAGE = 5_000
_OLDEST_MS = midnight_ms("2020-01-01")


class Moved(NamedTuple):
    """How many rows of a table came, and in how many of them a text had to be altered."""

    rows: int
    altered: int


def move(source: Location, target: Location, now_ms: int) -> dict[str, Moved]:
    """Copy all rows into an empty database, in one transaction; returns how many by table.

    Zero characters in texts, which SQLite keeps and PostgreSQL cannot, come as U+FFFD. Both are
    read again and compared row by row before it is committed. Raises StoreError when the target is
    not empty, or something differs: the target is then as it was. The source is only read.
    """
    with reading(source) as old:
        new = open_for_writing(target, alone=True)
        try:
            with transaction(new.conn):
                new.conn.execute("DELETE FROM definitions")  # those of the source come with it
                moved = {one.name: _move_table(old, new.conn, one, now_ms) for one in tables()}
                note_dropped(new.conn, dropped_days(old))
                return moved
        finally:
            new.close()


def _move_table(old: Connection, new: Connection, table: Table, now_ms: int) -> Moved:
    if next(_pages(new, table), None):
        raise StoreRefusedError("not_empty", table=table.name)
    altered = 0
    for page in _pages(old, table):
        kept = _storable(page)
        altered += sum(row != was for row, was in zip(kept, page, strict=True))
        _insert(new, table, kept, now_ms)
    if table.counts_up and isinstance(new, PostgresConnection):
        _count_on(new, table)
    wanted, found = _proof(map(_storable, _pages(old, table))), _proof(_pages(new, table))
    if wanted != found:
        raise StoreRefusedError("not_as_it_was", table=table.name, came=found[0], of=wanted[0])
    return Moved(found[0], altered)


def _pages(conn: Connection, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """All rows in the order of the primary key, some thousands at a time."""
    names = ", ".join(column.name for column in table.columns)
    key = ", ".join(table.key)
    places = [column.name for column in table.columns]
    after: Sequence[Any] = ()
    while True:
        marks = ", ".join("?" * len(table.key))
        behind = f"WHERE ({key}) > ({marks})" if after else ""
        page = conn.execute(
            f"SELECT {names} FROM {table.name} {behind} ORDER BY {key} LIMIT {_PAGE}",  # noqa: S608 - our own names
            after,
        ).fetchall()
        if not page:
            return
        yield page
        after = [page[-1][places.index(name)] for name in table.key]


def _insert(conn: Connection, table: Table, rows: Sequence[tuple[Any, ...]], now_ms: int) -> None:
    if table.name == PARTITIONED and isinstance(conn, PostgresConnection):
        days = [partition_day(row[2], _OLDEST_MS, now_ms) for row in rows]
        Partitions(conn).copy(list(zip(rows, days, strict=True)))
        return
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    conn.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - as above


def _count_on(conn: PostgresConnection, table: Table) -> None:
    """Let the keys that PostgreSQL gives out go on above those that were moved."""
    (key,) = table.key
    conn.execute(
        f"""SELECT setval(pg_get_serial_sequence('{table.name}', '{key}'),
        (SELECT max({key}) FROM {table.name}))"""  # noqa: S608 - as above
    )


def _storable(page: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [
        tuple(storable(value) if isinstance(value, str) else value for value in row) for row in page
    ]


def _proof(pages: Iterable[list[tuple[Any, ...]]]) -> tuple[int, bytes]:
    """How many rows there are, and a hash over all of them."""
    count, digest = 0, hashlib.sha256()
    for page in pages:
        count += len(page)
        digest.update(msgspec.msgpack.encode(page))
    return count, digest.digest()
