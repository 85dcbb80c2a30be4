"""The tables of updates, as a migration. Times are UTC milliseconds since 1970."""

from sqlite_utils import Database, Migrations

update_migrations = Migrations("thutu-central-updates")


@update_migrations()
def m001_rollouts(db: Database) -> None:
    """Rollouts, and what nodes were told and have said of each order to update."""
    db.execute(
        """CREATE TABLE rollouts (rollout INTEGER PRIMARY KEY, release INTEGER NOT NULL,
        software TEXT NOT NULL, manifest BLOB NOT NULL, places TEXT NOT NULL,
        percent INTEGER NOT NULL, urgent INTEGER NOT NULL, most_refused INTEGER NOT NULL,
        most_refused_percent INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        started_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL) STRICT"""
    )
    db.execute(
        """CREATE TABLE node_updates (node INTEGER NOT NULL REFERENCES nodes,
        number INTEGER NOT NULL, release INTEGER NOT NULL, told_ms INTEGER, phase TEXT NOT NULL,
        reason TEXT NOT NULL, since_ms INTEGER NOT NULL,
        PRIMARY KEY (node, number, release)) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX updates_of_order ON node_updates (number, phase)")
