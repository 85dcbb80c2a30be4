"""Under which days the rows of a journal lie, noted by PostgreSQL itself whoever adds them, so that
a question about a journal opens and locks a few partitions and not those of all years."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from central.store.connection import Connection

PARTITIONED = "events"
DAYS_AT_ONCE = 20
"""A partition is two locks, its own and its key's: with these a reader stays below the 64 that
PostgreSQL counts on for each transaction (`max_locks_per_transaction`)."""

_TABLE = """CREATE TABLE IF NOT EXISTS event_days (journal bigint NOT NULL,
    day text COLLATE "C" NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
    PRIMARY KEY (journal, day))"""
_INDEX = "CREATE INDEX IF NOT EXISTS event_days_by_last ON event_days (journal, last)"
_FUNCTION = """CREATE OR REPLACE FUNCTION note_event_days() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO event_days AS noted (journal, day, first, last)
    SELECT journal, day, min(seq), max(seq) FROM added GROUP BY journal, day
    ON CONFLICT (journal, day) DO UPDATE SET first = least(noted.first, excluded.first),
    last = greatest(noted.last, excluded.last); RETURN NULL; END $$"""
_TRIGGER = """CREATE OR REPLACE TRIGGER note_event_days AFTER INSERT ON events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_event_days()"""
DEFINITION = (_TABLE, _INDEX, _FUNCTION, _TRIGGER)


class Lying(Struct, frozen=True):
    """Rows `first` to `last`, as far as they are held, lie under these days (ISO 8601)."""

    first: int
    last: int
    days: Sequence[str]


def keep(conn: Connection) -> None:
    """Inside a transaction, have the days of events noted."""
    for statement in DEFINITION:
        conn.execute(statement)


def partition_of(day: str) -> str:
    """The name of the partition that holds the rows of a day (ISO 8601)."""
    return f"{PARTITIONED}_{day.replace('-', '_')}"


def dropped(conn: Connection) -> list[str]:
    """The days of which rows were noted and whose partition is no part of the table any more, in
    order (ISO 8601): somebody dropped or detached it."""
    attached = conn.execute(
        """SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = CAST(? AS regclass)""",
        (PARTITIONED,),
    ).fetchall()
    noted = conn.execute("SELECT DISTINCT day FROM event_days ORDER BY day")
    return [day for (day,) in noted if (partition_of(day),) not in attached]


def forget_dropped(conn: Connection) -> None:
    """Inside a transaction, note no longer that there were rows of those days."""
    conn.execute("DELETE FROM event_days WHERE day = ANY(?)", (dropped(conn),))


def lying(conn: Connection, journal: int, first: int, last: int) -> list[Lying]:
    """Where rows of a journal lie, in order, some weeks at a time."""
    noted = conn.execute(
        """SELECT day, first, last FROM event_days
        WHERE journal = ? AND first <= ? AND last >= ? ORDER BY first, day""",
        (journal, last, first),
    )
    return list(_some_at_a_time(noted.fetchall(), first, last))


def _some_at_a_time(
    noted: Sequence[tuple[str, int, int]], first: int, last: int
) -> Iterator[Lying]:
    """Cut before the row with which a day begins, when enough have been gathered; clock errors
    let days overlap, so one that goes on behind the cut is there again."""
    gathered: list[tuple[str, int]] = []
    for day, begins, ends in noted:
        if len(gathered) >= DAYS_AT_ONCE and begins > first:
            yield Lying(first, begins - 1, [name for name, _ in gathered])
            first, gathered = begins, [one for one in gathered if one[1] >= begins]
        gathered.append((day, ends))
    if gathered:
        yield Lying(first, last, [name for name, _ in gathered])
