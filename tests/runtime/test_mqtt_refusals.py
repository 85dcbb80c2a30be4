"""What a broker refuses, and what it says when it does."""

import logging
import socket
from pathlib import Path

import pytest

from tests.brokers import (
    GUARDED_MOSQUITTO,
    GUARDED_NATS,
    TLS_MOSQUITTO,
    running,
)
from tests.runtime.mqtt_peer import CONNACK_5, Peer, Protocol
from tests.waiting import until

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
        trust = {"ca_file": keys / "ca.pem"}
        own = {"cert_file": keys / "client.pem", "key_file": keys / "client.key"}
        with Peer(broker.port, "stranger", protocol=version, files=trust) as stranger:
            until(lambda: "closed by the broker before it answered" in caplog.text)
            assert not stranger.connected()
        nobody = {"ca_file": keys / "client.pem"}
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
