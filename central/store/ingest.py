"""`IngestStore` in SQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import json

from central.rollup.business_day import day_of, midnight_ms
from central.store.awaited_nodes import await_no_more
from central.store.connection import Connection, Database
from central.store.database import claim, transaction
from central.store.events import EventWriter, SqliteEvents
from central.store.journal_rows import delete_between, entries_between
from central.store.ledger import Ledger, Run
from central.store.postgres_connection import PostgresConnection
from central.store.postgres_events import PostgresEvents
from central.store.protocol import MAX_EPOCHS, Counts
from central.store.rows import Heard, Quarantined, Rows
from central.store.storable import storable
from contract.ids import split_node

_MOST_PAYLOAD_BYTES = 65_536
_MOST_QUARANTINED = 5_000


class SqlIngestStore:
    """Journals, their events, and what was refused."""

    def __init__(self, db: Database) -> None:
        self._conn = db.conn
        self._events = _event_writer(self._conn)
        self._journals: dict[tuple[str, str], int] = {}
        self._with_runs: set[int] = set()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `IngestStore`."""
        try:
            with transaction(self._conn):
                yield
                self._events.write()
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """See `IngestStore`."""
        self._events.forget()
        self._journals.clear()
        self._with_runs.clear()

    # --- journals and events ------------------------------------------------------------------

    def journal(self, node: str, epoch: str) -> int | None:
        """See `IngestStore`."""
        known = self._journals.get((node, epoch))
        if known is None:
            known = self._find_or_add_journal(node, epoch)
            if known is not None:
                self._journals[node, epoch] = known
        return known

    def ledger(self, journal: int) -> Ledger:
        """See `IngestStore`."""
        watermark, chain = self._conn.execute(
            "SELECT watermark, chain FROM journals WHERE journal = ?", (journal,)
        ).fetchone()
        runs = self._conn.execute(
            "SELECT first, last, before, after FROM runs WHERE journal = ? ORDER BY first",
            (journal,),
        )
        ledger = Ledger(watermark, chain, tuple(Run(*row) for row in runs))
        if ledger.runs:
            self._with_runs.add(journal)
        return ledger

    def save_ledger(self, journal: int, ledger: Ledger, counts: Counts) -> None:
        """See `IngestStore`."""
        today_ms = midnight_ms(day_of(counts.received_ms))
        self._conn.execute(
            """UPDATE journals SET
            in_time = CASE WHEN received_ms < ? AND folded >= in_time THEN watermark
                ELSE in_time END,
            in_time_ms = CASE WHEN received_ms < ? AND folded >= in_time THEN received_ms
                ELSE in_time_ms END,
            watermark = ?, chain = ?, highest = ?, beyond = ?, received_ms = ?,
            taken = taken + ?, duplicates = duplicates + ?,
            contradictions = contradictions + ?, not_understood = not_understood + ?
            WHERE journal = ?""",
            (
                *(today_ms, today_ms),
                ledger.watermark,
                ledger.chain,
                ledger.highest,
                ledger.beyond,
                counts.received_ms,
                counts.taken,
                counts.duplicates,
                counts.contradictions,
                counts.not_understood,
                journal,
            ),
        )
        if ledger.runs or journal in self._with_runs:
            self._with_runs.add(journal)
            self._save_runs(journal, ledger.runs)

    def _save_runs(self, journal: int, runs: Sequence[Run]) -> None:
        self._conn.execute("DELETE FROM runs WHERE journal = ?", (journal,))
        self._conn.executemany(
            "INSERT INTO runs (journal, first, last, before, after) VALUES (?, ?, ?, ?, ?)",
            [(journal, run.first, run.last, run.before, run.after) for run in runs],
        )

    def entries(self, journal: int, first: int, last: int) -> list[bytes]:
        """See `IngestStore`."""
        self._events.write()
        return entries_between(self._conn, journal, first, last)

    def append(self, journal: int, rows: Rows, received_ms: int) -> None:
        """See `IngestStore`."""
        self._events.add(journal, rows, received_ms)

    def evict(self, journal: int, run: Run, received_ms: int) -> None:
        """See `IngestStore`."""
        node, topic = self._conn.execute(
            """SELECT node, 'journal ' || nodes.code || ' ' || epoch || ' from ' || ?
            FROM journals JOIN nodes USING (node) WHERE journals.journal = ?""",
            (run.first, journal),
        ).fetchone()
        payload = b"".join(self.entries(journal, run.first, run.last))
        detail = f"rows {run.first} to {run.last} did not fit what came before them"
        self._add_quarantined(
            received_ms, node, Quarantined(topic, payload, "chain-broken", detail)
        )
        delete_between(self._conn, journal, run.first, run.last)

    # --- refused messages ---------------------------------------------------------------------

    def quarantine(self, refused: Quarantined, node: str | None, received_ms: int) -> None:
        """See `IngestStore`."""
        found = self._conn.execute(
            "UPDATE nodes SET rejected = rejected + 1 WHERE code = ? RETURNING node", (node,)
        ).fetchone()
        self._add_quarantined(received_ms, found[0] if found else None, refused)

    def _add_quarantined(self, received_ms: int, node: int | None, refused: Quarantined) -> None:
        claim(self._conn)
        last = self._conn.execute(
            """INSERT INTO quarantine (received_ms, topic, node, reason, detail, bytes, payload)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id""",
            (
                received_ms,
                storable(refused.topic),
                node,
                refused.reason,
                storable(refused.detail),
                len(refused.payload),
                refused.payload[:_MOST_PAYLOAD_BYTES],
            ),
        ).fetchone()[0]
        self._conn.execute("DELETE FROM quarantine WHERE id <= ?", (last - _MOST_QUARANTINED,))

    # --- what nodes say of themselves ---------------------------------------------------------

    def save_status(self, journal: int, heard: Heard) -> None:
        """See `IngestStore`."""
        status = heard.status
        changed = self._conn.execute(
            """UPDATE nodes SET
            online_since_ms =
                CASE WHEN online IS NOT DISTINCT FROM ? THEN online_since_ms ELSE ? END,
            online = ?, heard_ms = ?, status = ?
            WHERE code = ? AND status IS DISTINCT FROM ? RETURNING node""",
            (
                status.online,
                heard.received_ms,
                status.online,
                heard.received_ms,
                heard.payload,
                status.node,
                heard.payload,
            ),
        ).fetchone()
        if changed and status.online:
            self._save_report(journal, heard)

    def _save_report(self, journal: int, heard: Heard) -> None:
        """What was said of machines and files holds until more is said, by the same software."""
        status = heard.status
        software = storable(status.software)
        machines = None if status.machines is None else json.encode(status.machines).decode()
        health = None if status.health is None else json.encode(status.health).decode()
        self._conn.execute(
            """UPDATE nodes SET current_journal = ?, synced = ?, unsent = ?, config = ?,
            health = ?, health_ms = ?,
            machines = CASE WHEN software = ? THEN coalesce(?, machines) ELSE ? END,
            fingerprint = CASE WHEN software = ? THEN coalesce(?, fingerprint) ELSE ? END,
            software = ? WHERE code = ?""",
            (
                journal,
                status.synced,
                status.unsent,
                storable(status.config),
                health,
                heard.received_ms,
                software,
                machines,
                machines,
                software,
                status.fingerprint,
                status.fingerprint,
                software,
                status.node,
            ),
        )
        said_ms = min(status.wall_ms, heard.received_ms) if status.synced else heard.received_ms
        self._conn.execute(
            """UPDATE journals SET announced = ?, announced_ms = ?
            WHERE journal = ? AND announced <= ?""",
            (status.last_seq, said_ms, journal, status.last_seq),
        )

    def _find_or_add_journal(self, node: str, epoch: str) -> int | None:
        node_key = self._find_or_add_node(node)
        known = dict(
            self._conn.execute("SELECT epoch, journal FROM journals WHERE node = ?", (node_key,))
        )
        if epoch in known or len(known) >= MAX_EPOCHS:
            return known.get(epoch)
        empty = Ledger()
        added = self._conn.execute(
            """INSERT INTO journals (node, epoch, watermark, chain, highest, beyond)
            VALUES (?, ?, ?, ?, 0, 0) RETURNING journal""",
            (node_key, epoch, empty.watermark, empty.chain),
        ).fetchone()
        # A status says which card is the present one; a former one's rows may come later, by hand.
        self._conn.execute(
            "UPDATE nodes SET current_journal = ? WHERE node = ? AND status IS NULL",
            (added[0], node_key),
        )
        return int(added[0])

    def _find_or_add_node(self, node: str) -> int:
        found = self._conn.execute("SELECT node FROM nodes WHERE code = ?", (node,)).fetchone()
        if found is None:
            name = split_node(node)
            self._conn.execute(
                "INSERT INTO sites (code, province) VALUES (?, ?) ON CONFLICT (code) DO NOTHING",
                (name.site, name.province),
            )
            found = self._conn.execute(
                """INSERT INTO nodes (code, site) SELECT ?, site FROM sites WHERE code = ?
                RETURNING node""",
                (node, name.site),
            ).fetchone()
            await_no_more(self._conn, node)
        return int(found[0])


def _event_writer(conn: Connection) -> EventWriter:
    return PostgresEvents(conn) if isinstance(conn, PostgresConnection) else SqliteEvents(conn)
