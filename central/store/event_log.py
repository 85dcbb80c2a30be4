"""The stored events themselves, by scope."""

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection
from central.store.visible import Visible


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
        self._visible = Visible(conn, scope)

    def page(
        self, site: str, after: tuple[int, int], limit: int, kind: str | None = None
    ) -> list[StoredEvent]:
        """At most `limit` events of a site behind the key `after`, journal by journal in their
        order; of one kind if it is given."""
        of_kind = "" if kind is None else "AND kinds.name = :kind"
        rows = self._visible.query(
            f"""SELECT events.journal, seq, nodes.code, epoch, kinds.name, entry
            FROM visible JOIN nodes USING (site) JOIN journals USING (node)
            JOIN events USING (journal) LEFT JOIN kinds USING (kind)
            WHERE (events.journal, seq) > (:journal, :seq) {of_kind}
            ORDER BY events.journal, seq LIMIT :limit""",  # noqa: S608 - our own condition
            site=site,
            journal=after[0],
            seq=after[1],
            limit=limit,
            kind=kind,
        )
        return [
            StoredEvent((journal, seq), node, epoch, name, entry)
            for journal, seq, node, epoch, name, entry in rows
        ]
