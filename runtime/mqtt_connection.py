"""One MQTT connection, from connect to close; what it did not deliver dies with it.

paho-mqtt speaks the protocol; the turning is done here, because paho's own loop has no jitter,
replays and reorders what an earlier connection left over, ignores the broker's Receive Maximum,
and stops working above file descriptor 1023 (select(2)).
"""

import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from runtime.clock import Clock
from runtime.trust import client_context

logger = logging.getLogger(__name__)

Version = Literal["5", "3.1.1"]
_Host = Annotated[str, Meta(min_length=1)]

_WINDOW = 100
_ANSWER_S = 10.0
_RECEIPT_S = 30.0
_LEAVE_S = 2.0
_TURN_S = 0.5
_SESSION_KEPT_S = 86_400
_PAHO_VERSION = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_UNSPECIFIED = 0x80
_WRONG_VERSION = 0x84
_HINTS = {
    0x85: "the broker wants another client_id",
    0x86: "check username and password",
    0x87: "check the broker's access list for this client",
    0x8E: "another program uses the same client_id",
    0x95: "raise the broker's packet limit",
    0x97: "the broker's memory or quota is used up",
}


class MqttSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which broker, and who we are to it. `other_hosts` are the further servers of a cluster, on
    the same port; whichever answers is used. `subscribe_qos` is 0 at a cluster of NATS servers,
    which agree with each other on every subscription of QoS 1, for seconds each, before it counts;
    what is missed is sent again either way. `ca_file` turns TLS on; `protocol` "auto" asks for
    MQTT 5 and falls back to 3.1.1. A lost connection is tried again after a random pause, longer
    each time, of at most `reconnect_within_s`. `keepalive_s` is 30 where it is left out, but at a
    hub's uplink 230: more than lie between two of its statuses, so that it pays for no pings."""

    host: _Host
    port: Annotated[int, Meta(ge=1, le=65535)]
    client_id: Annotated[str, Meta(min_length=1, max_length=64)]
    username: str = ""
    password: str = ""
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] | None = None
    reconnect_within_s: Annotated[float, Meta(gt=0, le=3600)] = 120.0
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    other_hosts: tuple[_Host, ...] = ()
    subscribe_qos: Literal[0, 1] = 1
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for settings that contradict each other."""
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together")
        if self.cert_file and not self.ca_file:
            raise ValueError("cert_file needs ca_file, which names whom to trust")
        if self.password and not self.username:
            raise ValueError("password needs username")

    def __repr__(self) -> str:
        """Name the broker and the client, never the secret."""
        return f"MqttSettings({self.client_id!r} at {self.host}:{self.port})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The same for rich's tracebacks."""
        return [("client_id", self.client_id), ("host", self.host), ("port", self.port)]


class Will(Struct, frozen=True):
    """What the broker publishes, retained, when this client is lost without a goodbye."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended. `lasted_s` counts from being ready, and is None if it never was;
    `wrong_version` when the broker may not speak our version of the protocol."""

    reason: str
    lasted_s: float | None = None
    wrong_version: bool = False


class Connection:
    """One socket and one paho client, from connect to close."""

    def __init__(
        self,
        settings: MqttSettings,
        version: Version,
        *,
        keepalive_s: int,
        clock: Clock,
        wall_clock: Clock,
        persistent: bool,
        subscriptions: tuple[str, ...],
        on_message: Callable[[str, bytes], None],
        on_ready: Callable[[], None],
        on_refusal: Callable[[str], None],
        will: Will | None,
    ) -> None:
        self._settings = settings
        self._version = version
        self._keepalive_s = keepalive_s
        self._clock = clock
        self._wall_clock = wall_clock
        self._persistent = persistent
        self._subscriptions = subscriptions
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_refusal = on_refusal
        self._will = will
        self._lock = threading.Lock()
        self._window = _WINDOW
        self._in_flight = 0
        self._receipt_by_s = 0.0
        self._ping_from_s = 0.0
        self._accepted = False
        self._ready = False
        self._ready_at_s: float | None = None
        self._reason = ""
        self._reason_code = 0
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._wakes.setblocking(False)
        self._client = self._new_client()

    @property
    def ready(self) -> bool:
        """Whether the broker has accepted us and every subscription."""
        return self._ready

    def wake(self) -> None:
        """Make the serving thread look up; from any thread."""
        with suppress(OSError):
            self._waker.send(b"\0")

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Hand over a message with QoS 1; False, and nothing kept, if it cannot go now."""
        with self._lock:
            if not self.ready or self._in_flight >= self._window:
                return False
            if self._in_flight == 0:
                self._receipt_by_s = self._clock.stamp().mono_s + _RECEIPT_S
            self._in_flight += 1
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._delivered()
            return False
        self.wake()
        return True

    def serve(self, stopping: threading.Event) -> Ending:
        """Connect and serve until the connection ends; say goodbye once `stopping` is set."""
        try:
            self._open()
            self._turn_until_closed(stopping)
        except ssl.SSLError as error:
            self._reason = f"TLS: {error.reason or error}"
        except OSError as error:
            self._reason = error.strerror or str(error)
        except Exception as error:  # noqa: BLE001 - paho may trip over any bytes a broker sends
            self._reason = f"unreadable bytes from the broker ({type(error).__name__}: {error})"
        finally:
            self._close()
        if self._ready_at_s is not None:
            lasted_s = self._clock.stamp().mono_s - self._ready_at_s
            return Ending(self._reason or "lost: the line broke", lasted_s)
        wrong_version = not self._reason or self._reason_code == _WRONG_VERSION
        return Ending(self._reason or self._words_for_silence(), wrong_version=wrong_version)

    def _new_client(self) -> paho.Client:
        five = self._version == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            clean_session=None if five else not self._persistent,
            protocol=_PAHO_VERSION[self._version],
            reconnect_on_failure=False,
        )
        client.max_inflight_messages = _WINDOW
        client.max_queued_messages = _WINDOW
        if self._settings.username:
            client.username_pw_set(self._settings.username, self._settings.password or None)
        if self._will:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_paho_message
        client.on_socket_open = _send_small_packets_at_once
        # With this set paho never writes from the thread that publishes, only from ours.
        client.on_socket_register_write = lambda *_: None
        return client

    def _open(self) -> None:
        s, keepalive_s = self._settings, self._keepalive_s
        if s.ca_file:
            self._client.tls_set_context(
                client_context(s.ca_file, s.cert_file, s.key_file, self._wall_clock)
            )
        if self._version == "3.1.1":
            self._client.connect(s.host, s.port, keepalive_s)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no type here
        if self._persistent:
            properties.SessionExpiryInterval = _SESSION_KEPT_S
        self._client.connect(
            s.host, s.port, keepalive_s, clean_start=not self._persistent, properties=properties
        )

    def _turn_until_closed(self, stopping: threading.Event) -> None:
        answer_by_s = self._clock.stamp().mono_s + _ANSWER_S
        leave_by_s: float | None = None
        said_goodbye = False
        with selectors.PollSelector() as selector:
            selector.register(self._wakes, selectors.EVENT_READ)
            while self._turn(selector):
                if not self.ready and self._clock.stamp().mono_s > answer_by_s:
                    self._reason = f"no answer from the broker within {_ANSWER_S:.0f} s"
                    return
                if self._is_unheard():
                    self._reason = f"lost: no receipt from the broker within {_RECEIPT_S:.0f} s"
                    return
                if not stopping.is_set():
                    continue
                leave_by_s = leave_by_s or self._clock.stamp().mono_s + _LEAVE_S
                if self._clock.stamp().mono_s > leave_by_s:
                    return
                if not said_goodbye and (self._in_flight == 0 or not self.ready):
                    said_goodbye = True
                    self._client.disconnect()

    def _turn(self, selector: selectors.BaseSelector) -> bool:
        if (sock := self._client.socket()) is None:
            return False
        interest = selectors.EVENT_READ
        if self._client.want_write():
            interest |= selectors.EVENT_WRITE
        if sock.fileno() in selector.get_map():
            selector.modify(sock, interest)
        else:
            selector.register(sock, interest)
        decrypted = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        for key, _ in selector.select(0 if decrypted else _TURN_S):
            if key.fileobj is self._wakes:
                self._wakes.recv(4096)
        began_s = self._clock.stamp().mono_s
        self._client.loop_read()
        now_s = self._clock.stamp().mono_s
        with self._lock:  # while a message is handled nothing is sent, and nobody listens
            self._receipt_by_s += now_s - began_s
        if self._client.want_write():
            self._client.loop_write()
        # paho 2.2 pings every keepalive, however much was sent and confirmed meanwhile.
        if now_s >= self._ping_from_s:
            self._client.loop_misc()
        return True

    def _close(self) -> None:
        self._ready = False
        if (sock := self._client.socket()) is not None:
            sock.close()
        self._waker.close()
        self._wakes.close()

    def _delivered(self) -> None:
        with self._lock:
            self._in_flight -= 1
            self._receipt_by_s = self._clock.stamp().mono_s + _RECEIPT_S

    def _is_unheard(self) -> bool:
        """Found by what is not confirmed, long before the next ping would be due."""
        with self._lock:
            return self._in_flight > 0 and self._clock.stamp().mono_s > self._receipt_by_s

    def _become_ready(self) -> None:
        with self._lock:
            self._ready = True
            self._ready_at_s = self._clock.stamp().mono_s
        self._on_ready()

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._reason_code = reason.value
            self._reason = f"refused: {_words(reason)}"
            return
        self._accepted = True
        # paho 2.2 does not heed the broker's Receive Maximum (MQTT 5, 3.2.2.3.3).
        self._window = min(_WINDOW, getattr(properties, "ReceiveMaximum", _WINDOW))
        if self._subscriptions:
            qos = self._settings.subscribe_qos
            wanted: list[tuple[str, int]] = [(topic, qos) for topic in self._subscriptions]
            client.subscribe(wanted)
        else:
            self._become_ready()

    def _on_subscribe(
        self,
        client: paho.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for topic, reason in zip(self._subscriptions, reasons, strict=True):
            if reason.is_failure:
                self._reason = f"subscription to {topic} refused: {_words(reason)}"
                client.disconnect()
                return
        self._become_ready()

    def _on_publish(
        self,
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._delivered()
        # paho takes over the broker's Server Keep Alive (MQTT 5, 3.2.2.3.14).
        self._ping_from_s = self._clock.stamp().mono_s + self._client.keepalive
        if reason.is_failure:
            self._on_refusal(_words(reason))

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        by_broker = flags.is_disconnect_packet_from_server
        if self._accepted and not self._reason and (by_broker or reason.value != _UNSPECIFIED):
            self._reason = f"lost: {_words(reason)}"

    def _on_paho_message(
        self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            logger.warning("%s: dropped a message whose topic is no text", self._settings)
        else:
            self._on_message(topic, bytes(message.payload))

    def _words_for_silence(self) -> str:
        words = "closed by the broker before it answered"
        return f"{words} (does it accept our certificate?)" if self._settings.ca_file else words


def _words(reason: ReasonCode) -> str:
    hint = _HINTS.get(reason.value)
    return f"{reason} ({hint})" if hint else str(reason)


def _send_small_packets_at_once(_client: paho.Client, _userdata: object, sock: object) -> None:
    """Nagle's algorithm holds a small packet back until the one before it is acknowledged, which
    the peer's system delays by 40 ms."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
