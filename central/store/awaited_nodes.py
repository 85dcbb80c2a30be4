"""Nodes that are to report from a day on and were never heard: what they have is in no figure, and
nobody can say how much it is. Times are UTC milliseconds since 1970."""

from msgspec import Struct

from central.store.connection import Connection
from central.store.visible import EVERYWHERE, Visible, Where


class AwaitedNode(Struct, frozen=True):
    """A node that was never heard, and since when it is awaited."""

    site: str
    node: str
    from_ms: int


def awaited_nodes(
    visible: Visible, until_ms: int, where: Where = EVERYWHERE
) -> dict[str, list[AwaitedNode]]:
    """The nodes that are awaited by `until_ms`, by site, in the order of their names."""
    rows = visible.query(
        """SELECT visible.code, awaited_nodes.code, from_ms
        FROM visible JOIN awaited_nodes USING (site)
        WHERE from_ms <= :until ORDER BY awaited_nodes.code""",
        where,
        until=until_ms,
    )
    found: dict[str, list[AwaitedNode]] = {}
    for row in rows:
        node = AwaitedNode(*row)
        found.setdefault(node.site, []).append(node)
    return found


def awaited_from(conn: Connection) -> dict[str, int]:
    """Since when each awaited node is, those of days to come too."""
    return dict(conn.execute("SELECT code, from_ms FROM awaited_nodes"))


def await_node(conn: Connection, node: AwaitedNode) -> None:
    """Inside a transaction, await a node of a registered site that was never heard."""
    conn.execute(
        """INSERT INTO awaited_nodes (code, site, from_ms)
        SELECT ?, site, CAST(? AS BIGINT) FROM sites WHERE code = ?
        ON CONFLICT (code) DO UPDATE SET from_ms = excluded.from_ms""",
        (node.node, node.from_ms, node.site),
    )


def await_no_more(conn: Connection, node: str) -> bool:
    """Inside a transaction, await a node no longer; returns whether it was."""
    gone = conn.execute("DELETE FROM awaited_nodes WHERE code = ? RETURNING code", (node,))
    return gone.fetchone() is not None
