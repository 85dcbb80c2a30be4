"""The table of hubs' configurations, as migrations."""

from sqlite_utils import Database, Migrations

configuration_migrations = Migrations("thutu-central-configurations")


@configuration_migrations()
def m001_first(db: Database) -> None:
    """What was made for each node last."""
    db.execute(
        """CREATE TABLE configurations (
            node TEXT NOT NULL PRIMARY KEY,
            number INTEGER NOT NULL,
            text TEXT NOT NULL, -- what was decided for it, as TOML
            catalogue BLOB NOT NULL -- the digest of its part of the catalogue; empty: none
        ) STRICT"""
    )
