"""The link to a cluster: several servers, and subscriptions that need no agreement."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

import msgspec
import pytest

from runtime.mqtt import MqttLink, MqttSettings
from tests.brokers import Broker
from tests.runtime.mqtt_peer import AT_ONCE
from tests.waiting import until

CONNACK = b"\x20\x02\x00\x00"


@contextmanager
def link(settings: MqttSettings) -> Iterator[MqttLink]:
    running = MqttLink(
        settings,
        persistent=False,
        subscriptions=("down",),
        on_message=lambda _topic, _payload: None,
        on_state=lambda _connected: None,
        backoff=AT_ONCE,
    )
    running.start()
    try:
        yield running
    finally:
        running.stop()


def settings(port: int, client_id: str, subscribe_qos: Literal[0, 1] = 1) -> MqttSettings:
    """Three servers of which the first two are nowhere, or as a test wants it."""
    return MqttSettings(
        "127.0.0.2",
        port,
        client_id,
        protocol="3.1.1",
        other_hosts=("127.0.0.3", "127.0.0.1"),
        subscribe_qos=subscribe_qos,
    )


def test_whichever_server_is_there_is_used_and_found_again(mosquitto: Broker) -> None:
    with ExitStack() as stack:
        links = [stack.enter_context(link(settings(mosquitto.port, f"hub-{n}"))) for n in range(8)]
        until(lambda: all(one.connected for one in links))
        mosquitto.kill()
        until(lambda: not any(one.connected for one in links))
        mosquitto.start()
        until(lambda: all(one.connected for one in links))


def test_hubs_do_not_all_begin_with_the_same_server() -> None:
    with ExitStack() as stack:
        first, port = stranger(stack, "127.0.0.1", 0)
        others = [stranger(stack, host, port)[0] for host in ("127.0.0.2", "127.0.0.3")]
        for n in range(60):
            stack.enter_context(link(settings(port, f"hub-{n}")))
        for server in (first, *others):
            server.settimeout(10)
            stack.enter_context(server.accept()[0])


@pytest.mark.parametrize("qos", [0, 1])
def test_the_broker_is_asked_for_what_the_settings_say(qos: Literal[0, 1]) -> None:
    with ExitStack() as stack:
        server, port = stranger(stack, "127.0.0.1", 0)
        alone = msgspec.structs.replace(
            settings(port, "hub", qos), host="127.0.0.1", other_hosts=()
        )
        stack.enter_context(link(alone))
        visitor = stack.enter_context(server.accept()[0])
        visitor.recv(1024)
        visitor.sendall(CONNACK)
        assert visitor.recv(1024).endswith(b"\x00\x04down" + bytes([qos]))


@pytest.mark.parametrize("wrong", [{"other_hosts": [""]}, {"subscribe_qos": 2}])
def test_what_no_cluster_has_is_refused(wrong: dict[str, object]) -> None:
    table = {"host": "centre", "port": 1883, "client_id": "hub"} | wrong
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, MqttSettings)


def stranger(stack: ExitStack, host: str, port: int) -> tuple[socket.socket, int]:
    """Somebody who listens, and the port."""
    server = stack.enter_context(socket.create_server((host, port), backlog=100))
    return server, server.getsockname()[1]
