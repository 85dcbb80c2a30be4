"""The centre's side of the nation: a real broker and the real centre, each a process of its own
that can be killed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from central.broker import CENTRE, EmbeddedBroker
from central.store.database import database_of
from runtime.clock import Clock
from runtime.mqtt import MqttSettings
from simulation.nation.processes import Usage

_LISTENS = re.compile(r"the centre serves (\S+)")
_START_S = 30.0
_STOP_S = 120.0
_TURN_S = 0.02


class NationalBroker(EmbeddedBroker):
    """The embedded broker for a whole nation, which can be killed."""

    def __init__(self, folder: Path, nodes: Sequence[str]) -> None:
        super().__init__(folder, nodes)
        self.usage = Usage()
        self._store = folder / "store"

    def crash(self) -> None:
        """Be killed, lose everything that was stored, and start again."""
        if self.pid is not None:
            self.usage.add(self.pid)
            os.kill(self.pid, signal.SIGKILL)
        super().stop()
        shutil.rmtree(self._store, ignore_errors=True)
        self.start()

    def stop(self) -> None:
        """End, and remember what it used."""
        if self.pid is not None:
            self.usage.add(self.pid)
        super().stop()


class CentreProcess:
    """`thutu-central serve` with its folder and log below `folder`."""

    def __init__(self, folder: Path, broker: EmbeddedBroker, clock: Clock) -> None:
        self.usage = Usage()
        self.database = database_of(folder / "data")
        self._config = folder / "central.toml"
        self._log = folder / "log"
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._config.touch(mode=0o600)
        self._config.write_text(_settings(folder / "data", broker.settings(CENTRE)), "utf-8")

    def start(self) -> None:
        """Start, and return once it listens. Raises RuntimeError when that fails."""
        command = [sys.executable, "-m", "central", "--config", str(self._config), "serve"]
        with self._log.open("wb") as log:
            process = self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline_s = self._clock.stamp().mono_s + _START_S
        while process.poll() is None and self._clock.stamp().mono_s < deadline_s:
            if _LISTENS.search(self._log.read_text("utf-8")):
                return
            self._clock.sleep(_TURN_S)
        raise RuntimeError(f"the centre did not start: {self._log.read_text('utf-8')[-500:]}")

    def crash(self) -> None:
        """Be killed and start again."""
        if self._process is not None:
            self.usage.add(self._process.pid)
            self._process.kill()
            self._process.wait()
        self.start()

    def stop(self) -> None:
        """Commit and fold what has come, and end."""
        if self._process is None:
            return
        self.usage.add(self._process.pid)
        self._process.terminate()
        self._process.wait(_STOP_S)
        self._process = None


def _settings(data: Path, mqtt: MqttSettings) -> str:
    """TOML; its strings are quoted as JSON's."""

    def quoted(text: object) -> str:
        return msgspec.json.encode(str(text)).decode()

    return f"""\
[store]
folder = {quoted(data)}

[http]
port = 0

[figures]
live_within_s = 3600

[mqtt]
host = {quoted(mqtt.host)}
port = {mqtt.port}
client_id = {quoted(mqtt.client_id)}
username = {quoted(mqtt.username)}
password = {quoted(mqtt.password)}
protocol = "3.1.1"
"""
