"""A machine beside a hub that takes its release from it: two real programs, over the site's HTTPS.

Only systemd is played, by a program in its place: it starts the fetcher, and a program of the
release that speaks to the hub.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.commands import Actor
from edge.access import Access
from edge.site_certificate import SiteCertificate
from provision.update.notebook import Notebook
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from runtime.clock import SystemClock
from tests.edge.running_site import TestClock
from tests.provision.update.wheelhouses import NODE, PUBLISHER, run_for_good
from tests.waiting import until

NOW_MS = SystemClock().stamp().wall_ms
DAY_MS = 86_400_000
BALLAST = 40_000_000  # more than lies between two programs
KEY = PUBLISHER.public_key().public_bytes_raw().hex()
RUN = "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
# The machine of the tests may not be synchronised, and nobody waits two minutes for a proof.
CLOCK = "import runpy, sys, runtime.clock; runtime.clock.is_synchronised = lambda: {synced}; "
SOON = "from provision.update import decide, updater; decide.WELL_FOR_S = updater._LOOK_S = 0.2; "
HUB = """
node = "{node}"
data = "data"
[http]
port = {port}
tls = true
[updates]
publisher_keys = ["{key}"]
releases = "opt"
wheelhouse = "house"
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm Hồng Hà"
services = [{{ id = "1", series = "1", name = {{ vi = "Hộ tịch" }} }}]
counters = [{{ id = "1", services = ["1"] }}]
[[site.sessions]]
weekdays = [{another_day}]
issue_from = "07:30"
last_ticket = "11:15"
closes = "11:30"
"""
SYSTEMCTL = """#!/bin/sh
case "$1 $2" in
  is-active*) shift; for unit; do
      [ $unit = thutu-hall.service ] && echo active || echo inactive; done; exit 3;;
  show*) echo "ActiveState=active"; echo "InvocationID=$(readlink {opt}/current)";;
  "start thutu-follow-fetch.service") exec {fetch};;
  restart*) exec {speak} $({opt}/current/bin/sample-hub);;
esac
"""
SPEAK = """
import sys
from pathlib import Path
from runtime.hub_client import HubClient
url, token_file, ca_file, version = sys.argv[1:]
token = Path(token_file).read_text()
client = HubClient(url, token, agent=f"thutu/{version}", ca_file=Path(ca_file))
client.snapshot()
client.close()
"""


class HubProgram:
    """A hub, closed today, with an authority of its own and a release to hand on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.releases = Releases(folder / "opt")
        self.tls = folder / "data/tls"
        self.certify(NOW_MS - 400 * DAY_MS)
        self.over = (self.tls / "hub.pem").read_bytes()
        access = Access(folder / "data/access.db", SystemClock())
        self.token = access.add_device(Actor("update-2", "display"))
        access.close()
        self.url = ""
        self.start()
        until(lambda: (self.tls / "hub.pem").read_bytes() != self.over)  # it sees to that itself

    def certify(self, wall_ms: int) -> None:
        """Make an authority, and a certificate of a year that begins then."""
        SiteCertificate(self.tls, NODE, TestClock(wall_ms)).create("01-00097-01", [])

    def runs(self, release: int, *, ballast: int = 0) -> None:
        """It has taken a release, and proven it."""
        house, made = self.folder / "house", self.folder / "made"
        run_for_good(self.releases, house, release, made, ballast=ballast)

    def start(self, *, synced: bool = True) -> None:
        """Start at the same address as before."""
        port = self.url.rpartition(":")[2] or "0"
        another_day = (datetime.fromtimestamp(NOW_MS / 1000, UTC).isoweekday() + 2) % 7 + 1
        config = self.folder / "hub.toml"
        config.write_text(
            HUB.format(node=NODE, port=port, key=KEY, another_day=another_day), "utf-8"
        )
        program = CLOCK.format(synced=synced) + RUN
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, "edge", "--config", config, "run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip().rpartition(": ")[2]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; SIGKILL cuts every line."""
        self._process.send_signal(how)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Follower:
    """A machine that runs release 1, with settings, and systemd's place taken."""

    def __init__(self, folder: Path, hub: HubProgram) -> None:
        self.folder = folder
        self.releases = Releases(folder / "opt")
        program = self.releases.folder("1") / "bin/sample-hub"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho 1.0\n", "ascii")
        program.chmod(0o755)
        for link in (CURRENT, PROVEN):
            self.releases.point(link, "1")
        (folder / "fetched").mkdir()
        (folder / "update.token").write_text(hub.token, "ascii")
        (folder / "ca.pem").write_bytes((hub.tls / "ca.pem").read_bytes())
        (folder / "speak.py").write_text(SPEAK, "ascii")
        self._hub = hub
        self.settings()

    def settings(self, most_kb_s: int = 0) -> None:
        """What the technician wrote."""
        (self.folder / "update.toml").write_text(
            f'hub = "{self._hub.url}"\ntoken_file = "update.token"\nca_file = "ca.pem"\n'
            f'publisher_keys = ["{KEY}"]\nmost_kb_s = {most_kb_s}\n'
        )
        self._lay_systemctl()

    def begin(self, word: str) -> "subprocess.Popen[str]":
        """Start `thutu-update`, as its unit does."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.Popen(
            self._command(word),
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": path, "LC_ALL": "en_GB.UTF-8"},
        )

    def do(self, word: str) -> tuple[int, str]:
        """The same, to its end; returns its status and what it said."""
        with self.begin(word) as process:
            _, said = process.communicate(timeout=120)
        return process.returncode, said

    @property
    def runs(self) -> str:
        """The release that runs."""
        return self.releases.named(CURRENT)

    @property
    def came(self) -> int:
        """How many bytes of wheels have come so far."""
        return sum(path.stat().st_size for path in self.folder.glob("fetched/wheels/*/*"))

    def phase(self) -> tuple[int, str] | None:
        """How far it is, and with which release."""
        plan = Notebook(self.folder / "state").plan
        return None if plan is None else (plan.state.release, plan.state.phase)

    def _command(self, word: str) -> list[str]:
        options = {"config": "update.toml", "root": "opt", "state": "state"}
        given = [f"--{name}={self.folder / path}" for name, path in options.items()]
        program = CLOCK.format(synced=True) + SOON + RUN
        start = [sys.executable, "-c", program, "provision.update"]
        return [*start, *given, f"--wheelhouse={self.folder / 'fetched'}", word]

    def _lay_systemctl(self) -> None:
        files = [str(self.folder / name) for name in ("speak.py", "update.token", "ca.pem")]
        speak = [sys.executable, files[0], self._hub.url, *files[1:]]
        script = SYSTEMCTL.format(
            opt=self.folder / "opt",
            fetch=_quoted(self._command("follow-fetch")),
            speak=_quoted(speak),
        )
        path = self.folder / "bin/systemctl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script, "ascii")
        path.chmod(0o755)


def _quoted(command: list[str]) -> str:
    return " ".join(f'"{word}"' for word in command)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProgram]:
    found = HubProgram(tmp_path / "hub")
    yield found
    found.stop()


@pytest.fixture
def follower(tmp_path: Path, hub: HubProgram) -> Follower:
    return Follower(tmp_path / "follower", hub)


def test_it_takes_what_its_hub_runs_and_goes_back_with_it(
    hub: HubProgram, follower: Follower
) -> None:
    assert follower.do("follow")[0] == 0
    assert follower.phase() is None  # a hub from a card has nothing to hand on
    for release in (2, 3):
        hub.runs(release)
        status, said = follower.do("follow")
        assert status == 0, said
        assert follower.phase() == (release, "done")
        assert follower.runs == str(release)
    hub.runs(2)
    status, said = follower.do("follow")
    assert status == 0, said
    assert (follower.runs, follower.releases.named(PREVIOUS)) == ("2", "3")


def test_a_hub_that_is_cut_off_or_not_to_be_trusted_is_waited_for(
    hub: HubProgram, follower: Follower
) -> None:
    own, foreign = hub.folder / "own", hub.folder / "foreign"
    hub.runs(2, ballast=BALLAST)
    follower.settings(most_kb_s=8_000)
    with follower.begin("follow") as following:
        until(lambda: follower.came > 0, 60)
        hub.stop(signal.SIGKILL)
        _, said = following.communicate(timeout=60)
    assert following.returncode == 75, said
    came = follower.came
    assert 0 < came < BALLAST
    assert follower.phase() == (2, "preparing")

    hub.tls.rename(own)  # someone else answers in its place, with an authority of their own
    hub.certify(NOW_MS)
    hub.start()
    status, said = follower.do("follow-fetch")
    assert status == 75
    assert "certificate verify failed" in said
    status, said = follower.do("follow")
    assert status == 75
    assert "certificate verify failed" in said

    hub.stop()  # the hub itself, which knows no time, and its certificate is over
    hub.tls.rename(foreign)
    own.rename(hub.tls)
    present = (hub.tls / "hub.pem").read_bytes()
    (hub.tls / "hub.pem").write_bytes(hub.over)
    hub.start(synced=False)
    status, said = follower.do("follow-fetch")
    assert status == 75
    assert "was over at" in said
    assert (follower.came, follower.runs) == (came, "1")

    hub.stop()
    (hub.tls / "hub.pem").write_bytes(present)
    hub.start()
    follower.settings()
    status, said = follower.do("follow")
    assert status == 0, said
    assert follower.runs == "2"
