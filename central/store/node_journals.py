"""Which journals of a node are held, how much of each, and what of them was refused."""

from msgspec import Struct

from central.store.connection import Connection
from central.store.journal_reach import MISSING


class HeldJournal(Struct, frozen=True):
    """A journal with the highest row that is held of it, and how many that are known to exist are
    not."""

    key: int
    epoch: str
    highest: int
    missing: int


def watermarks(conn: Connection, node: str) -> dict[str, int]:
    """Up to which row each of the node's journals is held without a gap, by epoch."""
    rows = conn.execute(
        "SELECT epoch, watermark FROM journals JOIN nodes USING (node) WHERE nodes.code = ?",
        (node,),
    )
    return dict(rows.fetchall())


def holds(conn: Connection, node: str, epoch: str, first: int, last: int) -> bool:
    """Whether rows `first` to `last` of a journal are held, with or without those before them."""
    found = conn.execute(
        """SELECT 1 FROM journals JOIN nodes USING (node) WHERE nodes.code = ? AND epoch = ?
        AND (watermark >= ? OR EXISTS (SELECT 1 FROM runs
            WHERE runs.journal = journals.journal AND runs.first <= ? AND runs.last >= ?))""",
        (node, epoch, last, first, last),
    )
    return found.fetchone() is not None


def refused_since(conn: Connection, topic: str, since_ms: int) -> int:
    """How many messages on this topic are in quarantine that came at `since_ms` or later (UTC
    milliseconds)."""
    found = conn.execute(
        "SELECT count(*) FROM quarantine WHERE topic = ? AND received_ms >= ?", (topic, since_ms)
    )
    return int(found.fetchone()[0])


def held_journals(conn: Connection, node: str) -> list[HeldJournal]:
    """The node's journals, the newest first."""
    rows = conn.execute(
        f"""SELECT journal, epoch, highest, {MISSING}
        FROM journals JOIN nodes USING (node) WHERE nodes.code = ? ORDER BY journal DESC""",  # noqa: S608 - our own columns
        (node,),
    )
    return [HeldJournal(*row) for row in rows.fetchall()]
