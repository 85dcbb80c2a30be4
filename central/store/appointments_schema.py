"""The tables of appointments, as migrations. Times are UTC milliseconds since 1970."""

from sqlite_utils import Database, Migrations

appointment_migrations = Migrations("thutu-central-appointments")

_TABLES = (
    """CREATE TABLE appointments (
        site INTEGER NOT NULL REFERENCES sites,
        code TEXT NOT NULL,
        service TEXT NOT NULL,
        slot_ms INTEGER NOT NULL,
        day TEXT NOT NULL,
        cancelled INTEGER NOT NULL DEFAULT 0,
        withdrawn INTEGER NOT NULL DEFAULT 0, -- why the authority cancelled it (see Withdrawal)
        change INTEGER NOT NULL,
        booked_by TEXT NOT NULL,
        key TEXT NOT NULL,
        asked TEXT NOT NULL,
        held_service TEXT, -- what the hub holds, by its own journal; NULL: nothing
        held_slot_ms INTEGER,
        held_ms INTEGER, -- since when, by the hub's clock
        node INTEGER REFERENCES nodes,
        ticket TEXT,
        phase TEXT,
        phase_ms INTEGER,
        PRIMARY KEY (site, code)
    ) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX appointments_by_change ON appointments (change)",
    "CREATE UNIQUE INDEX appointments_by_key ON appointments (booked_by, key)",
    "CREATE INDEX appointments_of_site ON appointments (site, change)",
    "CREATE INDEX appointments_of_day ON appointments (site, day, slot_ms)",
    "CREATE INDEX appointments_by_day ON appointments (day)",
    """CREATE INDEX appointments_of_ticket ON appointments (node, ticket)
        WHERE ticket IS NOT NULL""",
    # How far a site's journals were read for what became of its appointments.
    """CREATE TABLE appointment_journals (
        site INTEGER NOT NULL REFERENCES sites,
        journal INTEGER NOT NULL REFERENCES journals,
        followed INTEGER NOT NULL,
        PRIMARY KEY (site, journal)
    ) STRICT, WITHOUT ROWID""",
)


@appointment_migrations()
def m001_first(db: Database) -> None:
    """Appointments as they are now, and what the site's journals say of them."""
    for statement in _TABLES:
        db.execute(statement)
