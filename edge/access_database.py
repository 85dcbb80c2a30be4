"""The small database of a hub's devices and staff: opening it, and its form."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

_migrations = Migrations("access")


def open_access(path: Path) -> sqlite3.Connection:
    """Open or create it; a write is durable when it returns. Raises sqlite3.Error."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        _migrations.apply(Database(db))
    except BaseException:
        db.close()
        raise
    return db


@_migrations()
def create(db: Database) -> None:
    """The first form; in `places` the day is the last, "" where no clock told it."""
    db.table("devices").create(
        {"id": str, "role": str, "counter": str, "token": bytes},
        pk="id",
        not_null={"role", "token"},
    )
    db.table("devices").create_index(["token"], unique=True)
    db.table("staff").create(
        {"id": str, "role": str, "salt": bytes, "pin": bytes},
        pk="id",
        not_null={"role", "salt", "pin"},
    )
    db.table("sessions").create(
        {"token": bytes, "staff": str, "since": bytes}, pk="token", not_null={"staff", "since"}
    )
    db.table("places").create({"place": str, "day": str}, pk="place", not_null={"day"})


@_migrations()
def know_machines(db: Database) -> None:
    """Whose card a device's token came with; NULL for one that was let in by itself."""
    db.table("devices").add_column("machine", str)
