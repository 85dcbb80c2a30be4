"""The link when the line, the broker or the process is lost, and the wills it leaves."""

import logging
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Literal

import pytest
from paho.mqtt import client as paho

from runtime import mqtt_connection
from runtime.backoff import Backoff
from runtime.mqtt import MqttLink, MqttSettings, Will
from simulation.line import Line
from tests.brokers import (
    Broker,
)
from tests.runtime.mqtt_peer import CONNACK_5, Peer
from tests.waiting import until

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


def test_a_broker_that_confirms_nothing_is_left_long_before_a_ping_is_due(
    mosquitto: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_connection, "_RECEIPT_S", 0.3)
    with Peer(mosquitto.port, "hub") as hub:
        until(hub.connected)
        threading.Event().wait(0.5)
        assert hub.connected(), "who has said nothing waits for nothing"
        with mosquitto.frozen():
            assert hub.link.publish("up", b"into the silence")
            until(lambda: not hub.connected())
        until(hub.connected)
    assert "no receipt from the broker" in caplog.text


def test_whoever_handles_a_message_for_long_does_not_take_the_broker_for_dead(
    mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All the while it neither sends nor listens."""
    monkeypatch.setattr(mqtt_connection, "_RECEIPT_S", 0.3)
    handling, handled = threading.Event(), threading.Event()
    states: list[bool] = []

    def handle(_topic: str, _payload: bytes) -> None:
        handling.set()
        handled.wait(10)

    link = MqttLink(
        MqttSettings("127.0.0.1", mosquitto.port, "centre"),
        persistent=False,
        subscriptions=("up",),
        on_message=handle,
        on_state=states.append,
    )
    link.start()
    try:
        with Peer(mosquitto.port, "hub", "down") as hub:
            until(lambda: hub.connected() and link.connected)
            assert hub.link.publish("up", b"one that takes long")
            assert handling.wait(10)
            assert link.publish("down", b"meanwhile")
            threading.Event().wait(0.6)
            handled.set()
            until(hub.has("down", b"meanwhile"))
            assert link.publish("down", b"after")
            until(hub.has("down", b"after"))
        assert states == [True]
    finally:
        handled.set()
        link.stop()


def test_a_shorter_keepalive_of_the_broker_counts_for_its_connection_alone() -> None:
    """MQTT 5, 3.2.2.3.14: Server Keep Alive."""
    of_one_second = b"\x20\x06\x00\x00\x03\x13\x00\x01"
    with socket.create_server(("127.0.0.1", 0)) as broker:
        broker.settimeout(10)
        link = MqttLink(
            MqttSettings("127.0.0.1", broker.getsockname()[1], "hub", protocol="5"),
            persistent=False,
            subscriptions=(),
            on_message=lambda _topic, _payload: None,
            on_state=lambda _: None,
            keepalive_s=60,
            backoff=Backoff(first_s=0.02, cap_s=0.1),
        )
        link.start()
        try:
            for _ in range(2):
                visitor, _ = broker.accept()
                visitor.settimeout(10)
                with visitor:
                    asked = visitor.recv(1024)
                    assert asked[10:12] == b"\x00\x3c", "60 s, for the first and for the next"
                    visitor.sendall(of_one_second)
                    until(lambda: link.publish("up", b"a word"))
                    assert visitor.recv(1024)[0] == 0x32
                    visitor.sendall(b"\x40\x02\x00\x01")
                    assert visitor.recv(1024) == b"\xc0\x00", "a ping"
        finally:
            link.stop()


def test_who_is_confirmed_sends_no_pings_and_who_is_silent_does(
    mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pings: list[float] = []
    ping = paho.Client._send_pingreq

    def noted(client: paho.Client) -> object:
        pings.append(time.monotonic())
        return ping(client)

    monkeypatch.setattr(paho.Client, "_send_pingreq", noted)
    states: list[bool] = []
    link = MqttLink(
        MqttSettings("127.0.0.1", mosquitto.port, "hub"),
        persistent=False,
        subscriptions=(),
        on_message=lambda _topic, _payload: None,
        on_state=states.append,
        keepalive_s=2,
    )
    link.start()
    try:
        until(lambda: link.connected)
        for _ in range(25):
            assert link.publish("up", b"a word")
            threading.Event().wait(0.2)
        assert pings == []
        until(lambda: len(pings) >= 2)
        assert pings[1] - pings[0] > 1.5
        assert states == [True], "the broker hears it"
    finally:
        link.stop()


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


def _stopped(link: MqttLink) -> Callable[[], bool]:
    def stop() -> bool:
        link.stop()
        return True

    return stop
