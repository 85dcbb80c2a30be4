"""Which journals of a node are held, and how much of each."""

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


def held_journals(conn: Connection, node: str) -> list[HeldJournal]:
    """The node's journals, the newest first."""
    rows = conn.execute(
        f"""SELECT journal, epoch, highest, {MISSING}
        FROM journals JOIN nodes USING (node) WHERE nodes.code = ? ORDER BY journal DESC""",  # noqa: S608 - our own columns
        (node,),
    )
    return [HeldJournal(*row) for row in rows.fetchall()]
