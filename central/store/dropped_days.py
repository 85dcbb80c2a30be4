"""Days of which events were dropped, so that their figures would not come again: those that a
PostgreSQL database has had, and those of the database that this one was moved from."""

from central.store import postgres_days
from central.store.connection import Connection
from central.store.postgres_connection import PostgresConnection


def dropped_days(conn: Connection) -> list[str]:
    """These days, in order (ISO 8601)."""
    days = {day for (day,) in conn.execute("SELECT day FROM dropped_days")}
    if isinstance(conn, PostgresConnection):
        days.update(postgres_days.dropped(conn))
    return sorted(days)


def note_dropped(conn: Connection, days: list[str]) -> None:
    """Inside a transaction, note days whose events were dropped elsewhere."""
    statement = "INSERT INTO dropped_days (day) VALUES (?) ON CONFLICT (day) DO NOTHING"
    conn.executemany(statement, [(day,) for day in days])


def forget_dropped(conn: Connection) -> None:
    """Inside a transaction, note no longer that there were events of those days."""
    conn.execute("DELETE FROM dropped_days")
    if isinstance(conn, PostgresConnection):
        postgres_days.forget_dropped(conn)
