"""The stored events themselves, by scope."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection
from central.store.journal_rows import rows_between
from central.store.visible import Visible, Where


class StoredEvent(Struct, frozen=True):
    """One row of a journal; `key` orders rows of a site for paging. `entry` are the journal's own
    bytes; `kind` is None for an event of a newer hub."""

    key: tuple[int, int]
    node: str
    epoch: str
    kind: str | None
    entry: bytes


class EventLog:
    """Reads journals of sites that `scope` covers, over one connection."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self._visible = Visible(conn, scope)

    def page(
        self, site: str, after: tuple[int, int], limit: int, kind: str | None = None
    ) -> list[StoredEvent]:
        """At most `limit` events of a site behind the key `after`, journal by journal in their
        order; of one kind if it is given."""
        return list(islice(self._behind(site, after, limit, kind), limit))

    def _behind(
        self, site: str, after: tuple[int, int], limit: int, kind: str | None
    ) -> Iterator[StoredEvent]:
        journals = self._visible.query(
            """SELECT journal, nodes.code, epoch, highest
            FROM visible JOIN nodes USING (site) JOIN journals USING (node)
            WHERE journal >= :journal ORDER BY journal""",
            Where(site=site),
            journal=after[0],
        )
        condition, values = ("true", ()) if kind is None else ("kinds.name = ?", (kind,))
        for journal, node, epoch, highest in journals:
            first = after[1] + 1 if journal == after[0] else 1
            for seq, name, entry in rows_between(
                self._conn,
                journal,
                first,
                highest,
                "seq, kinds.name, entry",
                condition=condition,
                values=values,
                limit=limit,
            ):
                yield StoredEvent((journal, seq), node, epoch, name, entry)
