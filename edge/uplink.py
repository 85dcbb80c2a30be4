"""From the journal to the centre and back: batches up, the centre's watermark down."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from msgspec import Raw

from contract.codec import ContractError, decode_message, encode_message
from contract.topics import down, up
from contract.wire import VERSION, Ack, Batch, Health, Status
from edge.journal import Journal, Row
from edge.outbox import Outbox, OutboxLimits, Run, Verdict
from runtime.backoff import Backoff
from runtime.clock import Clock
from runtime.mqtt import MqttLink, MqttSettings, Will

logger = logging.getLogger(__name__)

_BATCH_BYTES = 20_000
_ANSWERS_KEPT = 100
_WINDOW_FULL_S = 0.05
_TROUBLE_S = 5.0
_LIMITS = OutboxLimits()


class Uplink:
    """Sends a node's journal to the centre from a thread of its own, and keeps nothing itself.

    The journal's cursor moves only on the centre's word. `clock` dates the status; `line_clock`
    paces the line, in real time even where a simulation lives its days faster. `health` is asked
    at every heartbeat, and never fails. `sent_entries` counts what was handed to the broker since
    the start, repetitions included.
    """

    def __init__(
        self,
        journal: Journal,
        settings: MqttSettings,
        *,
        node: str,
        software: str,
        config: str,
        clock: Clock,
        line_clock: Clock,
        limits: OutboxLimits = _LIMITS,
        health: Callable[[], Health] | None = None,
        heartbeat_s: float = 60.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._journal = journal
        self._node = node
        self._software = software
        self._config = config
        self._clock = clock
        self._line_clock = line_clock
        self._health = health
        self._heartbeat_s = heartbeat_s
        self._cursor = journal.cursor
        self._outbox = Outbox(journal.epoch, self._cursor, journal.last_seq, limits)
        self._answers: deque[bytes] = deque(maxlen=_ANSWERS_KEPT)
        self.sent_entries = 0
        self._connections = 0
        self._connections_seen = 0
        self._status_due_s = 0.0
        self._refused: set[Verdict] = set()
        self._trouble = ""
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"uplink-{node}", daemon=True)
        self._link = MqttLink(
            settings,
            persistent=False,
            subscriptions=(down(node, "ack"),),
            on_message=self._on_message,
            on_state=self._on_state,
            will=Will(
                up(node, "status"),
                encode_message(Status(VERSION, node, online=False, epoch=journal.epoch)),
            ),
            backoff=backoff,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._link.connected

    @property
    def unsent(self) -> int:
        """How many entries the centre has not confirmed."""
        return self._journal.last_seq - self._outbox.confirmed

    def start(self) -> None:
        """Connect, and send whatever the journal has behind its cursor."""
        self._link.start()
        self._thread.start()

    def notify(self) -> None:
        """The journal has grown; callable from any thread, and never waits."""
        self._wake.set()

    def stop(self) -> None:
        """Say that the node is leaving, and end within seconds; before the journal is closed."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._publish_status(online=False)
        self._link.stop()

    def _on_message(self, _topic: str, payload: bytes) -> None:
        self._answers.append(payload)
        self._wake.set()

    def _on_state(self, connected: bool) -> None:
        self._connections += connected
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                pause_s = self._turn(self._now_s())
                self._trouble = ""
            except Exception as error:
                pause_s = _TROUBLE_S
                if self._trouble != str(error):
                    self._trouble = str(error)
                    logger.exception("%s: nothing is sent now; all is in the journal", self._node)
            self._wake.wait(pause_s)

    def _turn(self, now_s: float) -> float | None:
        """Do what is due now; return how long to sleep unless something happens."""
        self._follow_connection(now_s)
        self._take_answers(now_s)
        self._outbox.appended(self._journal.last_seq, now_s)
        if not self._outbox.connected:
            return None
        if now_s >= self._status_due_s:
            if not self._publish_status(online=True):
                return _WINDOW_FULL_S
            self._status_due_s = now_s + self._heartbeat_s
        step = self._outbox.next(now_s)
        if isinstance(step, Run):
            return 0 if self._send(step, now_s) else _WINDOW_FULL_S
        until_s = self._status_due_s if step.until_s is None else step.until_s
        return max(0.0, min(until_s, self._status_due_s) - now_s)

    def _follow_connection(self, now_s: float) -> None:
        if not self._link.connected:
            self._outbox.disconnect()
        elif self._connections_seen != self._connections:
            self._connections_seen = self._connections
            self._outbox.connect()
            self._status_due_s = now_s

    def _take_answers(self, now_s: float) -> None:
        while self._answers:
            self._take_answer(self._answers.popleft(), now_s)
        if self._outbox.confirmed > self._cursor:
            self._journal.advance(self._outbox.confirmed)
            self._cursor = self._outbox.confirmed

    def _take_answer(self, payload: bytes, now_s: float) -> None:
        try:
            ack = decode_message(payload, Ack)
        except ContractError as error:
            logger.warning("%s: an unreadable answer of the centre: %s", self._node, error)
            return
        verdict = self._outbox.answered(ack, now_s)
        if verdict is Verdict.PROGRESS:
            self._refused.clear()
        elif verdict is not Verdict.STALE and verdict not in self._refused:
            self._refused.add(verdict)
            logger.warning(
                "%s: refused %s: this journal is epoch %s up to %d",
                self._node,
                ack,
                self._outbox.epoch,
                self._outbox.last_seq,
            )

    def _send(self, run: Run, now_s: float) -> bool:
        rows = self._journal.read(run.after, run.limit)
        payload, last_seq = self._batch(rows, self._journal.hash_at(run.after))
        if not self._link.publish(up(self._node, "events"), payload):
            return False
        self._outbox.sent_up_to(last_seq, now_s)
        self.sent_entries += last_seq - run.after
        return True

    def _batch(self, rows: list[Row], chain_before: bytes) -> tuple[bytes, int]:
        """The message of as many `rows` as fit, and the last of them."""
        batch = Batch(
            version=VERSION,
            node=self._node,
            epoch=self._outbox.epoch,
            first_seq=rows[0].seq,
            chain_before=chain_before,
            chain_after=rows[-1].hash,
            entries=tuple(Raw(row.body) for row in rows),
        )
        payload = encode_message(batch)
        if len(payload) <= _BATCH_BYTES or len(rows) == 1:
            return payload, rows[-1].seq
        fitting = len(rows) * _BATCH_BYTES * 9 // (len(payload) * 10)
        return self._batch(rows[: max(fitting, 1)], chain_before)

    def _publish_status(self, *, online: bool) -> bool:
        payload = encode_message(self._status(online=online))
        return self._link.publish(up(self._node, "status"), payload, retain=True)

    def _status(self, *, online: bool) -> Status:
        stamp = self._clock.stamp()
        return Status(
            version=VERSION,
            node=self._node,
            online=online,
            epoch=self._outbox.epoch,
            wall_ms=stamp.wall_ms,
            synced=stamp.synced,
            software=self._software,
            config=self._config,
            last_seq=self._journal.last_seq,
            unsent=self.unsent,
            health=None if self._health is None else self._health(),
        )

    def _now_s(self) -> float:
        return self._line_clock.stamp().mono_ns / 1e9
