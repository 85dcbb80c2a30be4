"""The tables of appointments, as a migration. Times are UTC milliseconds since 1970."""

from sqlite_utils import Database, Migrations

appointment_migrations = Migrations("thutu-central-appointments")


@appointment_migrations()
def m001_appointments(db: Database) -> None:
    """Appointments as they are now, what the site's journals say of them, and how far each of
    these journals was read."""
    db.execute(
        """CREATE TABLE appointments (site INTEGER NOT NULL REFERENCES sites,
        code TEXT NOT NULL, service TEXT NOT NULL, slot_ms INTEGER NOT NULL, day TEXT NOT NULL,
        cancelled INTEGER NOT NULL DEFAULT 0, change INTEGER NOT NULL,
        booked_by TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL,
        held_service TEXT, held_slot_ms INTEGER, node INTEGER REFERENCES nodes, ticket TEXT,
        phase TEXT, phase_ms INTEGER, PRIMARY KEY (site, code)) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE UNIQUE INDEX appointments_by_change ON appointments (change)")
    db.execute("CREATE UNIQUE INDEX appointments_by_key ON appointments (booked_by, key)")
    db.execute("CREATE INDEX appointments_of_site ON appointments (site, change)")
    db.execute("CREATE INDEX appointments_of_day ON appointments (site, day, slot_ms)")
    db.execute("CREATE INDEX appointments_by_day ON appointments (day)")
    db.execute(
        """CREATE INDEX appointments_of_ticket ON appointments (node, ticket)
        WHERE ticket IS NOT NULL"""
    )
    db.execute(
        """CREATE TABLE appointment_journals (site INTEGER NOT NULL REFERENCES sites,
        journal INTEGER NOT NULL REFERENCES journals, followed INTEGER NOT NULL,
        PRIMARY KEY (site, journal)) STRICT, WITHOUT ROWID"""
    )


@appointment_migrations()
def m002_withdrawn(db: Database) -> None:
    """Why it was cancelled by the authority, and not by whoever booked (see `Withdrawal`)."""
    db.execute("ALTER TABLE appointments ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0")


@appointment_migrations()
def m003_held_since(db: Database) -> None:
    """Since when the hub has what it holds, by its clock; NULL: nothing, or from before this."""
    db.execute("ALTER TABLE appointments ADD COLUMN held_ms INTEGER")
