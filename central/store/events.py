"""Rows of events on their way into the table, as fast as SQLite takes them."""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Protocol

from central.store.connection import Connection
from central.store.dictionary import Dictionary
from central.store.rows import FIND, Rows

EventRow = tuple[int, int, int, int | None, str | None, int | None, int | None, int, bytearray]
"""The values of COLUMNS. Python's SQLite takes `int` and `bytearray` as they are, and looks for
something that adapts a `bool` or `bytes`: with those, storing a row took a third longer."""

COLUMNS = ("journal", "seq", "wall_ms", "kind", "ticket", "counter", "service", "training", "entry")
_Run = tuple[int, Rows]
_NUMBERS = {None: None} | {str(number): number for number in range(1, 100)}
"""Of counters, as `CounterId` has them."""

_ROWS_TOGETHER = 200
_ROWS_AT_ONCE = 50
_VALUES_AT_ONCE = len(COLUMNS) * _ROWS_AT_ONCE
_ROW = f"({', '.join('?' * len(COLUMNS))})"
_INSERT_ONE = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES {_ROW}"  # noqa: S608 - our own names
_INSERT_MANY = _INSERT_ONE + f", {_ROW}" * (_ROWS_AT_ONCE - 1)


class EventWriter(Protocol):
    """Takes rows, inside a transaction, and has written them all after `write`."""

    def add(self, journal: int, rows: Rows, received_ms: int) -> None:
        """Take rows of a journal that came at `received_ms` (UTC milliseconds since 1970)."""
        ...

    def write(self) -> None:
        """Write what was taken and is not written yet."""
        ...

    def forget(self) -> None:
        """Neither write what was taken nor remember any key: it was undone, or the connection may
        be another."""
        ...


class EventRows:
    """Makes rows of the table out of what journals say, a column at a time, which is quicker."""

    def __init__(self, conn: Connection) -> None:
        self._kinds = Dictionary(conn, "kinds", "kind", "name")
        self._services = Dictionary(conn, "services", "service", "code")

    def of(self, runs: Sequence[_Run]) -> Iterator[EventRow]:
        """The rows of runs, each of a journal."""
        kinds, services = self._kinds, self._services
        read = [entry for _, rows in runs for entry in rows.read]
        events = [entry.event for entry in read]
        found = [FIND[type(event)](event) for event in events]
        return zip(
            chain.from_iterable(repeat(journal, len(rows.read)) for journal, rows in runs),
            chain.from_iterable(range(r.first, r.first + len(r.read)) for _, r in runs),
            [entry.stamp.wall_ms for entry in read],
            [None if event is None else kinds[type(event).__name__] for event in events],
            [ticket for ticket, _, _ in found],
            [_NUMBERS[counter] for _, counter, _ in found],
            [None if service is None else services[service] for _, _, service in found],
            [1 if entry.training else 0 for entry in read],
            map(bytearray, chain.from_iterable(rows.entries for _, rows in runs)),
            strict=True,
        )

    def forget(self) -> None:
        """Remember no key."""
        self._kinds.clear()
        self._services.clear()


class SqliteEvents:
    """`EventWriter` for SQLite. Rows go into the table in its own order, for which SQLite need not
    look for the place of each, nor split pages; and many share a statement."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._rows = EventRows(conn)
        self._unwritten: list[_Run] = []

    def add(self, journal: int, rows: Rows, received_ms: int) -> None:  # noqa: ARG002 - SQLite has no partitions
        """See `EventWriter`."""
        self._unwritten.append((journal, rows))

    def write(self) -> None:
        """See `EventWriter`."""
        values: list[object] = []
        for runs in _together(sorted(self._unwritten, key=_place)):
            values += chain.from_iterable(self._rows.of(runs))
            full = len(values) - len(values) % _VALUES_AT_ONCE
            for start in range(0, full, _VALUES_AT_ONCE):
                self._conn.execute(_INSERT_MANY, values[start : start + _VALUES_AT_ONCE])
            del values[:full]
        for start in range(0, len(values), len(COLUMNS)):
            self._conn.execute(_INSERT_ONE, values[start : start + len(COLUMNS)])
        self._unwritten.clear()

    def forget(self) -> None:
        """See `EventWriter`."""
        self._unwritten.clear()
        self._rows.forget()


def _together(runs: list[_Run]) -> Iterator[list[_Run]]:
    """Short runs in groups of some hundred rows: what is done for each of them costs less so."""
    group: list[_Run] = []
    rows = 0
    for run in runs:
        group.append(run)
        rows += len(run[1].read)
        if rows >= _ROWS_TOGETHER:
            yield group
            group, rows = [], 0
    yield group


def _place(run: _Run) -> tuple[int, int]:
    journal, rows = run
    return journal, rows.first
