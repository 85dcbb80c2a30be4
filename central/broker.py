"""The embedded MQTT broker: a NATS server in a process of its own, on the loopback interface, for
the demo, tests and trials, or behind a TLS proxy for a few sites. A larger centre runs a broker of
its own and names it in `[mqtt]` of its settings.

Nothing relies on what the broker keeps: NATS writes to the disk every two minutes
(`sync_interval`), and what a power cut takes, the hubs send again. It does not outlive who started
it: the kernel ends it with the thread that did (`setpriv --pdeathsig`, of util-linux 2.33), and one
that was left behind where there is no setpriv is stopped at the next start.
"""

import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

import msgspec

from contract.decoders import from_json
from contract.ids import split_node
from contract.topics import ROOT, Up, up
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from runtime.private_file import make_private_folder, write_private
from runtime.worded_error import WordedError

logger = logging.getLogger(__name__)

CENTRE = "centre"
_OTHER_CONSUMERS = 1000
_START_S = 20.0
_STOP_S = 10.0
_TURN_S = 0.02
_LISTENING = re.compile(r"Listening for MQTT clients on mqtt://[^\s]*:(\d+)")
_READY = "Server is ready"


class BrokerError(WordedError):
    """The broker could not be started; the message ends with what it said."""

    section = "broker_refused"


class EmbeddedBroker:
    """A broker on the loopback interface whose users are the centre and the given nodes.

    A node may publish its own subjects in its own lane, and read only below
    `thutu/v1/{lane}/{node}/down/`; the centre may do everything. Passwords are random, and kept
    with the broker's store in `folder`, readable by this user only. `port` 0 takes any free one
    at the first start and stays with it.
    """

    def __init__(self, folder: Path, nodes: Sequence[str] = (), *, port: int = 0) -> None:
        for node in nodes:
            split_node(node)
        self.host = "127.0.0.1"
        self.port = port
        self._folder = folder
        self._nodes = tuple(nodes)
        self._clock = SystemClock()
        self._passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the broker."""
        self.stop()

    def settings(self, user: str) -> MqttSettings:
        """How the centre (`CENTRE`) or a node connects. Raises KeyError for anyone else."""
        return MqttSettings(
            host=self.host,
            port=self.port,
            client_id=f"thutu-{user}",
            username=user,
            password=self._passwords[user],
            protocol="3.1.1",
        )

    def start(self) -> None:
        """Start, and return once clients are let in, in a thread that lives as long as the broker
        shall. Raises BrokerError when that fails."""
        make_private_folder(self._folder)
        self._stop_one_left_over()
        self._passwords = self._load_passwords()
        write_private(self._config_file, self._config())
        self._log_file.unlink(missing_ok=True)
        with self._output_file.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *_ended_with_us(),
                    f"{sysconfig.get_path('scripts')}/nats-server",
                    *("-c", str(self._config_file)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        write_private(self._pid_file, b"%d" % self._process.pid)
        self.port = self._wait_until_ready(self._process)
        logger.info("the embedded broker listens on %s:%s", self.host, self.port)

    def stop(self) -> None:
        """End the broker in an orderly way, else at once. Its store and its port stay."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._pid_file.unlink(missing_ok=True)

    @property
    def pid(self) -> int | None:
        """The broker's process, None when it does not run."""
        return self._process.pid if self._process else None

    @property
    def _config_file(self) -> Path:
        return self._folder / "nats.conf"

    @property
    def _pid_file(self) -> Path:
        return self._folder / "nats.pid"

    @property
    def _log_file(self) -> Path:
        return self._folder / "nats.log"

    @property
    def _output_file(self) -> Path:
        return self._folder / "nats.out"

    @property
    def _passwords_file(self) -> Path:
        return self._folder / "passwords.json"

    def _load_passwords(self) -> dict[str, str]:
        """Kept passwords, and new ones for users who have none."""
        try:
            kept = from_json(self._passwords_file.read_bytes(), dict[str, str])
        except FileNotFoundError:
            kept = {}
        except msgspec.DecodeError as error:
            raise BrokerError("passwords", file=self._passwords_file) from error
        users = (CENTRE, *self._nodes)
        passwords = {user: kept.get(user) or secrets.token_urlsafe(24) for user in users}
        write_private(self._passwords_file, msgspec.json.encode(kept | passwords))
        return passwords

    def _config(self) -> bytes:
        centre = {"user": CENTRE, "password": self._passwords[CENTRE]}
        users = [centre, *(self._node_user(node) for node in self._nodes)]
        config = {
            "server_name": "thutu",
            "listen": f"{self.host}:-1",
            "log_file": str(self._log_file.absolute()),
            "logfile_size_limit": 1_000_000,
            "logfile_max_num": 2,
            "jetstream": {
                "store_dir": str((self._folder / "store").absolute()),
                "max_memory_store": 67_108_864,
                "max_file_store": 2_147_483_648,
                # NATS refuses the 1,001st subscription with QoS 1 unless told how many may come.
                "limits": {"default_max_consumers": 2 * len(self._nodes) + _OTHER_CONSUMERS},
            },
            "mqtt": {"host": self.host, "port": self.port or -1},
            "accounts": {"THUTU": {"jetstream": "enabled", "users": users}},
        }
        return msgspec.json.format(msgspec.json.encode(config))

    def _node_user(self, node: str) -> dict[str, object]:
        """NATS writes `/` as `.`, and delivers to sessions with QoS 1 below `$MQTT.sub`."""
        own = f"{ROOT.replace('/', '.')}.*.{node}"
        return {
            "user": node,
            "password": self._passwords[node],
            "permissions": {
                "publish": {"allow": [up(node, what).replace("/", ".") for what in get_args(Up)]},
                "subscribe": {"allow": [f"{own}.down", f"{own}.down.>", "$MQTT.sub.>"]},
            },
        }

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> int:
        deadline_s = self._clock.stamp().mono_s + _START_S
        while process.poll() is None and self._clock.stamp().mono_s < deadline_s:
            said = _read(self._log_file)
            port = _LISTENING.search(said)
            if port and _READY in said:
                return int(port[1])
            self._clock.sleep(_TURN_S)
        self.stop()
        said = _read(self._output_file) + _read(self._log_file)
        raise BrokerError("not_started", said=said.strip()[-500:])

    def _stop_one_left_over(self) -> None:
        """A centre that was killed leaves its broker behind."""
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if not self._is_ours(pid):
            return
        logger.info("stopping the broker that an earlier run left behind (process %d)", pid)
        os.kill(pid, signal.SIGTERM)
        deadline_s = self._clock.stamp().mono_s + _STOP_S
        while self._is_ours(pid):
            if self._clock.stamp().mono_s > deadline_s:
                raise BrokerError("earlier", process=pid)
            self._clock.sleep(_TURN_S)

    def _is_ours(self, pid: int) -> bool:
        """Whether a process runs with our configuration; a process that has ended has none."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return str(self._config_file).encode() in command.split(b"\0")


def _ended_with_us() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""
