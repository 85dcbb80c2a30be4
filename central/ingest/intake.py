"""One transaction for many messages: what is new is stored, and what may be acknowledged."""

import logging
from collections.abc import Callable, Sequence

from msgspec import Struct

from central.ingest.check import CheckedBatch, check
from central.rollup.recent import Recent
from central.store.ledger import Contradiction, Ledger, absorb
from central.store.protocol import MAX_EPOCHS, Counts, IngestStore
from central.store.rows import Heard, Quarantined, Rows, Unread
from contract.topics import parse_up
from contract.wire import Status

logger = logging.getLogger(__name__)


class Received(Struct, frozen=True):
    """A message as it came from the broker, and when (UTC milliseconds since 1970). `settled` hears
    whether it was stored, or refused for good; if not, nothing of it was kept. `failed` hears
    instead what nobody thought of that storing it met; without one the message is set aside."""

    topic: str
    payload: bytes
    received_ms: int
    settled: Callable[[bool], object] = bool
    failed: Callable[[Exception], object] | None = None


class Committed(Struct, frozen=True):
    """Everything of this node's epoch up to `watermark` is durable."""

    node: str
    epoch: str
    watermark: int


class Intake:
    """Puts messages into the store, and what is new into `recent`, for the fold.

    What nodes send whose certificates are revoked is refused: `is_shut_out(node)` tells. Nodes that
    are another's, says `owns(node)`, are left to it: they are neither stored nor answered.
    """

    def __init__(
        self,
        store: IngestStore,
        is_shut_out: Callable[[str], bool] = lambda _node: False,
        owns: Callable[[str], bool] = lambda _node: True,
    ) -> None:
        self.recent = Recent()
        self._store = store
        self._is_shut_out = is_shut_out
        self._owns = owns
        self._ledgers: dict[int, Ledger] = {}
        self._counts: dict[int, Counts] = {}
        self._fresh: list[tuple[int, Rows]] = []

    def commit(self, messages: Sequence[Received]) -> list[Committed]:
        """Store messages in one transaction and return what nodes should hear.

        Raises StoreError when nothing of it could be stored; the hubs will send again.
        """
        answers: dict[tuple[str, str], int] = {}
        try:
            with self._store.transaction():
                for message in messages:
                    answers.update(self._take(message, check(message.topic, message.payload)))
                for journal, counts in self._counts.items():
                    self._store.save_ledger(journal, self._ledgers[journal], counts)
            for journal, rows in self._fresh:
                self.recent.put(journal, rows)
        except BaseException:
            self._ledgers.clear()
            raise
        finally:
            self._counts.clear()
            self._fresh.clear()
        return [Committed(node, epoch, mark) for (node, epoch), mark in answers.items()]

    def set_aside(self, message: Received, error: Exception) -> None:
        """Put a message that storing met `error` with into quarantine; its hub keeps the rows, for
        nothing of them is acknowledged. Raises StoreError."""
        node = _node_of(message.topic)
        detail = f"{type(error).__name__}: {error}"
        refused = Quarantined(message.topic, message.payload, "not-taken", detail)
        with self._store.transaction():
            self._refuse(message, node, refused)

    def forget(self) -> None:
        """Read the store again before the next message: others may have written meanwhile, or a
        database that took over may know less."""
        self.recent.clear()
        self._ledgers.clear()
        self._store.forget()

    def _take(
        self, message: Received, checked: CheckedBatch | Status | Quarantined
    ) -> dict[tuple[str, str], int]:
        if isinstance(checked, Quarantined):
            node = _node_of(message.topic)
            if node is None or self._owns(node):
                self._refuse(message, node, checked)
            return {}
        if not self._owns(checked.node):
            return {}
        if self._is_shut_out(checked.node):
            detail = f"the certificates of {checked.node} are revoked"
            refused = Quarantined(message.topic, message.payload, "revoked", detail)
            self._refuse(message, checked.node, refused)
            return {}
        journal = self._store.journal(checked.node, checked.epoch)
        if journal is None:
            detail = f"epoch {checked.epoch} after {MAX_EPOCHS} others"
            refused = Quarantined(message.topic, message.payload, "too-many-epochs", detail)
            self._refuse(message, checked.node, refused)
            return {}
        if isinstance(checked, Status):
            return self._take_status(message, journal, checked)
        return {(checked.node, checked.epoch): self._take_batch(message, journal, checked)}

    def _take_batch(self, message: Received, journal: int, batch: CheckedBatch) -> int:
        ledger = self._ledger(journal)

        def same(start: int, end: int) -> bool:
            if start > end:
                return True
            sent = iter(batch.rows.cut(start, end).entries)
            return all(held in sent for held in self._store.entries(journal, start, end))

        result = absorb(ledger, batch.slice, same)
        if isinstance(result, Contradiction):
            refused = Quarantined(message.topic, message.payload, result.reason)
            self._refuse(message, batch.node, refused)
            self._count(journal, Counts(message.received_ms, contradictions=1))
            return ledger.watermark
        for run in result.evicted:
            self.recent.forget(journal)
            self._store.evict(journal, run, message.received_ms)
        fresh = not_understood = 0
        for start, end in result.fresh:
            rows = batch.rows.cut(start, end)
            fresh += len(rows.entries)
            not_understood += [type(entry) for entry in rows.read].count(Unread)
            self._store.append(journal, rows, message.received_ms)
            self._fresh.append((journal, rows))
        self._ledgers[journal] = result.ledger
        counts = Counts(
            message.received_ms,
            taken=1,
            duplicates=len(batch.rows.entries) - fresh,
            contradictions=len(result.evicted),
            not_understood=not_understood,
        )
        self._count(journal, counts)
        return result.ledger.watermark

    def _count(self, journal: int, more: Counts) -> None:
        known = self._counts.get(journal)
        self._counts[journal] = more if known is None else known + more

    def _take_status(
        self, message: Received, journal: int, status: Status
    ) -> dict[tuple[str, str], int]:
        """Store a status; a hub that holds for unsent what is committed should hear so."""
        self._store.save_status(journal, Heard(status, message.payload, message.received_ms))
        watermark = self._ledger(journal).watermark
        behind = status.online and status.last_seq - status.unsent < watermark
        return {(status.node, status.epoch): watermark} if behind else {}

    def _refuse(self, message: Received, node: str | None, refused: Quarantined) -> None:
        logger.info("refused on %r: %s %s", refused.topic, refused.reason, refused.detail)
        self._store.quarantine(refused, node, message.received_ms)

    def _ledger(self, journal: int) -> Ledger:
        if journal not in self._ledgers:
            self._ledgers[journal] = self._store.ledger(journal)
        return self._ledgers[journal]


def _node_of(topic: str) -> str | None:
    try:
        return parse_up(topic).node
    except ValueError:
        return None
