"""The table of lists that are published whole, as migrations."""

from sqlite_utils import Database, Migrations

edition_migrations = Migrations("thutu-central-editions")


@edition_migrations()
def m001_first(db: Database) -> None:
    """Every edition of a list: who published it when (UTC milliseconds since 1970), as JSON."""
    db.execute(
        """CREATE TABLE editions (
            list TEXT NOT NULL,
            edition INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            who TEXT NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (list, edition)
        ) STRICT"""
    )
