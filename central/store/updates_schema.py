"""The tables of updates, as migrations. Times are UTC milliseconds since 1970."""

from sqlite_utils import Database, Migrations

update_migrations = Migrations("thutu-central-updates")

_TABLES = (
    """CREATE TABLE rollouts (
        rollout INTEGER PRIMARY KEY,
        release INTEGER NOT NULL,
        software TEXT NOT NULL,
        manifest BLOB NOT NULL,
        places TEXT NOT NULL,
        percent INTEGER NOT NULL,
        urgent INTEGER NOT NULL,
        most_refused INTEGER NOT NULL,
        most_refused_percent INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        started_ms INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE node_updates (
        node INTEGER NOT NULL REFERENCES nodes,
        number INTEGER NOT NULL,
        release INTEGER NOT NULL,
        told_ms INTEGER,
        phase TEXT NOT NULL,
        reason TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (node, number, release)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX updates_of_order ON node_updates (number, phase)",
)


@update_migrations()
def m001_first(db: Database) -> None:
    """Rollouts, and what nodes were told and have said of each order to update."""
    for statement in _TABLES:
        db.execute(statement)


@update_migrations()
def m002_releases(db: Database) -> None:
    """Of which files, by their publishers' seals, the releases are that the centre has taken."""
    db.execute(
        """CREATE TABLE releases (
            release INTEGER PRIMARY KEY,
            software TEXT NOT NULL,
            fingerprint TEXT NOT NULL
        ) STRICT"""
    )
