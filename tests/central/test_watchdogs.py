"""The centre's real programs under a service manager that watches them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.broker import CENTRE, EmbeddedBroker
from central.store.postgres import Postgres
from tests.central.busy_day import morning
from tests.central.journal import NODE
from tests.central.test_centre import hub
from tests.central.test_worker import configured
from tests.postgres import PostgresServer
from tests.service_manager import Systemd
from tests.waiting import until

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
ALONE = """
[store]
folder = "{folder}/centre"
[embedded_broker]
port = 0
nodes = ["{node}"]
"""
PORTS = {"THUTU_CENTRAL_HTTP__PORT": "0", "THUTU_CENTRAL_PUBLIC__PORT": "0"}
SLOW_START_S = 120


@pytest.mark.parametrize("command", ["serve", "public"])
def test_a_program_alone_is_ready_and_then_gives_signs_of_life(
    tmp_path: Path, command: str
) -> None:
    config = tmp_path / "central.toml"
    config.write_text(ALONE.format(folder=tmp_path, node=NODE), "utf-8")
    with Systemd(tmp_path) as systemd, running(config, systemd, command) as program:
        hears_life(systemd)
        ends(program, systemd)


@pytest.mark.parametrize("command", ["serve", "ingest 1"])
def test_a_loop_that_the_database_holds_up_ends_the_signs_of_life(
    tmp_path: Path, postgres: PostgresServer, where: Postgres, command: str
) -> None:
    with (
        EmbeddedBroker(tmp_path / "broker", (NODE,)) as broker,
        hub(broker, morning(NODE).journal) as sender,
        Systemd(tmp_path) as systemd,
    ):
        config = configured(tmp_path, broker.settings(CENTRE), where._url)
        with running(config, systemd, *command.split()) as program:
            hears_life(systemd)
            with postgres.frozen():
                sender.send(1, 10)  # which a worker stores; who leads asks without it
                until(lambda: not systemd.said_within(2))
            until(lambda: systemd.heard(ALIVE))
            ends(program, systemd)


def hears_life(systemd: Systemd) -> None:
    until(lambda: systemd.heard(READY), SLOW_START_S)
    for _ in range(3):
        until(lambda: systemd.heard(ALIVE))


def ends(program: "subprocess.Popen[bytes]", systemd: Systemd) -> None:
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 0
    assert systemd.said_within(0)[-1:] == [STOPPING]


@contextmanager
def running(config: Path, systemd: Systemd, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    program = subprocess.Popen(
        [sys.executable, "-m", "central", "--config", str(config), *command],
        env=os.environ | systemd.environment(watch_s=0.4) | PORTS,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()
