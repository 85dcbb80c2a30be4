"""The centre as a program of its own for benchmarks, and all hubs on one connection to it."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from contract.codec import decode_message
from contract.topics import down
from contract.wire import Ack
from runtime.mqtt import MqttLink, MqttSettings

_WAIT_S = 120.0


class Running(NamedTuple):
    """A running centre: its process, and where it answers."""

    pid: int
    url: str


class Hubs:
    """All hubs on one connection: publishes, and notes when what was acknowledged."""

    def __init__(self, settings: MqttSettings) -> None:
        self.committed: dict[str, list[tuple[float, int]]] = {}
        self._link = MqttLink(
            replace(settings, client_id="bench-hubs"),
            persistent=False,
            subscriptions=(down("+", "ack"),),
            on_message=self._note,
            on_state=lambda _connected: None,
        )
        self._link.start()
        until(lambda: self._link.connected)

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish, as soon as the window has room."""
        while not self._link.publish(topic, payload):
            time.sleep(0.001)

    def held(self) -> int:
        """How many events have been acknowledged."""
        return sum(acks[-1][1] for acks in list(self.committed.values()))

    def close(self) -> None:
        """End the connection."""
        self._link.stop()

    def _note(self, topic: str, payload: bytes) -> None:
        ack = (time.perf_counter(), decode_message(payload, Ack).committed)
        self.committed.setdefault(topic.split("/")[3], []).append(ack)


@contextmanager
def running(folder: Path, mqtt: MqttSettings) -> Iterator[Running]:
    """The program in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "central.toml"
    config.write_text(
        f"""
[store]
folder = "{folder}"
[http]
port = 0
behind_https = true
[public]
port = 0
[access]
requests_per_minute = 1000000
[mqtt]
host = "{mqtt.host}"
port = {mqtt.port}
client_id = "bench-{folder.name}"
protocol = "3.1.1"
username = "{mqtt.username}"
password = "{mqtt.password}"
""",
        encoding="utf-8",
    )
    with _program(folder, "serve", "broker is connected") as centre:
        yield centre


@contextmanager
def running_public(folder: Path) -> Iterator[Running]:
    """The program of tickets' pages beside the centre that runs in this folder."""
    with _program(folder, "public", "http://") as public:
        yield public


@contextmanager
def _program(folder: Path, command: str, says: str) -> Iterator[Running]:
    config, told = folder / "central.toml", folder / f"{command}.log"
    program = [sys.executable, "-m", "central", "--config", str(config), command]
    with told.open("wb") as log:
        process = subprocess.Popen(program, stdout=log, stderr=log)
    try:
        until(lambda: says in told.read_text("utf-8"))
        yield Running(process.pid, re.findall(r"http://[0-9.:]+", told.read_text("utf-8"))[0])
    finally:
        process.terminate()
        process.wait()


def until(condition: Callable[[], object]) -> None:
    """Wait for something, two minutes at most."""
    deadline = time.perf_counter() + _WAIT_S
    while not condition():
        assert time.perf_counter() < deadline, "nothing came within two minutes"
        time.sleep(0.005)
