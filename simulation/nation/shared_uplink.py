"""One connection and one thread for the hubs of a province, whose senders are the real ones.

3,139 hubs with a connection and two threads each do not fit beside their people on a small
machine: Python's one lock is handed round among six thousand threads. So a province shares both;
what each hub sends, waits for, sends again and believes is decided by its own `Sender`.
"""

import heapq
import logging
import threading
from collections.abc import Callable

from edge.upstream.sender import Sender
from runtime.clock import Clock
from runtime.mqtt import MqttLink, MqttSettings

logger = logging.getLogger(__name__)

_TURN_S = 1.0


class SharedUplink:
    """Turns the senders of a province's hubs over one connection; `attach` each before the start.

    It only publishes. What the centre answers is subscribed to once for the whole country, and
    comes by `hear` while the province has its line.
    """

    def __init__(self, settings: MqttSettings, clock: Clock) -> None:
        self._clock = clock
        self._senders: dict[str, Sender] = {}
        self._due: dict[str, float] = {}
        self._schedule: list[tuple[float, str]] = []
        self._woken: set[str] = set()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, name=f"shared-{settings.client_id}", daemon=True
        )
        self._link = MqttLink(
            settings,
            persistent=False,
            subscriptions=(),
            on_message=lambda _topic, _payload: None,
            on_state=self._on_state,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._link.connected

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """As `MqttLink.publish`."""
        return self._link.publish(topic, payload, retain=retain)

    def attach(self, node: str, sender: Sender) -> Callable[[], None]:
        """Give `node` a sender, in the place of any earlier one; call what is returned whenever
        its journal has grown."""
        if self.connected:
            sender.line_changed(connected=True)
        self._senders[node] = sender

        def notify() -> None:
            self._woken.add(node)
            self._wake.set()

        notify()
        return notify

    def hear(self, node: str, answer: bytes) -> None:
        """Hand an answer of the centre to `node`; it is lost when there is no line."""
        if self.connected:
            self._senders[node].hear(answer)
            self._woken.add(node)
            self._wake.set()

    def start(self) -> None:
        """Connect, and take turns."""
        self._link.start()
        self._thread.start()

    def stop(self) -> None:
        """Disconnect, and end."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._link.stop()

    def _on_state(self, connected: bool) -> None:
        for node, sender in self._senders.items():
            sender.line_changed(connected=connected)
            self._woken.add(node)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            now_s = self._clock.stamp().mono_s
            while self._schedule and self._schedule[0][0] <= now_s:
                due_s, node = heapq.heappop(self._schedule)
                if self._due.get(node) == due_s:
                    self._woken.add(node)
            while self._woken:
                self._turn(self._woken.pop(), now_s)
            next_s = self._schedule[0][0] if self._schedule else now_s + _TURN_S
            self._wake.wait(max(0.0, next_s - self._clock.stamp().mono_s))

    def _turn(self, node: str, now_s: float) -> None:
        pause_s = self._senders[node].turn(now_s)
        self._due[node] = due_s = now_s + (_TURN_S if pause_s is None else pause_s)
        heapq.heappush(self._schedule, (due_s, node))
