"""What a node says to the centre over a line, turn by turn: batches, status, and the cursor that
moves on the centre's word. It has no thread and no connection of its own."""

import logging
from collections import deque
from typing import Protocol, TypeVar

from contract.codec import ContractError, decode_message, encode_message
from contract.topics import up
from contract.wire import VERSION, Ack, SiteMachine, Status, UpdateState
from edge.node_identity import Identity
from edge.store.journal import Row
from edge.upstream.batches import pack
from edge.upstream.outbox import Outbox, OutboxLimits, Run, Verdict
from edge.upstream.vitals import Vitals
from runtime.clock import Clock

logger = logging.getLogger(__name__)

HEARTBEAT_S = 200.0
"""How often a node says how it fares when nothing is new: what a day of it costs on the line is
measured in `tests/system/test_line_cost.py`."""
_ANSWERS_KEPT = 100
_WINDOW_FULL_S = 0.05
_LOOK_S = 60.0
_AGAIN_EVERY = 18
_LIMITS = OutboxLimits()
_NONE_KNOWN = Vitals()
_What = TypeVar("_What")
_Urgent = tuple[bool, UpdateState | None, tuple[SiteMachine, ...] | None]


class Line(Protocol):
    """A connection to the broker: see `runtime.mqtt.MqttLink`."""

    @property
    def connected(self) -> bool:
        """Whether messages can be sent now."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand over a message; False when nothing was sent."""
        ...


class SentLog(Protocol):
    """What an uplink needs of a journal: see `edge.store.journal.Journal`."""

    @property
    def epoch(self) -> str:
        """The journal's name."""
        ...

    @property
    def last_seq(self) -> int:
        """Its last row."""
        ...

    @property
    def cursor(self) -> int:
        """The last row that the centre has confirmed."""
        ...

    def read(self, after: int, limit: int) -> list[Row]:
        """At most `limit` rows behind row `after`, in order."""
        ...

    def hash_at(self, seq: int) -> bytes:
        """The chain's hash after row `seq`."""
        ...

    def advance(self, committed: int) -> None:
        """Move the cursor forward to `committed`."""
        ...


class Sender:
    """One node's part of a line. One thread takes its turns; any thread may `hear` for it.

    `clock` dates the status, and the `vitals` are asked for each. A clock, an update or machines
    that changed are said within a minute, all else with the next heartbeat; machines and the
    software's fingerprint when they are news to the connection, and with every 18th status.
    `sent_entries` counts what was handed to the broker, repetitions included.
    """

    def __init__(
        self,
        journal: SentLog,
        line: Line,
        identity: Identity,
        *,
        clock: Clock,
        limits: OutboxLimits = _LIMITS,
        vitals: Vitals = _NONE_KNOWN,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._journal = journal
        self._line = line
        self._identity = identity
        self._node = identity.node
        self._clock = clock
        self._vitals = vitals
        self._machines_said: tuple[SiteMachine, ...] | None = None
        self._fingerprint_said: str | None = None
        self._beats = 0
        self._heartbeat_s = heartbeat_s
        self._cursor = journal.cursor
        self._outbox = Outbox(journal.epoch, self._cursor, journal.last_seq, limits)
        self._answers: deque[bytes] = deque(maxlen=_ANSWERS_KEPT)
        self.sent_entries = 0
        self._connections = 0
        self._connections_seen = 0
        self._status_due_s = 0.0
        self._look_due_s = 0.0
        self._said: _Urgent | None = None
        self._refused: set[Verdict] = set()

    @property
    def unsent(self) -> int:
        """How many entries the centre has not confirmed."""
        return self._journal.last_seq - self._outbox.confirmed

    @property
    def overdue(self) -> int:
        """How many of these are not of the last seconds."""
        return self._outbox.overdue

    def hear(self, answer: bytes) -> None:
        """Take an answer of the centre, for the next turn."""
        self._answers.append(answer)

    def line_changed(self, *, connected: bool) -> None:
        """The line is there, anew, or gone."""
        self._connections += connected

    def status_changed(self) -> None:
        """There is something to say before the next heartbeat is due."""
        self._status_due_s = 0.0

    def turn(self, now_s: float) -> float | None:
        """Do what is due now; return how long to sleep unless something happens."""
        self._follow_connection(now_s)
        self._take_answers(now_s)
        self._outbox.appended(self._journal.last_seq, now_s)
        if not self._outbox.connected:
            return None
        self._look(now_s)
        if now_s >= self._status_due_s:
            self._status_due_s = now_s + self._heartbeat_s  # before it is read what to say
            if not self.publish_status(online=True):
                self._status_due_s = now_s
                return _WINDOW_FULL_S
        step = self._outbox.next(now_s)
        if isinstance(step, Run):
            return 0 if self._send(step, now_s) else _WINDOW_FULL_S
        due_s = min(self._status_due_s, self._look_due_s)
        until_s = due_s if step.until_s is None else min(step.until_s, due_s)
        return max(0.0, until_s - now_s)

    def publish_status(self, *, online: bool) -> bool:
        """Say how the node fares, or that it leaves; False when it cannot be said now."""
        urgent = self._urgent()  # before it is read what to say
        machines = fingerprint = None
        if online:
            machines = self._news(self._vitals.machines(), self._machines_said)
            fingerprint = self._news(self._vitals.fingerprint(), self._fingerprint_said)
        payload = encode_message(self._status(machines, fingerprint, online=online))
        if not self._line.publish(up(self._node, "status"), payload, retain=True):
            return False
        if machines is not None:
            self._machines_said = machines
        if fingerprint is not None:
            self._fingerprint_said = fingerprint
        self._said = urgent
        self._beats += 1
        return True

    def _look(self, now_s: float) -> None:
        if now_s >= self._look_due_s:
            self._look_due_s = now_s + _LOOK_S
            if self._urgent() != self._said:
                self._status_due_s = now_s

    def _urgent(self) -> _Urgent:
        return (
            self._clock.stamp().synced,
            self._vitals.update(),
            self._vitals.machines(),
        )

    def _follow_connection(self, now_s: float) -> None:
        if not self._line.connected:
            self._outbox.disconnect()
        elif self._connections_seen != self._connections:
            self._connections_seen = self._connections
            self._outbox.connect()
            self._status_due_s = now_s
            self._machines_said = self._fingerprint_said = None

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
        before = self._journal.hash_at(run.after)
        payload, last_seq = pack(self._node, self._outbox.epoch, before, rows)
        if not self._line.publish(up(self._node, "events"), payload):
            return False
        self._outbox.sent_up_to(last_seq, now_s)
        self.sent_entries += last_seq - run.after
        return True

    def _news(self, now: _What | None, said: _What | None) -> _What | None:
        return now if now != said or self._beats % _AGAIN_EVERY == 0 else None

    def _status(
        self, machines: tuple[SiteMachine, ...] | None, fingerprint: str | None, *, online: bool
    ) -> Status:
        stamp = self._clock.stamp()
        return Status(
            version=VERSION,
            node=self._node,
            online=online,
            epoch=self._outbox.epoch,
            wall_ms=stamp.wall_ms,
            synced=stamp.synced,
            software=self._identity.software,
            config=self._identity.config,
            last_seq=self._journal.last_seq,
            unsent=self.unsent,
            health=self._vitals.health(),
            update=self._vitals.update(),
            appointments=self._vitals.appointments(),
            machines=machines,
            fingerprint=fingerprint,
        )
