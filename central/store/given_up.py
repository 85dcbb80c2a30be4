"""What is not awaited any longer: hubs that were taken away, and what former cards never sent."""

from msgspec import Struct

from central.store.connection import Connection
from central.store.journal_reach import LAST, MISSING, OWED
from contract.ids import split_node


class FormerJournal(Struct, frozen=True):
    """A journal of a former card: its last known row, and how many up to it are not held."""

    epoch: str
    last: int
    missing: int


def is_known(conn: Connection, node: str) -> bool:
    """Whether a node was ever heard."""
    return conn.execute("SELECT 1 FROM nodes WHERE code = ?", (node,)).fetchone() is not None


def hubs(conn: Connection, site: str) -> dict[str, bool]:
    """The hubs of a site that were ever heard, by name, each with whether it was taken away."""
    rows = conn.execute(
        """SELECT nodes.code, retired_ms IS NOT NULL FROM nodes JOIN sites USING (site)
        WHERE sites.code = ? ORDER BY nodes.code""",
        (site,),
    )
    return {node: bool(gone) for node, gone in rows if split_node(node).part.startswith("h")}


def write_off(conn: Connection, node: str, now_ms: int) -> list[FormerJournal]:
    """Inside a transaction, wait no longer for anything of a node's former cards; what comes
    nevertheless is taken in. Returns the journals that were awaited until now."""
    former = conn.execute(
        f"""SELECT journal, epoch, {LAST}, {MISSING} FROM journals JOIN nodes USING (node)
        WHERE nodes.code = ? AND {OWED} ORDER BY journal""",  # noqa: S608 - our own columns
        (node,),
    ).fetchall()
    conn.executemany(
        "UPDATE journals SET written_off_ms = ? WHERE journal = ?",
        [(now_ms, journal) for journal, *_ in former],
    )
    return [FormerJournal(epoch, last, missing) for _, epoch, last, missing in former]


def retire(conn: Connection, node: str, since_ms: int | None) -> bool:
    """Inside a transaction, count a node as taken away from `since_ms` on, or (None) as there
    again; returns whether that is news. What it has sent stays in the figures."""
    changed = conn.execute(
        """UPDATE nodes SET retired_ms = ? WHERE code = ?
        AND (retired_ms IS NULL) <> (CAST(? AS BIGINT) IS NULL) RETURNING node""",
        (since_ms, node, since_ms),
    )
    return changed.fetchone() is not None


def retired(conn: Connection) -> set[str]:
    """The nodes that were taken away."""
    return {node for (node,) in conn.execute("SELECT code FROM nodes WHERE retired_ms IS NOT NULL")}
