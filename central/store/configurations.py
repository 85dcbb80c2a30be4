"""What configuration was made for each hub last."""

from collections.abc import Iterator
from typing import NamedTuple

from central.store.connection import Connection
from central.store.visible import IN_SERVICE


class Made(NamedTuple):
    """A configuration: its number, 0 for none yet, what was decided, as TOML, and the digest of
    its part of the catalogue, empty for none."""

    number: int = 0
    text: str = ""
    catalogue: bytes = b""


NOTHING_MADE = Made()


class Configurations:
    """Reads and, inside a transaction, writes what was made for nodes."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def made(self, node: str) -> Made:
        """What was made for a node last."""
        row = self._conn.execute(
            "SELECT number, text, catalogue FROM configurations WHERE node = ?", (node,)
        ).fetchone()
        return NOTHING_MADE if row is None else Made(*row)

    def all(self) -> Iterator[tuple[str, Made]]:
        """Every node that something was made for, by name."""
        rows = self._conn.execute(
            "SELECT node, number, text, catalogue FROM configurations ORDER BY node"
        )
        return ((node, Made(*made)) for node, *made in rows)

    def of_site(self, site: str) -> list[tuple[str, Made]]:
        """The hubs of a site that something was made for and that were not retired, by name."""
        hubs = [f"{site}-h{number}" for number in range(1, 10)]
        rows = self._conn.execute(
            f"""SELECT configurations.node, number, text, catalogue FROM configurations
            LEFT JOIN nodes ON nodes.code = configurations.node
            WHERE configurations.node IN ({", ".join("?" * len(hubs))}) AND {IN_SERVICE}
            ORDER BY configurations.node""",  # noqa: S608 - our own condition
            hubs,
        )
        return [(node, Made(*made)) for node, *made in rows]

    def put(self, node: str, made: Made) -> None:
        """Store what was made for a node in place of the one before."""
        self._conn.execute(
            """INSERT INTO configurations (node, number, text, catalogue) VALUES (?, ?, ?, ?)
            ON CONFLICT (node) DO UPDATE SET number = excluded.number, text = excluded.text,
            catalogue = excluded.catalogue""",
            (node, *made),
        )

    def reported(self, node: str) -> str:
        """The label that a node said last; empty before its first word."""
        row = self._conn.execute("SELECT config FROM nodes WHERE code = ?", (node,)).fetchone()
        return "" if row is None else row[0] or ""
