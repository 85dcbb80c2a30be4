"""A disk that is full, as far as one table is concerned."""

import sqlite3

from central.store.connection import Database


def fill_disk(db: Database, table: str, when: str = "true") -> None:
    """Let the table take no row for which `when` holds."""
    if isinstance(db.conn, sqlite3.Connection):
        db.execute(
            f"""CREATE TEMP TRIGGER disk_is_full BEFORE INSERT ON {table}
            WHEN {when.replace("seq", "NEW.seq")}
            BEGIN SELECT RAISE(ABORT, 'disk_is_full'); END"""
        )
    else:
        db.execute(f"ALTER TABLE {table} ADD CONSTRAINT disk_is_full CHECK (NOT ({when}))")


def make_room(db: Database, table: str) -> None:
    """Let it take all rows again."""
    if isinstance(db.conn, sqlite3.Connection):
        db.execute("DROP TRIGGER disk_is_full")
    else:
        db.execute(f"ALTER TABLE {table} DROP CONSTRAINT disk_is_full")
