"""The embedded broker: who may say and hear what, and what stays after a restart."""

import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from central.broker import CENTRE, BrokerError, EmbeddedBroker
from contract.topics import down, up
from runtime.mqtt import MqttLink
from tests.central.journal import NODE, OTHER_NODE
from tests.waiting import until


class Client:
    """A client of the broker that notes what it hears."""

    def __init__(
        self, broker: EmbeddedBroker, user: str, *topics: str, password: str | None = None
    ) -> None:
        settings = broker.settings(user)
        self.heard: list[tuple[str, bytes]] = []
        self.connected = threading.Event()
        self.link = MqttLink(
            replace(settings, password=password or settings.password),
            persistent=True,
            subscriptions=topics,
            on_message=lambda topic, payload: self.heard.append((topic, payload)),
            on_state=lambda connected: self.connected.set() if connected else None,
        )

    def __enter__(self) -> "Client":
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()


@contextmanager
def connected(client: Client) -> Iterator[Client]:
    with client:
        until(client.connected.is_set)
        yield client


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker", (NODE, OTHER_NODE)) as running:
        yield running


@pytest.fixture
def log(broker: EmbeddedBroker, tmp_path: Path) -> Path:
    """What the running broker says."""
    assert broker.pid
    return tmp_path / "broker" / "nats.log"


def test_a_node_can_speak_only_under_its_own_name(broker: EmbeddedBroker) -> None:
    with (
        connected(Client(broker, CENTRE, up("+", "events"))) as centre,
        connected(Client(broker, NODE, down(NODE, "ack"))) as node,
        connected(Client(broker, OTHER_NODE, down(OTHER_NODE, "ack"))) as other,
    ):
        assert node.link.publish(up(OTHER_NODE, "events"), b"forged")
        assert node.link.publish(down(OTHER_NODE, "ack"), b"forged")
        assert node.link.publish(up(NODE, "events"), b"own")
        assert other.link.publish(up(OTHER_NODE, "events"), b"other's")
        until(lambda: len(centre.heard) == 2)
        assert centre.link.publish(down(OTHER_NODE, "ack"), b"answer")
        until(lambda: bool(other.heard))
        assert sorted(centre.heard) == [
            (up(NODE, "events"), b"own"),
            (up(OTHER_NODE, "events"), b"other's"),
        ]
        assert other.heard == [(down(OTHER_NODE, "ack"), b"answer")]
        assert node.heard == []


def test_a_node_can_leave_nothing_beside_its_own_subjects(broker: EmbeddedBroker) -> None:
    """What is retained would stay for ever, and in as many topics as it likes."""
    own = up(NODE, "events")
    with (
        connected(Client(broker, CENTRE, "thutu/v1/#")) as centre,
        connected(Client(broker, NODE, down(NODE, "ack"))) as node,
    ):
        for topic in (f"{own}/x", f"{own}x", own.replace("/v1/21/", "/v1/22/"), own):
            assert node.link.publish(topic, b"kept", retain=True)
        until(lambda: (own, b"kept") in centre.heard)
        assert centre.heard == [(own, b"kept")]


@pytest.mark.parametrize("topic", [down(OTHER_NODE, "ack"), up("+", "events"), "#"])
def test_a_node_cannot_listen_elsewhere(broker: EmbeddedBroker, log: Path, topic: str) -> None:
    with Client(broker, NODE, topic) as node:
        until(lambda: "Subscription Violation" in log.read_text())
        assert not node.connected.is_set()


def test_a_password_is_asked_for(broker: EmbeddedBroker, log: Path) -> None:
    with Client(broker, NODE, password="wrong") as node:
        until(lambda: "authentication error" in log.read_text())
        assert not node.connected.is_set()


def test_a_restart_keeps_port_passwords_and_what_is_queued(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker", (NODE,))
    broker.start()
    port, settings = broker.port, broker.settings(NODE)
    with connected(Client(broker, CENTRE, up("+", "events"))):
        pass
    with connected(Client(broker, NODE)) as node:
        assert node.link.publish(up(NODE, "events"), b"while away")
    broker.stop()
    broker.start()
    assert (broker.port, broker.settings(NODE)) == (port, settings)
    with connected(Client(broker, CENTRE, up("+", "events"))) as centre:
        until(lambda: centre.heard == [(up(NODE, "events"), b"while away")])
    broker.stop()


def test_secrets_are_for_this_user_only(broker: EmbeddedBroker, tmp_path: Path) -> None:
    for name in ("nats.conf", "passwords.json"):
        assert stat.S_IMODE((tmp_path / "broker" / name).stat().st_mode) == 0o600
    assert broker.settings(NODE).password not in repr(broker.settings(NODE))


def test_a_broker_left_behind_is_stopped_first(tmp_path: Path) -> None:
    lost = EmbeddedBroker(tmp_path / "broker")
    lost.start()
    with EmbeddedBroker(tmp_path / "broker", port=lost.port) as found:
        assert found.port == lost.port
        assert found.pid != lost.pid
    lost.stop()


def test_a_broker_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    start = f"""
from pathlib import Path
from time import sleep
from central.broker import EmbeddedBroker
broker = EmbeddedBroker(Path({str(tmp_path / "broker")!r}))
broker.start()
print(broker.pid, flush=True)
sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", start], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        broker = Path(f"/proc/{int(parent.stdout.readline())}/cmdline")
        assert b"nats-server" in broker.read_bytes()
        parent.kill()
    until(lambda: not _is_running(broker))


def _is_running(cmdline: Path) -> bool:
    """Whether a process still has a command line; one that has ended and is not yet buried has
    none."""
    try:
        return bool(cmdline.read_bytes())
    except OSError:
        return False


def test_a_port_in_use_is_named(broker: EmbeddedBroker, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="address already in use"):
        EmbeddedBroker(tmp_path / "second", port=broker.port).start()


def test_every_node_may_subscribe_and_the_centre_besides(tmp_path: Path) -> None:
    """NATS refuses the 1,001st subscription with QoS 1 unless told how many may come."""
    nodes = [f"01-00097-{site:02}-h{hub}" for site in range(1, 91) for hub in range(1, 10)]
    with EmbeddedBroker(tmp_path / "broker", nodes):
        config = msgspec.json.decode((tmp_path / "broker" / "nats.conf").read_bytes())
    assert config["jetstream"]["limits"]["default_max_consumers"] > 2 * len(nodes) > 1000
