"""The link over real brokers: delivery, versions, loss and return, wills, refusals."""

import logging
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec
import pytest
from rich.console import Console

from runtime.backoff import Backoff
from runtime.mqtt import MqttLink, MqttSettings, Will
from simulation.line import Line
from tests.brokers import (
    EVERY_KIND,
    EVERY_KIND_AND_VERSION,
    GUARDED_MOSQUITTO,
    GUARDED_NATS,
    IOTCORE_3,
    IOTCORE_5,
    MOSQUITTO,
    NATS,
    TLS_MOSQUITTO,
    Broker,
    BrokerKind,
    running,
)
from tests.waiting import until

AT_ONCE = Backoff(first_s=0.02, cap_s=0.1)
Protocol = Literal["auto", "5", "3.1.1"]
CONNACK_5 = b"\x20\x03\x00\x00\x00"


class Peer:
    """A link, and everything it was told."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *subscriptions: str,
        protocol: Protocol = "auto",
        persistent: bool = False,
        will: Will | None = None,
        username: str = "",
        password: str = "",
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.states: list[bool] = []
        self.link = MqttLink(
            MqttSettings(
                "127.0.0.1",
                port,
                client_id,
                username,
                password,
                protocol=protocol,
                **files,  # type: ignore[arg-type]  # only names of files
            ),
            persistent=persistent,
            subscriptions=subscriptions,
            on_message=lambda topic, payload: self.received.append((topic, payload)),
            on_state=self.states.append,
            will=will,
            backoff=AT_ONCE,
        )

    def __enter__(self) -> "Peer":
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def connected(self) -> bool:
        return self.link.connected

    def was_lost(self, times: int) -> Callable[[], bool]:
        return lambda: self.states.count(False) == times

    def has(self, topic: str, payload: bytes) -> Callable[[], bool]:
        return lambda: (topic, payload) in self.received


@pytest.fixture(params=EVERY_KIND, ids=str)
def any_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with running(request.param, tmp_path) as broker:
        yield broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    with running(MOSQUITTO, tmp_path) as broker:
        yield broker


# --- settings ---------------------------------------------------------------------------------


def test_the_password_is_never_shown() -> None:
    settings = MqttSettings("centre", 8883, "hub", username="hub", password="very-secret")
    screen = StringIO()
    Console(file=screen).print(settings)
    shown = f"{settings} {settings!r} {[settings]} {screen.getvalue()}"
    assert "centre" in shown
    assert "very-secret" not in shown


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"cert_file": "c.pem"}, "cert_file and key_file belong together"),
        ({"cert_file": "c.pem", "key_file": "k.pem"}, "cert_file needs ca_file"),
        ({"password": "very-secret"}, "password needs username"),
        ({"port": 0}, "port"),
        ({"protocol": "4"}, "protocol"),
        ({"passwrod": "very-secret"}, "passwrod"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object], because: str) -> None:
    table = {"host": "centre", "port": 1883, "client_id": "hub"} | wrong
    with pytest.raises(msgspec.ValidationError, match=because) as refusal:
        msgspec.convert(table, MqttSettings)
    assert "very-secret" not in str(refusal.value)


# --- delivery ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "version"), EVERY_KIND_AND_VERSION, ids=str)
def test_messages_arrive_on_every_broker_and_version(
    kind: BrokerKind, version: Literal["5", "3.1.1"], tmp_path: Path
) -> None:
    with (
        running(kind, tmp_path) as broker,
        Peer(broker.port, "centre", "up/+", protocol=version) as centre,
        Peer(broker.port, "hub", "down/hub", protocol=version) as hub,
    ):
        until(lambda: centre.connected() and hub.connected())
        biggest = bytes(range(256)) * 80
        assert hub.link.publish("up/hub", biggest)
        until(centre.has("up/hub", biggest))
        assert centre.link.publish("down/hub", b"\0\xff")
        until(hub.has("down/hub", b"\0\xff"))
        assert hub.link.publish("up/status", b"kept", retain=True)
        until(centre.has("up/status", b"kept"))
        with Peer(broker.port, "late", "up/status", protocol=version) as late:
            until(late.has("up/status", b"kept"))


@pytest.mark.parametrize(("kind", "version"), EVERY_KIND_AND_VERSION, ids=str)
def test_a_persistent_session_receives_what_came_while_it_was_away(
    kind: BrokerKind, version: Literal["5", "3.1.1"], tmp_path: Path
) -> None:
    with running(kind, tmp_path) as broker, Peer(broker.port, "hub", protocol=version) as hub:
        with Peer(broker.port, "centre", "up", protocol=version, persistent=True) as centre:
            until(lambda: centre.connected() and hub.connected())
        assert hub.link.publish("up", b"while away")
        with Peer(broker.port, "centre", "up", protocol=version, persistent=True) as centre:
            until(centre.has("up", b"while away"))


def test_a_handler_that_fails_does_not_end_the_link(
    mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    received: list[bytes] = []

    def fail_once(_topic: str, payload: bytes) -> None:
        received.append(payload)
        if len(received) == 1:
            raise RuntimeError("a bug")

    link = MqttLink(
        MqttSettings("127.0.0.1", mosquitto.port, "clumsy"),
        persistent=False,
        subscriptions=("up",),
        on_message=fail_once,
        on_state=lambda _connected: None,
    )
    link.start()
    try:
        until(lambda: link.connected)
        for payload in (b"1", b"2"):
            assert link.publish("up", payload)
        until(lambda: received == [b"1", b"2"])
    finally:
        link.stop()
    assert "a message on up could not be handled" in caplog.text


# --- versions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NATS, IOTCORE_3], ids=str)
def test_a_broker_of_the_old_version_is_found_and_remembered(
    kind: BrokerKind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(kind, tmp_path) as broker, Peer(broker.port, "hub") as hub:
        assert until(hub.connected) < 5
        broker.kill()
        until(lambda: not hub.connected())
        broker.start()
        until(hub.connected)
    assert caplog.text.count("now trying MQTT 3.1.1") == 1
    assert caplog.text.count("connected, MQTT 3.1.1") == 2


def test_a_broker_replaced_by_one_of_the_new_version_is_found(tmp_path: Path) -> None:
    with running(NATS, tmp_path / "old") as old, Peer(old.port, "hub") as hub:
        until(hub.connected)
        old.stop()
        with running(IOTCORE_5, tmp_path / "new", old.port):
            until(lambda: not hub.connected())
            until(hub.connected)


def test_a_version_that_is_set_is_not_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(NATS, tmp_path) as broker, Peer(broker.port, "hub", protocol="5") as hub:
        until(lambda: "Unsupported protocol version" in caplog.text)
        assert not hub.connected()


# --- loss and return --------------------------------------------------------------------------


def test_a_lost_line_is_logged_once_and_its_return_once(
    any_broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Line("127.0.0.1", any_broker.port) as line, Peer(line.port, "hub", "down") as hub:
        until(lambda: hub.states == [True])
        caplog.clear()
        line.cut()
        until(lambda: not hub.connected())
        refused = "Connection refused"
        until(lambda: refused in caplog.text)
        threading.Event().wait(0.5)
        line.up()
        until(hub.connected)
        until(lambda: hub.states == [True, False, True])
    warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 2, warnings
    assert "lost: the line broke" in warnings[0]
    assert refused in warnings[1]
    assert caplog.text.count(": connected, MQTT") == 1


def test_without_a_connection_nothing_is_kept(mosquitto: Broker) -> None:
    with (
        Line("127.0.0.1", mosquitto.port) as line,
        Peer(line.port, "hub") as hub,
        Peer(mosquitto.port, "centre", "up") as centre,
    ):
        until(lambda: hub.connected() and centre.connected())
        line.cut()
        until(lambda: not hub.connected())
        assert not hub.link.publish("up", b"into the void")
        line.up()
        until(hub.connected)
        assert hub.link.publish("up", b"after")
        until(lambda: len(centre.received) > 0)
    assert centre.received == [("up", b"after")]


@pytest.mark.parametrize(("version", "window"), [("5", 20), ("3.1.1", 100)])
def test_the_window_is_bounded_and_dies_with_its_connection(
    version: Literal["5", "3.1.1"], window: int, mosquitto: Broker
) -> None:
    """The broker freezes; mosquitto's Receive Maximum of 20 is heeded where it is announced."""
    with (
        Line("127.0.0.1", mosquitto.port) as line,
        Peer(mosquitto.port, "centre", "up") as centre,
        Peer(line.port, "hub", protocol=version) as hub,
    ):
        until(lambda: hub.connected() and centre.connected())
        with mosquitto.frozen():
            taken = sum(hub.link.publish("up", b"x" * 20_000) for _ in range(1000))
            assert taken == window
            line.cut()
            until(lambda: not hub.connected())
        line.up()
        until(hub.connected)
        assert hub.link.publish("up", b"after")
        until(centre.has("up", b"after"))
        in_order = [payload for _, payload in centre.received]
        assert in_order.index(b"after") == len(in_order) - 1
        assert len(in_order) <= window + 1


def test_stopping_is_bounded_when_the_broker_is_frozen(mosquitto: Broker) -> None:
    hub = Peer(mosquitto.port, "hub")
    hub.link.start()
    until(hub.connected)
    with mosquitto.frozen():
        assert hub.link.publish("up", b"x")
        assert until(_stopped(hub.link)) < 4


def test_it_connects_above_file_descriptor_1023(mosquitto: Broker) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as files:
        if soft < 2048:
            resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
            files.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1100):
            files.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        with Peer(mosquitto.port, "hub", "down") as hub:
            until(hub.connected)
            assert hub.link.publish("down", b"x")
            until(hub.has("down", b"x"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"\x20\x00",
        b"\x20\x03\x00\x00\x05",
        b"\x90\xff\xff\xff\xff",
        b"HTTP/1.1 400\r\n",
    ],
)
def test_whatever_a_stranger_answers_the_link_goes_on(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        with Peer(stranger.getsockname()[1], "hub") as hub:
            for _ in range(4):
                visitor, _ = stranger.accept()
                with visitor:
                    visitor.recv(1024)
                    visitor.sendall(answer)
            assert not hub.connected()
        assert hub.states == []


def test_a_message_whose_topic_is_no_text_is_dropped_and_acknowledged() -> None:
    no_text = b"\x32\x08\x00\x02\xff\xfe\x00\x07\x00x"
    with (
        socket.create_server(("127.0.0.1", 0)) as broker,
        Peer(broker.getsockname()[1], "hub", protocol="5") as hub,
    ):
        visitor, _ = broker.accept()
        with visitor:
            visitor.recv(1024)
            visitor.sendall(CONNACK_5 + no_text)
            assert visitor.recv(1024).startswith(b"\x40\x02\x00\x07")
            assert hub.connected()
    assert hub.received == []


def test_a_line_that_tears_does_not_make_it_forget_the_version(
    mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Line("127.0.0.1", mosquitto.port) as line, Peer(line.port, "hub") as hub:
        until(hub.connected)
        with mosquitto.frozen():
            line.cut()
            line.up()
            until(hub.was_lost(1))
            threading.Event().wait(0.3)
            line.cut()
            line.up()
        until(hub.connected)
    assert "now trying" not in caplog.text


# --- wills ------------------------------------------------------------------------------------


def test_the_will_is_published_when_the_line_is_cut(any_broker: Broker) -> None:
    with (
        Peer(any_broker.port, "centre", "status") as centre,
        Line("127.0.0.1", any_broker.port) as line,
        Peer(line.port, "hub", will=Will("status", b"gone")) as hub,
    ):
        until(lambda: hub.connected() and centre.connected())
        line.cut()
        until(centre.has("status", b"gone"))


def test_the_will_is_published_when_the_process_is_killed(any_broker: Broker) -> None:
    program = f"""
import time
from runtime.mqtt import MqttLink, MqttSettings, Will
link = MqttLink(
    MqttSettings("127.0.0.1", {any_broker.port}, "hub"), persistent=False, subscriptions=(),
    on_message=lambda topic, payload: None, on_state=lambda connected: print(connected, flush=True),
    will=Will("status", b"gone"),
)
link.start()
time.sleep(60)
"""
    with Peer(any_broker.port, "centre", "status") as centre:
        until(centre.connected)
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"True\n"
            process.kill()
        until(centre.has("status", b"gone"))


def test_after_a_goodbye_there_is_no_will(any_broker: Broker) -> None:
    with Peer(any_broker.port, "centre", "status") as centre:
        with Peer(any_broker.port, "hub", will=Will("status", b"gone")) as hub:
            until(lambda: hub.connected() and centre.connected())
            assert hub.link.publish("status", b"leaving", retain=True)
        until(centre.has("status", b"leaving"))
        with Peer(any_broker.port, "another") as another:
            until(another.connected)
            assert another.link.publish("status", b"the end")
            until(centre.has("status", b"the end"))
    assert not centre.has("status", b"gone")()


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_wrong_password_is_named_and_not_shown(
    version: Protocol, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        running(GUARDED_MOSQUITTO, tmp_path) as broker,
        Peer(broker.port, "hub", protocol=version, username="hub", password="mistyped") as hub,
    ):
        until(lambda: "refused: Not authorized" in caplog.text)
        assert not hub.connected()
    assert "mistyped" not in caplog.text


def test_a_publish_the_broker_denies_is_named_once_in_version_5(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """mosquitto 2.0.11 says "Not authorized", and then closes the connection all the same."""
    with (
        running(GUARDED_MOSQUITTO, tmp_path) as broker,
        Peer(broker.port, "hub", protocol="5", username="hub", password="right") as hub,
    ):
        for lost_connections in (1, 2, 3):
            until(lambda: hub.link.publish("forbidden", b"x"))
            until(hub.was_lost(lost_connections))
        until(lambda: hub.link.publish("allowed/x", b"x"))
    assert "refuses what is published: Not authorized" in caplog.text
    assert caplog.text.count("refuses what is published") == 1


def test_a_link_whose_subscription_is_denied_is_not_connected(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        running(GUARDED_NATS, tmp_path) as broker,
        Peer(broker.port, "hub", "forbidden", username="hub", password="right") as hub,
    ):
        until(lambda: "subscription to forbidden refused" in caplog.text)
    assert hub.states == []


# paho 2.2 leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_with_certificates_both_sides_know_each_other(
    version: Protocol, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(TLS_MOSQUITTO, tmp_path) as broker:
        keys = tmp_path / "broker"
        trust = {"ca_file": str(keys / "ca.pem")}
        own = {"cert_file": str(keys / "client.pem"), "key_file": str(keys / "client.key")}
        with Peer(broker.port, "stranger", protocol=version, files=trust) as stranger:
            until(lambda: "closed by the broker before it answered" in caplog.text)
            assert not stranger.connected()
        nobody = {"ca_file": str(keys / "client.pem")}
        with Peer(broker.port, "doubter", protocol=version, files=nobody) as doubter:
            until(lambda: "TLS: CERTIFICATE_VERIFY_FAILED" in caplog.text)
            assert not doubter.connected()
        with Peer(broker.port, "hub", "x", protocol=version, files=trust | own) as hub:
            until(hub.connected)
            biggest = bytes(range(256)) * 80
            for _ in range(20):
                assert hub.link.publish("x", biggest)
            until(lambda: hub.received == [("x", biggest)] * 20)


def test_what_a_broker_says_when_it_closes_is_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    session_taken_over = b"\xe0\x02\x8e\x00"
    with (
        socket.create_server(("127.0.0.1", 0)) as broker,
        Peer(broker.getsockname()[1], "hub", protocol="5") as hub,
    ):
        visitor, _ = broker.accept()
        with visitor:
            visitor.recv(1024)
            visitor.sendall(CONNACK_5 + session_taken_over)
            until(lambda: hub.states == [True, False])
        until(lambda: "another program uses the same client_id" in caplog.text)


def _stopped(link: MqttLink) -> Callable[[], bool]:
    def stop() -> bool:
        link.stop()
        return True

    return stop
