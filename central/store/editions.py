"""Lists that are published whole: each edition as it was, the newest in force."""

from msgspec import Struct

from central.store.connection import Connection


class Edition(Struct, frozen=True):
    """One edition of a list, numbered from 1; `at_ms` is UTC milliseconds since 1970."""

    edition: int
    at_ms: int
    who: str
    content: str


class Editions:
    """Reads and, inside a transaction, adds editions of one list."""

    def __init__(self, conn: Connection, of: str) -> None:
        self._conn = conn
        self._list = of

    def number(self) -> int:
        """The number of the newest edition, 0 before the first."""
        row = self._conn.execute(
            "SELECT coalesce(max(edition), 0) FROM editions WHERE list = ?", (self._list,)
        ).fetchone()
        return int(row[0])

    def newest(self) -> Edition | None:
        """The edition in force; None before the first."""
        row = self._conn.execute(
            """SELECT edition, at_ms, who, content FROM editions WHERE list = ?
            ORDER BY edition DESC LIMIT 1""",
            (self._list,),
        ).fetchone()
        return None if row is None else Edition(*row)

    def add(self, edition: Edition) -> None:
        """Add an edition. Raises StoreError, through its transaction, for a number that is
        taken."""
        self._conn.execute(
            "INSERT INTO editions (list, edition, at_ms, who, content) VALUES (?, ?, ?, ?, ?)",
            (self._list, edition.edition, edition.at_ms, edition.who, edition.content),
        )
