"""The parts of a distributed centre, each a process of its own that can be killed and frozen."""

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from central.identity.own_certificates import CENTRE_NAME, issue_own
from central.identity.registrar import CERTIFICATE_LIFE
from contract.topics import ROOT, Up, up
from runtime.authority import CHAIN_FILE, Authority, key_pem
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from tests.brokers import free_port

_HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
_RESTART_S = 2.0
_STOP_S = 60.0


class Program:
    """A program that, as by systemd, is started again two seconds after it has ended."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_s: float | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        self._ended_s = None

    def look(self) -> None:
        """Start it again if it has ended long enough ago."""
        if self._process is None or self._process.poll() is None:
            return
        now_s = time.monotonic()
        self._ended_s = self._ended_s or now_s
        if now_s - self._ended_s >= _RESTART_S:
            self.start()

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """End it at once, and for good."""
        self.kill()
        self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nothing for a while, its connections open."""
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it in an orderly way, if it runs."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None


class Broker(Program):
    """One of three NATS servers, and what it says of itself."""

    def __init__(self, name: str, config: Path, log: Path, monitor: int) -> None:
        program = f"{sysconfig.get_path('scripts')}/nats-server"
        super().__init__(name, [program, "-c", str(config)], log)
        self._url = f"http://127.0.0.1:{monitor}"

    @property
    def is_healthy(self) -> bool:
        """Whether it has all that the cluster has."""
        try:
            return httpx.get(f"{self._url}/healthz", timeout=30).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    @property
    def connections(self) -> int:
        """How many are connected to it."""
        return int(httpx.get(f"{self._url}/varz", timeout=30).json()["connections"])

    @property
    def leader(self) -> str:
        """Whom it believes to lead the cluster's storage."""
        told = httpx.get(f"{self._url}/jsz", timeout=30).json()
        return str(told.get("meta_cluster", {}).get("leader", ""))


class Brokers:
    """Three NATS servers, of which each keeps everything; their hosts are 127.0.0.1 to 3.

    Whoever connects is known by a certificate of the centre's authority, and a node may speak and
    hear below its own topics only.
    """

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        self._port = free_port()
        self._keys = folder / "keys"
        self._authority = Authority.create(self._keys, "Thứ Tự", _now_ms())
        issue_own(self._keys, self._authority, _HOSTS, _now_ms())
        users = [_user(CENTRE_NAME), *map(_node_user, nodes)]
        routes = [free_port() for _ in range(3)]
        self.all = [self._broker(folder, place, routes, users) for place in range(3)]

    def centre_settings(self) -> MqttSettings:
        """How the centre and its workers connect."""
        return self._settings(CENTRE_NAME, self._keys / "centre")

    def node_settings(self, node: str) -> MqttSettings:
        """How a hub connects, with a certificate of its own."""
        key, own = ec.generate_private_key(ec.SECP256R1()), self._keys / node
        issued = self._authority.certify_client(node, key.public_key(), _now_ms(), CERTIFICATE_LIFE)
        own.with_suffix(".pem").write_bytes(issued.public_bytes(Encoding.PEM))
        own.with_suffix(".key").write_bytes(key_pem(key))
        return self._settings(node, own)

    def _settings(self, client_id: str, own: Path) -> MqttSettings:
        return MqttSettings(
            _HOSTS[0],
            self._port,
            client_id,
            other_hosts=_HOSTS[1:],
            subscribe_qos=0,
            protocol="3.1.1",
            ca_file=self._keys / CHAIN_FILE,
            cert_file=own.with_suffix(".pem"),
            key_file=own.with_suffix(".key"),
        )

    @property
    def leader(self) -> str:
        """Which of them leads."""
        return self.all[0].leader

    def _broker(
        self, folder: Path, place: int, routes: list[int], users: list[dict[str, object]]
    ) -> Broker:
        name, monitor = f"broker-{place + 1}", free_port()
        own = folder / name
        own.mkdir()
        others = [f"nats://127.0.0.1:{port}" for port in routes if port != routes[place]]
        config = {
            "server_name": name,
            "listen": "127.0.0.1:-1",
            "http": f"127.0.0.1:{monitor}",
            "jetstream": {"store_dir": str(own / "store")},
            "cluster": {
                "name": "thutu",
                "listen": f"127.0.0.1:{routes[place]}",
                "routes": others,
            },
            "mqtt": {
                "listen": f"{_HOSTS[place]}:{self._port}",
                "stream_replicas": 3,
                "tls": {
                    "cert_file": str(self._keys / "broker.pem"),
                    "key_file": str(self._keys / "broker.key"),
                    "ca_file": str(self._keys / CHAIN_FILE),
                    "verify_and_map": True,
                },
            },
            "accounts": {"THUTU": {"jetstream": "enabled", "users": users}},
        }
        file = own / "nats.conf"
        file.write_bytes(msgspec.json.encode(config))
        return Broker(name, file, own / "log", monitor)


class Centre:
    """`thutu-central serve` and its three workers, and a second worker 1 that stands ready."""

    def __init__(self, folder: Path, mqtt: MqttSettings, url: str, read_url: str) -> None:
        folder.mkdir()
        self._folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._config = folder / "central.toml"
        self._config.write_text(_settings(folder / "data", mqtt, url, read_url, port), "utf-8")
        self.serve = self._program("serve", "serve")
        self.workers = [self._program(f"worker-{one}", "ingest", str(one)) for one in (1, 2, 3)]
        self.spare = self._program("spare-1", "ingest", "1")

    @property
    def programs(self) -> list[Program]:
        """All of it."""
        return [self.serve, *self.workers, self.spare]

    def _program(self, name: str, *arguments: str) -> Program:
        command = [sys.executable, "-m", "central", "--config", str(self._config), *arguments]
        return Program(name, command, self._folder / f"{name}.log")


def _settings(data: Path, mqtt: MqttSettings, url: str, read_url: str, http_port: int) -> str:
    return f"""\
[store]
folder = "{data}"
url = "{url}"
read_url = "{read_url}"

[ingest]
workers = 3

[http]
port = {http_port}

[figures]
live_within_s = 3600

[access]
requests_per_minute = 100000

[mqtt]
host = "{mqtt.host}"
other_hosts = {msgspec.json.encode(mqtt.other_hosts).decode()}
port = {mqtt.port}
keepalive_s = 10
subscribe_qos = {mqtt.subscribe_qos}
client_id = "{mqtt.client_id}"
protocol = "3.1.1"
ca_file = "{mqtt.ca_file}"
cert_file = "{mqtt.cert_file}"
key_file = "{mqtt.key_file}"
"""


def _user(name: str) -> dict[str, object]:
    return {"user": f"CN={name}"}


def _node_user(node: str) -> dict[str, object]:
    """NATS writes `/` as `.`, and delivers to sessions with QoS 1 below `$MQTT.sub`."""
    own = f"{ROOT.replace('/', '.')}.*.{node}"
    return {
        **_user(node),
        "permissions": {
            "publish": {"allow": [up(node, what).replace("/", ".") for what in get_args(Up)]},
            "subscribe": {"allow": [f"{own}.down", f"{own}.down.>", "$MQTT.sub.>"]},
        },
    }


def _now_ms() -> int:
    return SystemClock().stamp().wall_ms
