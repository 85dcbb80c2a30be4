"""The centre's broker configuration, run by a real Mosquitto."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from contract.topics import LANES, ROOT, Up, down, lane_of, up, up_in_lane
from runtime.mqtt import MqttLink, MqttSettings
from tests.brokers import free_port
from tests.certificates import Authority, Pair
from tests.waiting import until

SHIPPED = Path("firmware_config/broker")
INSTALLED = "/etc/mosquitto/thutu"
NODE, OTHER, CENTRE = "01-00097-01-h1", "01-00098-01-h1", "thutu-centre"


class Broker:
    """Mosquitto with the shipped files, only their folder and port changed."""

    def __init__(self, folder: Path, more: str = "", memory_limit: int | None = None) -> None:
        self.authority = Authority(folder)
        self.authority.sign("broker")
        self.port = free_port()
        shutil.copy(SHIPPED / "acl", folder)
        shipped = (SHIPPED / "mosquitto.conf").read_text("utf-8").replace(INSTALLED, str(folder))
        listening = re.sub(
            r"^listener 8883$", f"listener {self.port} 127.0.0.1", shipped, flags=re.MULTILINE
        )
        assert listening != shipped
        if memory_limit is not None:
            listening = re.sub(r"(?m)^memory_limit \d+$", f"memory_limit {memory_limit}", listening)
            assert f"memory_limit {memory_limit}\n" in listening
        self._config = folder / "mosquitto.conf"
        of_debian = f"persistence true\npersistence_location {folder}/\n"
        self._config.write_text(f"{of_debian}{listening}\nuser root\n{more}", "utf-8")
        self.log = folder / "mosquitto.log"
        self.start()

    def start(self) -> None:
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(self._config)], stdout=output, stderr=output
            )
        until(self._runs)

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)
        until(lambda: "Reloading config" in self.log.read_text("utf-8"))

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _runs(self) -> bool:
        """It listens before it is ready for signals, and says when it is."""
        said = self.log.read_text("utf-8")
        assert self._process.poll() is None, said
        return " running" in said


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.close()


class Client:
    def __init__(
        self, broker: Broker, pair: Pair | None, *topics: str, persistent: bool = False
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        name = pair.certificate.stem if pair else "nobody"
        self.link = MqttLink(
            MqttSettings(
                "127.0.0.1",
                broker.port,
                f"thutu-{name}",
                ca_file=broker.authority.certificate,
                cert_file=pair.certificate if pair else None,
                key_file=pair.key if pair else None,
                reconnect_within_s=0.2,
            ),
            persistent=persistent,
            subscriptions=topics,
            on_message=lambda topic, payload: self.heard.append((topic, payload)),
            on_state=lambda _: None,
        )
        self.link.start()


@contextmanager
def client(broker: Broker, pair: Pair | None, *topics: str) -> Iterator[Client]:
    made = Client(broker, pair, *topics)
    yield made
    made.link.stop()


def test_a_node_speaks_under_its_own_name_and_hears_its_own_answers(broker: Broker) -> None:
    node, centre = broker.authority.sign(NODE), broker.authority.sign(CENTRE)
    with (
        client(broker, centre, up("+", "events")) as central,
        client(broker, node, down(NODE, "ack")) as hub,
    ):
        until(lambda: central.link.connected and hub.link.connected)
        assert hub.link.publish(up(NODE, "events"), b"batch")
        until(lambda: central.heard == [(up(NODE, "events"), b"batch")])
        assert central.link.publish(down(NODE, "ack"), b"ack")
        until(lambda: hub.heard == [(down(NODE, "ack"), b"ack")])


def test_a_node_cannot_speak_or_listen_as_another(broker: Broker) -> None:
    """The last messages are those that are allowed: when they are there, nothing else came."""
    node, other = broker.authority.sign(NODE), broker.authority.sign(OTHER)
    centre = broker.authority.sign(CENTRE)
    with (
        client(broker, centre, up("+", "events")) as central,
        client(broker, other, down(OTHER, "ack")) as victim,
        client(broker, node, down("+", "ack")) as thief,
    ):
        until(lambda: central.link.connected and victim.link.connected)
        until(lambda: thief.link.publish(up(OTHER, "events"), b"forged"))
        assert central.link.publish(down(OTHER, "ack"), b"secret")
        until(lambda: victim.heard == [(down(OTHER, "ack"), b"secret")])

        def own_is_heard() -> bool:
            # Mosquitto closes the connection over what was forged, and what was on its way is lost.
            thief.link.publish(up(NODE, "events"), b"own")
            return (up(NODE, "events"), b"own") in central.heard

        until(own_is_heard)
    assert {topic for topic, _ in central.heard} == {up(NODE, "events")}
    assert thief.heard == []


def own_topics(name: str) -> list[str]:
    """All that a node's name may write to: its own four subjects, in whatever lane."""
    lanes = [f"{ROOT}/{lane:02d}/{name}/up" for lane in range(LANES)]
    return [f"{lane}/{what}" for what in get_args(Up) for lane in lanes]


def test_the_access_list_has_every_lane_and_subject_and_no_wildcard() -> None:
    lines = (SHIPPED / "acl").read_text("utf-8").splitlines()
    written = [line for line in lines if line.startswith("pattern write ")]
    assert written == [f"pattern write {topic}" for topic in own_topics("%u")]


def test_a_node_that_leaves_all_it_can_at_the_broker_shuts_nobody_out(tmp_path: Path) -> None:
    """Everything that it may keep there fits; with what it may not it would not."""
    limit = 40_000_000
    packet = bytes(60_000)
    own = own_topics(NODE)
    forbidden = [f"{topic}{end}" for topic in own for end in ("/x", "/y", "x")]
    assert len(packet) * len(own) < limit < len(packet) * len(forbidden)
    with closing(Broker(tmp_path, memory_limit=limit)) as broker:
        node, other, centre, third = (
            broker.authority.sign(name) for name in (NODE, OTHER, CENTRE, "01-00099-01-h1")
        )
        with (
            client(broker, centre, up(OTHER, "events")) as central,
            client(broker, other, down(OTHER, "ack")) as hub,
        ):
            until(lambda: central.link.connected and hub.link.connected)
            for topics in (forbidden, own):
                with client(broker, node) as rogue:
                    for topic in topics:
                        until(partial(rogue.link.publish, topic, packet, retain=True))
            assert hub.link.publish(up(OTHER, "events"), b"batch")
            until(lambda: central.heard == [(up(OTHER, "events"), b"batch")])
            with client(broker, third) as late:
                until(lambda: late.link.connected)
            assert hub.link.connected
        with client(broker, centre, f"{ROOT}/#") as central:
            until(lambda: len(central.heard) >= len(own))
        assert "out of memory" not in broker.log.read_text("utf-8")
    assert {topic for topic, _ in central.heard} == {*own}


def test_what_a_node_subscribes_to_is_gone_with_a_restart(tmp_path: Path) -> None:
    """Mosquitto takes any subscription, keeps it with the session, and counts it as memory; where
    that is full it ends the connection, or (2.0.11) itself."""
    with closing(Broker(tmp_path, memory_limit=20_000_000)) as broker:
        node = broker.authority.sign(NODE)

        def subscribed(first: int) -> Client:
            topics = [f"{first}/{number}/{'x/' * 190}" for number in range(100)]
            return Client(broker, node, *topics, persistent=True)

        def is_full() -> bool:
            log = broker.log.read_text("utf-8")
            return f"{NODE} disconnected due to out of memory" in log or not broker.is_alive

        def settles(rogue: Client) -> bool:
            return rogue.link.connected or is_full()

        for first in range(5):
            rogue = subscribed(first)
            until(partial(settles, rogue))
            rogue.link.stop()
        assert is_full()
        broker.close()
        broker.start()
        honest = subscribed(0)
        until(lambda: honest.link.connected)
        honest.link.stop()
        assert not is_full()


def test_as_many_may_connect_as_the_broker_is_to_let_in() -> None:
    unit = Path("systemd/mosquitto.service.d/thutu.conf").read_text("utf-8")
    own = (SHIPPED / "mosquitto.conf").read_text("utf-8")
    files, connections, memory = (
        re.search(rf"(?m)^{key}(\d+)$", text)
        for key, text in (
            ("LimitNOFILE=", unit),
            ("max_connections ", own),
            ("memory_limit ", own),
        )
    )
    assert files is not None
    assert connections is not None
    assert memory is not None
    assert int(files[1]) > int(connections[1]) + 1000
    # By its own limit it names in its log who takes too much, so that comes first.
    assert "\nMemoryMax=2G\n" in unit
    assert int(memory[1]) < 2 * 2**30


@pytest.mark.parametrize("who", ["nobody", "foreign", "expired", "revoked"])
def test_who_has_no_good_certificate_is_kept_out(who: str, broker: Broker, tmp_path: Path) -> None:
    pair: Pair | None = None
    if who == "foreign":
        pair = Authority(tmp_path / "foreign").sign(NODE)
    elif who == "expired":
        pair = broker.authority.sign(NODE, expired=True)
    elif who == "revoked":
        pair = broker.authority.sign(NODE)
        broker.authority.revoke(pair)
        broker.reload()
    good = broker.authority.sign(OTHER)
    with client(broker, pair, down(NODE, "ack")) as bad, client(broker, good) as other:
        until(lambda: other.link.connected)
        until(lambda: broker.log.read_text("utf-8").count("OpenSSL Error") >= 2)
        assert not bad.link.connected


WORKERS_LISTENER = """
# For ingest workers on this machine, several clients of one name.
listener {port} 127.0.0.1
password_file {folder}/passwords
"""


def test_workers_on_the_brokers_machine_may_be_several_by_password(tmp_path: Path) -> None:
    """As docs/central.md says: sessions are named by certificate on the other listener only."""
    port = free_port()
    subprocess.run(
        ["mosquitto_passwd", "-c", "-b", str(tmp_path / "passwords"), CENTRE, "right"], check=True
    )
    with closing(Broker(tmp_path, WORKERS_LISTENER.format(port=port, folder=tmp_path))) as broker:
        heard: list[str] = []
        links = [
            MqttLink(
                MqttSettings("127.0.0.1", port, name, username=CENTRE, password="right"),
                persistent=False,
                subscriptions=(up_in_lane(lane),),
                on_message=lambda topic, _: heard.append(topic),
                on_state=lambda _: None,
            )
            for name, lane in (("one", lane_of(NODE[:11])), ("two", lane_of(OTHER[:11])))
        ]
        for link in links:
            link.start()
        until(lambda: all(link.connected for link in links))
        with (
            client(broker, broker.authority.sign(NODE)) as first,
            client(broker, broker.authority.sign(OTHER)) as second,
        ):
            until(lambda: first.link.publish(up(NODE, "events"), b"batch"))
            until(lambda: second.link.publish(up(OTHER, "events"), b"batch"))
            until(lambda: len(heard) == 2)
        assert {*heard} == {up(NODE, "events"), up(OTHER, "events")}
        assert all(link.connected for link in links)
        for link in links:
            link.stop()
