"""The conversation with an ESC/POS printer: bytes there, answers back, each in bounded time."""

import logging
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from edge.devices import escpos_status as status
from edge.devices.escpos_status import Condition, RealTime, Reply, Status
from edge.devices.transport import DeviceError, Transport
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 256
_LISTEN_S = 0.1
_REPLIES_KEPT = 64
# No buffer is full for so long while paper moves; a printer takes longer than this to start.
_HELD_TOO_LONG_S = 0.5


class LineTiming(Struct, frozen=True):
    """How long a printer is waited for: `answer_s` for a status byte, `stall_s` for taking one."""

    answer_s: float = 0.5
    stall_s: float = 4.0


class EscposLine:
    """A printer at the other end of `transport`.

    `answers` is false on a one-way line: then no question is asked, and silence means nothing.
    """

    def __init__(
        self, transport: Transport, timing: LineTiming, clock: Clock, *, answers: bool
    ) -> None:
        self.connected = False
        self._clock = clock
        self._wire_free_s = 0.0
        self._transport = transport
        self._timing = timing
        self._answers = answers
        self._replies = status.ReplyReader()
        self._heard: deque[Reply] = deque(maxlen=_REPLIES_KEPT)
        self._last_state = Status(None)
        self._unasked: Status | None = None
        self._restarted = False
        self._held_s = 0.0

    @property
    def byte_s(self) -> float:
        """Seconds that one byte takes on the wire."""
        return self._transport.byte_s

    def close(self) -> None:
        """Drop the connection and all that waits in it."""
        self._transport.close()
        self.connected = False
        self._wire_free_s = 0.0

    def watch(self) -> None:
        """Begin to watch for a loss of power."""
        self._restarted = False
        self._held_s = 0.0

    @property
    def may_have_restarted(self) -> bool:
        """Whether the printer may have lost its power, and so its buffer, since `watch`.

        It said that it was switched on, or held up the line for too long without saying why.
        Networks and USB show it by themselves: the connection is gone.
        """
        return self._restarted

    def state(self) -> Status:
        """Connect if need be, and ask with DLE EOT, which is answered even without paper."""
        try:
            if not self.connected:
                self._transport.open()
                self.connected = True
                self._replies.forget()
            return self._ask_state() if self._answers else Status(None)
        except DeviceError as error:
            return Status(self._lose(error))

    def send(self, data: bytes) -> tuple[int, Condition | None]:
        """Hand over `data`; return how many bytes were taken, and what stopped the rest.

        A printer that takes nothing for too long, or takes bytes by driblets, is disconnected.
        """
        limit_s = self._timing.stall_s + 2 * len(data) * self.byte_s
        sent, stalled_s, waited_s = 0, 0.0, 0.0
        try:
            while sent < len(data):
                taken = self._transport.write(data[sent : sent + _CHUNK_BYTES], _LISTEN_S)
                sent += taken
                self._load_wire(taken)
                self._listen(0.0, 0.0 if taken else _LISTEN_S)
                waited_s += 0.0 if taken else _LISTEN_S
                stalled_s = 0.0 if taken else stalled_s + _LISTEN_S
                if stalled_s >= self._timing.stall_s or waited_s >= limit_s:
                    self.close()
                    return sent, self._last_state.condition or "no-answer"
        except DeviceError as error:
            return sent, self._lose(error)
        return sent, None

    def request(self, command: bytes, wanted: Callable[[Reply], bool], seconds: float) -> bool:
        """Send `command`; whether the printer says what is wanted within about `seconds`."""
        self._heard.clear()
        _, obstacle = self.send(command)
        try:
            return obstacle is None and self._first(wanted, seconds) is not None
        except DeviceError as error:
            self._lose(error)
            return False

    def _ask_state(self) -> Status:
        self._listen(0)
        self._unasked = None
        # A printer that holds up the line while it cannot print may have said why by itself.
        printer = self._ask(1)
        if printer is None:
            return Status(self._last_state.condition or "no-answer")
        if not status.is_online(printer):
            cause = self._ask(2)
            if cause is None:
                return Status(self._last_state.condition or "offline")
            return status.why_offline(cause, self._ask(3) or 0)
        sensors = self._ask(4)
        if sensors is None:
            return Status(self._last_state.condition or "no-answer")
        # This tells of paper only. What it said by itself meanwhile is newer than its first answer,
        # and may be its last word for long.
        self._last_state = self._unasked or status.paper(sensors)
        return self._last_state

    def _ask(self, question: int) -> int | None:
        """The byte that answers DLE EOT `question`, or None when none came in time."""
        self._listen(0)
        self._heard.clear()
        taken = self._transport.write(status.ASK_STATUS[question], self._timing.answer_s)
        self._load_wire(taken)
        wait_s = self._timing.answer_s + max(0.0, self._wire_free_s - self._clock.stamp().mono_s)
        answer = self._first(lambda reply: isinstance(reply, RealTime), wait_s)
        return answer.byte if isinstance(answer, RealTime) else None

    def _first(self, wanted: Callable[[Reply], bool], seconds: float) -> Reply | None:
        for listen_s in (0.0, *[_LISTEN_S] * max(1, round(seconds / _LISTEN_S))):
            self._listen(listen_s)
            while self._heard:
                reply = self._heard.popleft()
                if wanted(reply):
                    return reply
        return None

    def _listen(self, seconds: float, waited_s: float = 0.0) -> None:
        """Hear what the printer says within `seconds`; keep in mind what it says unasked.

        `waited_s` have passed in silence before.
        """
        said = self._transport.read(seconds)
        for reply in self._replies.feed(said):
            if isinstance(reply, status.Automatic):
                self._last_state = self._unasked = status.automatic(reply.bytes)
            self._restarted |= isinstance(reply, status.PowerOn)
            self._heard.append(reply)
        explained = said or not self._transport.held or self._last_state.condition
        self._held_s = 0.0 if explained else self._held_s + seconds + waited_s
        self._restarted |= self._held_s >= _HELD_TOO_LONG_S

    def _load_wire(self, count: int) -> None:
        """Take note of bytes that the kernel has and the wire has not carried yet: a question
        waits behind them."""
        self._wire_free_s = max(self._wire_free_s, self._clock.stamp().mono_s) + count * self.byte_s

    def _lose(self, error: DeviceError) -> Condition:
        logger.debug("%s", error)
        self.close()
        return "disconnected"
