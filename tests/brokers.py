"""Real MQTT brokers on free loopback ports, in folders of their own, to be stopped, killed and
wiped by tests."""

import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_START_S = 20.0
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class BrokerKind:
    """A broker program: how it is started, and the versions of MQTT it speaks."""

    name: str
    versions: tuple[Literal["5", "3.1.1"], ...]
    command: Callable[[Path, int], list[str]]

    def __str__(self) -> str:
        return self.name


class Broker:
    """One broker process. It keeps its port and its folder when it is stopped or killed."""

    def __init__(self, kind: BrokerKind, folder: Path, port: int | None = None) -> None:
        self.kind = kind
        self.port = port or free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once connections are accepted."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = self.kind.command(self._folder, self.port)
        log = self._folder / "broker.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self.kill()
        raise RuntimeError(f"{self.kind} did not start:\n{log.read_text(errors='replace')}")

    def stop(self) -> None:
        """End in an orderly way."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once, without a chance to write anything."""
        self._end(signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nothing for a while, its connections open."""
        process = self._process
        if process is None:
            raise RuntimeError("the broker is not running")
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Lose everything that was stored."""
        if self._process is not None:
            raise RuntimeError("stop or kill the broker before its folder is wiped")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_S)
        self._process = None


@contextmanager
def running(kind: BrokerKind, folder: Path, port: int | None = None) -> Iterator[Broker]:
    """A broker that is started, and is gone afterwards."""
    broker = Broker(kind, folder / "broker", port)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _nats(folder: Path, port: int) -> list[str]:
    return _nats_with(folder, port, "")


def _guarded_nats(folder: Path, port: int) -> list[str]:
    """Only `hub` with password `right` may connect, and may not subscribe to `forbidden`."""
    return _nats_with(
        folder,
        port,
        """
        authorization { users: [{
            user: hub, password: right, permissions: { subscribe: { deny: ["forbidden"] } }
        }] }
        """,
    )


def _nats_with(folder: Path, port: int, more: str) -> list[str]:
    config = folder / "nats.conf"
    config.write_text(
        f"""
        server_name: test
        listen: "127.0.0.1:-1"
        jetstream {{ store_dir: "{folder}/store" }}
        mqtt {{ listen: "127.0.0.1:{port}" }}
        {more}
        """
    )
    return [f"{sysconfig.get_path('scripts')}/nats-server", "-c", str(config)]


def _mosquitto(folder: Path, port: int) -> list[str]:
    return _mosquitto_with(folder, port, "allow_anonymous true")


def _guarded_mosquitto(folder: Path, port: int) -> list[str]:
    """Only `hub` with password `right` may connect, and may only publish on `allowed/#`."""
    passwords, access = folder / "passwords", folder / "access"
    passwords.touch()
    _run("mosquitto_passwd", "-b", str(passwords), "hub", "right")
    access.write_text("user hub\ntopic readwrite allowed/#\n")
    return _mosquitto_with(folder, port, f"password_file {passwords}\nacl_file {access}")


def _tls_mosquitto(folder: Path, port: int) -> list[str]:
    """Only clients with a certificate of the broker's own authority may connect. The folder then
    holds `ca.pem`, `client.pem` and `client.key`; the broker is `127.0.0.1`."""
    certify = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    ca = folder / "ca"
    _run(*certify, "-nodes", "-days", "2", "-subj", "/CN=ca", *_key_and_certificate(ca))
    for name in ("server", "client"):
        _run(
            *(*certify, "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"),
            *("-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", *_key_and_certificate(folder / name)),
        )
    return _mosquitto_with(
        folder,
        port,
        f"""
cafile {ca}.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
""",
    )


def _key_and_certificate(path: Path) -> tuple[str, str, str, str]:
    return ("-keyout", f"{path}.key", "-out", f"{path}.pem")


def _mosquitto_with(folder: Path, port: int, more: str) -> list[str]:
    config = folder / "mosquitto.conf"
    config.write_text(
        f"""
listener {port} 127.0.0.1
user root
persistence true
persistence_location {folder}/
max_queued_messages 0
{more}
"""
    )
    return ["/usr/sbin/mosquitto", "-c", str(config)]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _iotcore(version: Literal["v4", "v5"]) -> Callable[[Path, int], list[str]]:
    def command(folder: Path, port: int) -> list[str]:
        config = folder / "rumqttd.toml"
        config.write_text(
            f"""
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[{version}.1]
name = "{version}-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""
        )
        return [sys.executable, "-m", "iotcore", "--config", str(config)]

    return command


NATS = BrokerKind("nats", ("3.1.1",), _nats)
GUARDED_NATS = BrokerKind("nats with passwords", ("3.1.1",), _guarded_nats)
MOSQUITTO = BrokerKind("mosquitto", ("5", "3.1.1"), _mosquitto)
GUARDED_MOSQUITTO = BrokerKind("mosquitto with passwords", ("5", "3.1.1"), _guarded_mosquitto)
TLS_MOSQUITTO = BrokerKind("mosquitto with certificates", ("5", "3.1.1"), _tls_mosquitto)
IOTCORE_5 = BrokerKind("iotcore for MQTT 5", ("5",), _iotcore("v5"))
IOTCORE_3 = BrokerKind("iotcore for MQTT 3.1.1", ("3.1.1",), _iotcore("v4"))
EVERY_KIND = (NATS, MOSQUITTO, IOTCORE_5, IOTCORE_3)
EVERY_KIND_AND_VERSION = [(kind, version) for kind in EVERY_KIND for version in kind.versions]
