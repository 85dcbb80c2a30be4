"""The table of hubs' configurations, as a migration."""

from sqlite_utils import Database, Migrations

configuration_migrations = Migrations("thutu-central-configurations")


@configuration_migrations()
def m001_configurations(db: Database) -> None:
    """What was made for each node last: what was decided for it, as TOML, and the digest of its
    part of the catalogue, empty for none."""
    db.execute(
        """CREATE TABLE configurations (node TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL,
        text TEXT NOT NULL, catalogue BLOB NOT NULL) STRICT"""
    )
