"""The link over real brokers: settings, delivery, versions."""

import logging
import socket
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from rich.console import Console

from runtime.mqtt import MqttLink, MqttSettings
from runtime.settings import load_settings
from tests.brokers import (
    EVERY_KIND_AND_VERSION,
    IOTCORE_3,
    IOTCORE_5,
    NATS,
    Broker,
    BrokerKind,
    running,
)
from tests.runtime.mqtt_peer import Peer
from tests.waiting import until

NATS_GIVES_AGAIN_S = 45.0
"""It gives a message again after 30 s, when the connection it gave it to had just gone."""

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
        msgspec.convert(table, MqttSettings, dec_hook=lambda _kind, value: Path(value))
    assert "very-secret" not in str(refusal.value)


def test_certificates_lie_beside_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('host = "centre"\nport = 8883\nclient_id = "hub"\nca_file = "keys/ca.pem"\n')
    settings = load_settings(file, MqttSettings, "THUTU")
    assert settings.ca_file == tmp_path / "keys" / "ca.pem"
    assert settings.cert_file is None


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
            until(centre.has("up", b"while away"), NATS_GIVES_AGAIN_S)


def test_small_packets_are_sent_at_once(mosquitto: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    connect = socket.create_connection

    def noted(*args: Any, **options: Any) -> socket.socket:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", noted)
    with Peer(mosquitto.port, "hub") as hub:
        until(hub.connected)
        assert [sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for sock in opened] == [1]


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
