"""From the journal to the centre and back: batches up, the centre's watermark down."""

import logging
import math
import threading
from collections.abc import Callable, Mapping

from contract.codec import encode_message
from contract.topics import Down, Up, down, up
from contract.wire import VERSION, Status
from edge.node_identity import Identity
from edge.upstream.outbox import OutboxLimits
from edge.upstream.sender import HEARTBEAT_S, Sender, SentLog
from edge.upstream.vitals import Vitals
from runtime.backoff import Backoff
from runtime.clock import Clock
from runtime.mqtt import MqttLink, MqttSettings, Will

logger = logging.getLogger(__name__)

_TROUBLE_S = 5.0
_LATE_S = 30
_LIMITS = OutboxLimits()
_NONE_KNOWN = Vitals()


class Uplink:
    """Sends a node's journal to the centre from a thread of its own, and keeps nothing itself.

    The journal's cursor moves only on the centre's word. `clock` dates the status; `line_clock`
    paces the line, in real time even where a simulation lives its days faster. The `vitals` are
    asked every minute. A status, which the broker confirms, comes before a ping would be due, so
    none is sent. `listeners` get, in the line's thread, what the centre says on further topics;
    they should hand over and return. `sent_entries` counts what was handed to the broker since the
    start, repetitions included.
    """

    def __init__(
        self,
        journal: SentLog,
        settings: MqttSettings,
        identity: Identity,
        *,
        clock: Clock,
        line_clock: Clock,
        limits: OutboxLimits = _LIMITS,
        vitals: Vitals = _NONE_KNOWN,
        heartbeat_s: float = HEARTBEAT_S,
        backoff: Backoff | None = None,
        listeners: Mapping[Down, Callable[[bytes], None]] | None = None,
    ) -> None:
        node = self._node = identity.node
        self._line_clock = line_clock
        self._trouble = ""
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"uplink-{node}", daemon=True)
        self._listeners = {down(node, what): hear for what, hear in (listeners or {}).items()}
        self._link = MqttLink(
            settings,
            persistent=False,
            subscriptions=(down(node, "ack"), *self._listeners),
            on_message=self._on_message,
            on_state=self._on_state,
            will=Will(
                up(node, "status"),
                encode_message(Status(VERSION, node, online=False, epoch=journal.epoch)),
            ),
            keepalive_s=math.ceil(heartbeat_s) + _LATE_S,
            backoff=backoff,
            wall_clock=clock,
        )
        self._sender = Sender(
            journal,
            self._link,
            identity,
            clock=clock,
            limits=limits,
            vitals=vitals,
            heartbeat_s=heartbeat_s,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._link.connected

    @property
    def sent_entries(self) -> int:
        """How many rows were handed to the broker since the start, repetitions included."""
        return self._sender.sent_entries

    @property
    def unsent(self) -> int:
        """How many entries the centre has not confirmed."""
        return self._sender.unsent

    @property
    def overdue(self) -> int:
        """How many of these are not of the last seconds."""
        return self._sender.overdue

    def start(self) -> None:
        """Connect, and send whatever the journal has behind its cursor."""
        self._link.start()
        self._thread.start()

    def notify(self) -> None:
        """The journal has grown; callable from any thread, and never waits."""
        self._wake.set()

    def status_changed(self) -> None:
        """Tell the centre at once how the node fares; callable from any thread, never waits."""
        self._sender.status_changed()
        self._wake.set()

    def stop(self) -> None:
        """Say that the node is leaving, and end within seconds; before the journal is closed."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sender.publish_status(online=False)
        self._link.stop()

    def publish(self, what: Up, payload: bytes) -> bool:
        """Say something else to the centre, from any thread; False when it cannot be said now."""
        return self._link.publish(up(self._node, what), payload)

    def _on_message(self, topic: str, payload: bytes) -> None:
        if listener := self._listeners.get(topic):
            listener(payload)
            return
        self._sender.hear(payload)
        self._wake.set()

    def _on_state(self, connected: bool) -> None:
        self._sender.line_changed(connected=connected)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                pause_s = self._sender.turn(self._line_clock.stamp().mono_s)
                self._trouble = ""
            except Exception as error:
                pause_s = _TROUBLE_S
                if self._trouble != str(error):
                    self._trouble = str(error)
                    logger.exception("%s: nothing is sent now; it is tried again", self._node)
            self._wake.wait(pause_s)
