"""An MQTT connection that comes back by itself and keeps nothing in memory but a small window."""

import logging
import secrets
import threading
from collections.abc import Callable
from functools import partial
from itertools import cycle

from msgspec.structs import replace

from runtime.backoff import Backoff
from runtime.clock import Clock, SystemClock
from runtime.mqtt_connection import Connection, Ending, MqttSettings, Version, Will

__all__ = ["MqttLink", "MqttSettings", "Will"]

logger = logging.getLogger(__name__)

_KEEPALIVE_S = 30
_STOP_S = 15.0


class MqttLink:
    """A connection to a broker in a thread of its own; to any server of a cluster, drawn at
    random, and to the next whenever one fails.

    With `persistent` the broker keeps the session, and what arrives for it, while we are away.
    `on_message(topic, payload)` and `on_state(connected)` are called in the link's thread: they
    should hand over and return, for nothing is read meanwhile. The broker may deliver a message
    twice and in any order. Connected means that every subscription is in place. The broker's
    certificate is judged by `wall_clock`, as `runtime.trust` says. `keepalive_s` counts where the
    settings name none.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        persistent: bool,
        subscriptions: tuple[str, ...],
        on_message: Callable[[str, bytes], None],
        on_state: Callable[[bool], None],
        will: Will | None = None,
        keepalive_s: int = _KEEPALIVE_S,
        backoff: Backoff | None = None,
        wall_clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._persistent = persistent
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._on_state = on_state
        self._will = will
        self._keepalive_s = settings.keepalive_s or keepalive_s
        self._backoff = backoff or Backoff(cap_s=settings.reconnect_within_s)
        self._clock = SystemClock()
        self._wall_clock = wall_clock or self._clock
        self._version: Version = "3.1.1" if settings.protocol == "3.1.1" else "5"
        self._version_has_worked = False
        self._connection: Connection | None = None
        self._complaints: set[str] = set()
        self._refusals: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"mqtt-{settings.client_id}", daemon=True
        )

    @property
    def connected(self) -> bool:
        """Whether messages can be sent and received now."""
        connection = self._connection
        return connection is not None and connection.ready

    def start(self) -> None:
        """Begin to connect, and to reconnect whenever the connection is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is on its way, for a few seconds at most, say goodbye and end the thread."""
        self._stopping.set()
        if connection := self._connection:
            connection.wake()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        if self._thread.is_alive():
            logger.warning("the thread of %s has not ended and is left behind", self._settings)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the present connection with QoS 1, from any thread.

        Returns False when there is no connection or its window is full: nothing was kept then.
        True promises nothing about delivery.
        """
        connection = self._connection
        return connection is not None and connection.publish(topic, payload, retain=retain)

    def _run(self) -> None:
        failures = 0
        random = secrets.SystemRandom()
        hosts = (self._settings.host, *self._settings.other_hosts)
        servers = cycle(random.sample(hosts, len(hosts)))
        server = replace(self._settings, host=next(servers))
        while not self._stopping.is_set():
            ending = self._connect_once(server)
            if self._stopping.is_set():
                return
            if (ending.lasted_s or 0.0) > self._backoff.longest_s(failures):
                failures = 0
            failures += 1
            if ending.wrong_version and self._may_change_version(failures):
                self._version = "3.1.1" if self._version == "5" else "5"
                self._version_has_worked = False
                if failures == 1:
                    logger.info("%s: now trying MQTT %s", server, self._version)
                    continue
            self._complain(f"{server}: no connection: {ending.reason}")
            server = replace(self._settings, host=next(servers))
            self._stopping.wait(self._backoff.pause_s(failures, random.random))

    def _may_change_version(self, failures: int) -> bool:
        """A version that has worked is given up only when it fails again and again, for a line
        that breaks at the wrong moment looks like a broker that does not understand."""
        return self._settings.protocol == "auto" and (not self._version_has_worked or failures > 2)

    def _connect_once(self, server: MqttSettings) -> Ending:
        connection = self._connection = Connection(
            server,
            self._version,
            keepalive_s=self._keepalive_s,
            clock=self._clock,
            wall_clock=self._wall_clock,
            persistent=self._persistent,
            subscriptions=self._subscriptions,
            on_message=self._deliver,
            on_ready=partial(self._announce, server),
            on_refusal=self._note_refusal,
            will=self._will,
        )
        ending = connection.serve(self._stopping)
        self._connection = None
        if ending.lasted_s is not None:
            self._tell(connected=False)
        return ending

    def _announce(self, server: MqttSettings) -> None:
        logger.info("%s: connected, MQTT %s", server, self._version)
        self._version_has_worked = True
        self._complaints.clear()
        self._tell(connected=True)

    def _complain(self, words: str) -> None:
        if words not in self._complaints:
            self._complaints.add(words)
            logger.warning("%s; trying again", words)

    def _note_refusal(self, words: str) -> None:
        if words not in self._refusals:
            self._refusals.add(words)
            logger.error("%s: the broker refuses what is published: %s", self._settings, words)

    def _deliver(self, topic: str, payload: bytes) -> None:
        try:
            self._on_message(topic, payload)
        except Exception:
            logger.exception("%s: a message on %s could not be handled", self._settings, topic)

    def _tell(self, *, connected: bool) -> None:
        try:
            self._on_state(connected)
        except Exception:
            logger.exception("%s: connected=%s could not be handled", self._settings, connected)
