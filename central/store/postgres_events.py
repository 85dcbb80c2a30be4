"""Rows of events into PostgreSQL: by COPY, into one partition for each day."""

from collections.abc import Iterable

from central.rollup.business_day import day_of
from central.store.events import COLUMNS, EventRow, EventRows
from central.store.postgres_connection import PostgresConnection, claim
from central.store.postgres_days import PARTITIONED, partition_of
from central.store.rows import Rows
from contract.stamp import MS_PER_DAY

_TYPES = {
    **dict.fromkeys(COLUMNS, "int8"),
    "ticket": "text",
    "entry": "bytea",
    "day": "text",
}
_ROWS_A_COPY = 20_000
_LATE_MS = 35 * MS_PER_DAY


class PostgresEvents:
    """`EventWriter` for PostgreSQL."""

    def __init__(self, conn: PostgresConnection) -> None:
        self._rows = EventRows(conn)
        self._partitions = Partitions(conn)
        self._unwritten: list[tuple[EventRow, str]] = []

    def add(self, journal: int, rows: Rows, received_ms: int) -> None:
        """See `EventWriter`."""
        for row in self._rows.of([(journal, rows)]):
            day = partition_day(row[2], received_ms - _LATE_MS, received_ms)
            self._unwritten.append((row, day))
        if len(self._unwritten) >= _ROWS_A_COPY:
            self.write()

    def write(self) -> None:
        """See `EventWriter`."""
        if self._unwritten:
            self._partitions.copy(self._unwritten)
            self._unwritten.clear()

    def forget(self) -> None:
        """See `EventWriter`."""
        self._unwritten.clear()
        self._rows.forget()
        self._partitions.forget()


class Partitions:
    """The table of events with a partition for each day, made when it is first needed."""

    def __init__(self, conn: PostgresConnection) -> None:
        self._conn = conn
        self._known: set[str] = set()

    def copy(self, rows: Iterable[tuple[EventRow, str]]) -> None:
        """Add rows, each with its day (ISO 8601), inside a transaction."""
        ready = list(rows)
        for day in sorted({day for _, day in ready} - self._known):
            self._make(day)
            self._known.add(day)
        self._conn.copy(PARTITIONED, _TYPES, ((*row, day) for row, day in ready))

    def forget(self) -> None:
        """Remember no partition."""
        self._known.clear()

    def _make(self, day: str) -> None:
        """Attached and not created in place: that would wait for all who read events, and make
        all others wait meanwhile. One that somebody has detached comes back."""
        name = partition_of(day)
        if self._is_attached(name):
            return
        claim(self._conn)
        if self._is_attached(name):
            return
        self._conn.execute(
            f"CREATE TABLE IF NOT EXISTS {name} "
            f"(LIKE {PARTITIONED} INCLUDING ALL, CHECK (day = '{day}'))"
        )
        self._conn.execute(
            f"ALTER TABLE {PARTITIONED} ATTACH PARTITION {name} FOR VALUES IN ('{day}')"
        )

    def _is_attached(self, name: str) -> bool:
        found = self._conn.execute(
            """SELECT 1 FROM pg_inherits
            WHERE inhrelid = to_regclass(?) AND inhparent = CAST(? AS regclass)""",
            (name, PARTITIONED),
        )
        return found.fetchone() is not None


def partition_day(wall_ms: int, oldest_ms: int, received_ms: int) -> str:
    """The day under which a row lies: by the hub's clock if that is believable, else the day on
    which it came, so that no clock error can make partitions without end."""
    believable = oldest_ms <= wall_ms <= received_ms + MS_PER_DAY
    return day_of(wall_ms if believable else received_ms)
