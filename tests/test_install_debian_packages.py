"""The script that installs what only the tests need, run among pretended programs."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("install_debian_packages.sh")
REAL = ("cat", "env", "mktemp", "rm", "tail")
SUDO_THAT_ONLY_INSTALLS = 'shift; case "$1" in apt-get | env) "$@" ;; esac'


class PretendedMachine:
    """A PATH with a few real tools, and programs that only note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.calls = folder / "calls"
        self.calls.touch()
        self._bin = folder / "bin"
        self._bin.mkdir()
        for tool in REAL:
            (self._bin / tool).symlink_to(f"/bin/{tool}")

    def has(self, program: str, answer: str = "") -> None:
        path = self._bin / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>{self.calls}\n{answer}\n')
        path.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", SCRIPT],
            env=os.environ | {"PATH": str(self._bin)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> PretendedMachine:
    return PretendedMachine(tmp_path)


def test_when_all_is_there_nothing_happens(machine: PretendedMachine) -> None:
    for program in ("chromium", "mosquitto", "openssl", "tmux", "aplay", "systemd-analyze"):
        machine.has(program)
    done = machine.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls.read_text() == ""


def test_without_rights_it_names_the_one_line_to_run(machine: PretendedMachine) -> None:
    machine.has("id", "echo 1000")
    machine.has("sudo", "exit 1")
    machine.has("apt-get")
    done = machine.run()
    assert done.returncode == 1
    assert "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends" in done.stderr
    assert "apt-get" not in machine.calls.read_text()


def test_with_rights_it_installs_what_is_missing(machine: PretendedMachine) -> None:
    machine.has("id", "echo 1000")
    machine.has("sudo", SUDO_THAT_ONLY_INSTALLS)
    machine.has("apt-get", "echo chatter")
    machine.has("mosquitto")
    machine.has("openssl")
    machine.has("tmux")
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert "chatter" not in done.stdout
    calls = machine.calls.read_text().splitlines()
    assert [call for call in calls if call.startswith("apt-get")] == [
        "apt-get update",
        "apt-get install -y --no-install-recommends chromium alsa-utils systemd",
    ]


def test_a_failed_installation_shows_why(machine: PretendedMachine) -> None:
    machine.has("id", "echo 1000")
    machine.has("sudo", SUDO_THAT_ONLY_INSTALLS)
    machine.has("apt-get", "echo no network >&2; exit 100")
    done = machine.run()
    assert done.returncode == 1
    assert "no network" in done.stderr
