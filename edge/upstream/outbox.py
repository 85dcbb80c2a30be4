"""What to send to the centre next: a pure state machine over journal, connection and answers.

Only the centre's answer confirms anything. `confirmed` is its watermark, `sent` is how far the
present connection has been given entries, and the entries between them are in flight. Whenever
answers stop coming, everything after the watermark is sent again.

How many entries may be in flight is one number, `allowance`, which works like TCP's window: it
grows by what the centre confirms, halves when a connection breaks with entries in flight, and
falls to a single entry when answers stay away. So a centre that is away costs one small message
per patience and node, a broker with a low packet limit is crept under, and a healthy line is
filled within a few answers.
"""

from enum import Enum, auto

from msgspec import Struct

from contract.wire import VERSION, Ack

_OVERDUE_S = 5.0


class OutboxLimits(Struct, frozen=True):
    """How patient and how eager an outbox is."""

    batch_entries: int = 500
    in_flight_entries: int = 10_000
    coalesce_s: float = 0.1
    patience_s: float = 10.0
    longest_patience_s: float = 60.0


class Run(Struct, frozen=True):
    """Send at most `limit` entries behind `after`."""

    after: int
    limit: int


class Wait(Struct, frozen=True):
    """Nothing to do before `until_s`, or before something happens when None."""

    until_s: float | None


class Verdict(Enum):
    """What an answer of the centre turned out to be."""

    PROGRESS = auto()
    STALE = auto()
    OTHER_VERSION = auto()
    OTHER_EPOCH = auto()
    BEYOND_JOURNAL = auto()


class Outbox:
    """The state of one journal's way to the centre. Times are monotonic seconds."""

    def __init__(self, epoch: str, confirmed: int, last_seq: int, limits: OutboxLimits) -> None:
        self.epoch = epoch
        self.confirmed = confirmed
        self.last_seq = last_seq
        self.sent = confirmed
        self.connected = False
        self.allowance = min(limits.batch_entries, limits.in_flight_entries)
        self._limits = limits
        self._patience_s = limits.patience_s
        self._patient_until_s = 0.0
        self._ripe_s = 0.0
        self._last_answer: int | None = None
        self._looked_s = 0.0
        self._at_last_look, self._at_look_before = last_seq, confirmed

    @property
    def overdue(self) -> int:
        """How many entries the centre has not confirmed though they are five seconds old."""
        return max(0, self._at_look_before - self.confirmed)

    @property
    def in_flight(self) -> int:
        """How many entries are sent and not confirmed."""
        return self.sent - self.confirmed

    def appended(self, last_seq: int, now_s: float) -> None:
        """The journal goes up to `last_seq` now; what is new may wait a little for company."""
        if self.sent == self.last_seq < last_seq:
            self._ripe_s = now_s + self._limits.coalesce_s
        self.last_seq = max(self.last_seq, last_seq)
        if now_s - self._looked_s >= _OVERDUE_S:
            self._looked_s = now_s
            self._at_look_before, self._at_last_look = self._at_last_look, self.last_seq

    def connect(self) -> None:
        """A connection is there; nothing that was given to an earlier one counts as sent."""
        if self.in_flight:
            self.allowance = max(self.allowance // 2, 1)
        self.connected = True
        self._patience_s = self._limits.patience_s
        self._send_again()

    def disconnect(self) -> None:
        """The connection is gone."""
        self.connected = False

    def next(self, now_s: float) -> Run | Wait:
        """Decide what to do now."""
        if not self.connected:
            return Wait(None)
        if self.in_flight and now_s >= self._patient_until_s:
            self.allowance = 1
            self._patience_s = min(self._patience_s * 2, self._limits.longest_patience_s)
            self._send_again()
        waiting_for = [self._patient_until_s] if self.in_flight else []
        unsent = self.last_seq - self.sent
        room = self.allowance - self.in_flight
        if unsent and room > 0:
            if now_s >= self._ripe_s or unsent >= self._limits.batch_entries:
                return Run(self.sent, min(unsent, room, self._limits.batch_entries))
            waiting_for.append(self._ripe_s)
        return Wait(min(waiting_for, default=None))

    def sent_up_to(self, seq: int, now_s: float) -> None:
        """The run up to `seq` was handed to the connection."""
        if not self.in_flight:
            self._patient_until_s = now_s + self._patience_s
        self.sent = seq

    def answered(self, ack: Ack, now_s: float) -> Verdict:
        """Take the centre's watermark; a refused answer changes nothing."""
        if ack.version != VERSION:
            return Verdict.OTHER_VERSION
        if ack.epoch != self.epoch:
            return Verdict.OTHER_EPOCH
        if not 0 <= ack.committed <= self.last_seq:
            return Verdict.BEYOND_JOURNAL
        self._last_answer = ack.committed
        newly = ack.committed - self.confirmed
        if newly <= 0:
            return Verdict.STALE
        self.confirmed = ack.committed
        self.sent = max(self.sent, self.confirmed)
        self.allowance = min(self.allowance + newly, self._limits.in_flight_entries)
        self._patience_s = self._limits.patience_s
        self._patient_until_s = now_s + self._patience_s
        return Verdict.PROGRESS

    def _send_again(self) -> None:
        """Go back to the watermark. If the centre has named a lower one since we last did, it
        has lost what it once confirmed (a restored backup), and gets that again too."""
        if self._last_answer is not None:
            self.confirmed = min(self.confirmed, self._last_answer)
        self._last_answer = None
        self.sent = self.confirmed
