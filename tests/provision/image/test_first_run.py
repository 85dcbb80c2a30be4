"""The script that sets a Bookworm card up at its first start, below a root of its own."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from provision.image.network import network_manager
from tests.provision.image.desk import KEY, SITE, image

HOST = f"thutu-{SITE}-h1"
STRANGERS = re.compile(r"(?<=[\s=>'\"])/(?!bin/|dev/|usr/share/zoneinfo/)[a-z]\S*")
NOTED = "hostnamectl id useradd chown systemctl raspi-config"


class Machine:
    """A machine with the card's script and what it changes; what only root may do is noted."""

    def __init__(self, root: Path, boot: Path) -> None:
        self.root = root
        self.boot = boot
        for folder in ("etc/ssh/sshd_config.d", "etc/sudoers.d", "bin", "home/thutu-admin"):
            (root / folder).mkdir(parents=True)
        (root / "etc/NetworkManager/system-connections").mkdir(parents=True)
        (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n", "ascii")
        (boot / "thutu/first-boot.sh").write_text(f"echo first-boot >>{root}/noted\n", "utf-8")
        for name in NOTED.split():
            self.answer(name)
        script = (boot / "firstrun.sh").read_text("utf-8")
        script = script.replace("/boot/firmware", str(boot))
        script = re.sub(r"(?<=[ =>])/(etc|home)\b", rf"{root}/\1", script)
        script = script.replace("-o thutu-admin -g thutu-admin ", "")
        ours = script.replace(str(root), "ROOT").replace(str(boot), "BOOT")
        assert not (found := STRANGERS.findall(re.sub(r"<<'\w+'\n.*?\n\w+\n", "", ours))), found
        (boot / "firstrun.sh").write_text(script, "utf-8")

    def answer(self, name: str, status: int = 0) -> None:
        """Let a program of this name end so, and note its arguments."""
        program = self.root / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.root}/noted\nexit {status}\n')
        program.chmod(0o755)

    def start(self) -> int:
        """Start, as often as the command line says so."""
        path = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        script = self.boot / "firstrun.sh"
        return subprocess.run(["sh", script], check=False, env=path).returncode

    def noted(self) -> list[str]:
        """What it did beyond files."""
        return (self.root / "noted").read_text("utf-8").splitlines()

    def text(self, path: str) -> str:
        """A file of it."""
        return (self.root / path).read_text("utf-8")


@pytest.fixture
def machine(desk: Path) -> Machine:
    address = ("--address", "10.1.2.3/24", "--gateway", "10.1.2.1", "--name-server", "10.1.1.1")
    assert image(desk, SITE, "--system", "bookworm", *address) == 0
    return Machine(desk / "machine", desk / "bootfs")


def test_it_does_everything_once_and_starts_as_any_machine_from_then_on(machine: Machine) -> None:
    machine.answer("id", 1)
    assert machine.start() == 0
    assert machine.noted() == [
        f"hostnamectl set-hostname {HOST}",
        "id thutu-admin",
        "useradd -m -s /bin/bash -G adm,sudo thutu-admin",
        f"chown thutu-admin: {machine.root}/home/thutu-admin/.ssh/authorized_keys",
        "systemctl enable ssh",
        "systemctl disable userconfig",
        "first-boot",
    ]
    assert machine.text("etc/hosts") == f"127.0.0.1\tlocalhost\n127.0.1.1\t{HOST}\n"
    assert machine.text("home/thutu-admin/.ssh/authorized_keys") == f"{KEY}\n"
    assert "PasswordAuthentication no\n" in machine.text("etc/ssh/sshd_config.d/thutu.conf")
    [connection] = (machine.root / "etc/NetworkManager/system-connections").iterdir()
    assert "address1=10.1.2.3/24,10.1.2.1\n" in connection.read_text("utf-8")
    rights = {
        path.name: path.stat().st_mode & 0o777
        for path in (
            connection,
            machine.root / "home/thutu-admin/.ssh",
            machine.root / "home/thutu-admin/.ssh/authorized_keys",
            machine.root / "etc/sudoers.d/010_thutu-admin",
        )
    }
    assert [*rights.values()] == [0o600, 0o700, 0o600, 0o440]
    started_from = (machine.boot / "cmdline.txt").read_text("ascii")
    assert started_from == "console=serial0,115200 console=tty1 rootwait\n"
    assert not (machine.boot / "firstrun.sh").exists()
    assert not (machine.boot / "thutu/network").exists()


def test_what_failed_is_done_again_at_the_next_start(machine: Machine) -> None:
    first_boot = machine.boot / "thutu/first-boot.sh"
    works = first_boot.read_text("utf-8")
    first_boot.write_text("echo no wheel; exit 1\n", "utf-8")
    assert machine.start() == 1
    assert "no wheel\n" in (machine.boot / "thutu/first-boot.log").read_text("utf-8")
    assert "systemd.run=" in (machine.boot / "cmdline.txt").read_text("ascii")
    assert (machine.boot / "firstrun.sh").exists()
    assert not (machine.boot / "thutu/network").exists()

    first_boot.write_text(works, "utf-8")
    assert machine.start() == 0
    assert not [done for done in machine.noted() if done.startswith("useradd")]
    assert machine.text("home/thutu-admin/.ssh/authorized_keys") == f"{KEY}\n"


def test_a_radio_has_a_country_at_every_start_and_a_cable_none(machine: Machine) -> None:
    (machine.boot / "thutu/first-boot.sh").write_text("exit 1\n", "utf-8")
    assert machine.start() == 1
    assert not [done for done in machine.noted() if done.startswith("raspi-config")]
    laid = machine.root / "etc/NetworkManager/system-connections/thutu.nmconnection"
    (machine.boot / "thutu/network").write_text("[connection]\ntype=wifi\n", "ascii")
    assert (machine.start(), machine.start()) == (1, 1)
    assert laid.read_text("ascii") == "[connection]\ntype=wifi\n"
    country = [done for done in machine.noted() if done.startswith("raspi-config")]
    assert country == ["raspi-config nonint do_wifi_country VN"] * 2


def test_a_card_that_is_written_again_without_a_network_takes_the_former_one_back(
    machine: Machine,
) -> None:
    laid = machine.root / "etc/NetworkManager/system-connections/thutu.nmconnection"
    (machine.boot / "thutu/first-boot.sh").write_text("exit 1\n", "utf-8")
    assert machine.start() == 1
    assert laid.exists()
    (machine.boot / "thutu/network").write_text(network_manager(None, None), "utf-8")
    assert machine.start() == 1
    assert not laid.exists()


def test_where_nobody_answers_for_the_name_it_is_written_down(machine: Machine) -> None:
    machine.answer("hostnamectl", 1)
    assert machine.start() == 0
    assert machine.text("etc/hostname") == f"{HOST}\n"
