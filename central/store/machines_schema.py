"""What is known of the machines of a site, as migrations."""

from itertools import groupby
from operator import itemgetter

from sqlite_utils import Database, Migrations

from central.rollup.devices import follow
from contract.codec import decode_entry

machine_migrations = Migrations("thutu-central-machines")

PUT_DEVICE = """INSERT INTO devices_now (journal, device, state, condition, since_ms)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (journal, device) DO UPDATE SET
    since_ms = excluded.since_ms, state = excluded.state, condition = excluded.condition"""


@machine_migrations()
def m001_devices_now(db: Database) -> None:
    """What each journal last said of its devices, read from the rows folded so far."""
    db.execute(
        """CREATE TABLE devices_now (journal INTEGER NOT NULL REFERENCES journals,
        device TEXT NOT NULL, state TEXT NOT NULL, condition TEXT, since_ms INTEGER,
        PRIMARY KEY (journal, device)) STRICT, WITHOUT ROWID"""
    )
    rows = db.execute(
        """SELECT journal, entry FROM events JOIN journals USING (journal)
        WHERE seq <= folded AND kind IN (SELECT kind FROM kinds
            WHERE name IN ('DeviceLost', 'DeviceReturned', 'PaperLow', 'DeviceRemoved'))
        ORDER BY journal, seq"""
    ).fetchall()
    for journal, of_journal in groupby(rows, key=itemgetter(0)):
        found = follow({}, (decode_entry(entry) for _, entry in of_journal))
        for device, now in found.items():
            db.execute(PUT_DEVICE, (journal, device, now.state, now.condition, now.since_ms))


@machine_migrations()
def m002_machines_beside(db: Database) -> None:
    """What hubs last said of the machines beside them, as JSON; NULL before the first word."""
    db.execute("ALTER TABLE nodes ADD COLUMN machines TEXT")
