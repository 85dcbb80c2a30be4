"""One transaction for many messages: what is new is stored, and what may be acknowledged."""

import logging
from collections.abc import Sequence

from msgspec import Struct

from central.ingest.check import CheckedBatch, check
from central.store.ledger import Contradiction, Ledger, absorb
from central.store.protocol import Counts, IngestStore
from central.store.rows import Heard, Quarantined
from contract.topics import parse_up
from contract.wire import Status

logger = logging.getLogger(__name__)


class Received(Struct, frozen=True):
    """A message as it came from the broker, and when (UTC milliseconds since 1970)."""

    topic: str
    payload: bytes
    received_ms: int


class Committed(Struct, frozen=True):
    """Everything of this node's epoch up to `watermark` is durable."""

    node: str
    epoch: str
    watermark: int


class Intake:
    """Puts messages into the store."""

    def __init__(self, store: IngestStore) -> None:
        self._store = store
        self._ledgers: dict[int, Ledger] = {}

    def commit(self, messages: Sequence[Received]) -> list[Committed]:
        """Store messages in one transaction and return what nodes should hear.

        Raises StoreError when nothing of it could be stored; the hubs will send again.
        """
        answers: dict[tuple[str, str], int] = {}
        try:
            with self._store.transaction():
                for message in messages:
                    checked = check(message.topic, message.payload)
                    if isinstance(checked, CheckedBatch):
                        answers[checked.node, checked.epoch] = self._take_batch(message, checked)
                    elif isinstance(checked, Status):
                        answers.update(self._take_status(message, checked))
                    else:
                        self._refuse(message, checked)
        except BaseException:
            self._ledgers.clear()
            raise
        return [Committed(node, epoch, mark) for (node, epoch), mark in answers.items()]

    def _take_batch(self, message: Received, batch: CheckedBatch) -> int:
        journal = self._store.journal(batch.node, batch.epoch)
        ledger = self._ledger(journal)
        first = batch.slice.first

        def same(start: int, end: int) -> bool:
            mine = [row.entry for row in batch.rows[start - first : end - first + 1]]
            return start > end or mine == self._store.entries(journal, start, end)

        result = absorb(ledger, batch.slice, same)
        if isinstance(result, Contradiction):
            refused = Quarantined(message.topic, message.payload, result.reason)
            self._refuse(message, refused)
            self._store.save_ledger(journal, ledger, Counts(message.received_ms, contradictions=1))
            return ledger.watermark
        for run in result.evicted:
            self._store.evict(journal, run, message.received_ms)
        rows = [
            row
            for start, end in result.fresh
            for row in batch.rows[start - first : end - first + 1]
        ]
        self._store.append(journal, rows)
        counts = Counts(
            message.received_ms,
            duplicates=len(batch.rows) - len(rows),
            contradictions=len(result.evicted),
            not_understood=sum(not row.kind for row in rows),
        )
        self._store.save_ledger(journal, result.ledger, counts)
        self._ledgers[journal] = result.ledger
        return result.ledger.watermark

    def _take_status(self, message: Received, status: Status) -> dict[tuple[str, str], int]:
        """Store a status; a hub that holds for unsent what is committed should hear so."""
        journal = self._store.save_status(Heard(status, message.payload, message.received_ms))
        watermark = self._ledger(journal).watermark
        behind = status.online and status.last_seq - status.unsent < watermark
        return {(status.node, status.epoch): watermark} if behind else {}

    def _refuse(self, message: Received, refused: Quarantined) -> None:
        logger.info("refused on %r: %s %s", refused.topic, refused.reason, refused.detail)
        self._store.quarantine(refused, _node_of(message.topic), message.received_ms)

    def _ledger(self, journal: int) -> Ledger:
        if journal not in self._ledgers:
            self._ledgers[journal] = self._store.ledger(journal)
        return self._ledgers[journal]


def _node_of(topic: str) -> str | None:
    try:
        return parse_up(topic).node
    except ValueError:
        return None
