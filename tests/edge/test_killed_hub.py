"""A real hub process, killed without warning again and again while several clients take numbers."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from contract.codec import decode_entry
from contract.commands import Actor
from contract.events import TicketIssued
from edge.access import Access
from edge.store.journal import Journal
from runtime.clock import SystemClock
from tests.edge.hub_toml import OPEN_ALL_DAY
from tests.waiting import until

NUMBERS_A_LIFE = 20
STARTS = 2
KILLS = 12
CLIENTS = 4
DAY_TICKETS = 500


class Process(NamedTuple):
    """A running hub and its address."""

    program: "subprocess.Popen[str]"
    url: str


class Citizen(threading.Thread):
    """Takes numbers until told to stop; an answer that is lost is asked for again."""

    def __init__(self, token: str, service: str) -> None:
        super().__init__()
        self.numbers: dict[str, str] = {}
        self.changed: list[tuple[str, str]] = []
        self.url: str | None = None
        self.stopping = False
        self._headers = {"Authorization": f"Bearer {token}"}
        self._command = {"type": "IssueTicket", "services": [service]}

    def run(self) -> None:
        key = str(uuid.uuid4())
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not self.stopping:
                number = self._take(client, key)
                if number is None:
                    time.sleep(0.01)
                    continue
                self.numbers[key] = number
                if self._take(client, key) not in (number, None):
                    self.changed.append((key, number))
                key = str(uuid.uuid4())

    def _take(self, client: httpx.Client, key: str) -> str | None:
        if self.url is None:
            return None
        try:
            answer = client.post(
                f"{self.url}/api/commands",
                headers={**self._headers, "Idempotency-Key": key},
                json=self._command,
            )
        except httpx.TransportError:
            return None
        return str(answer.raise_for_status().json()["number"])


@contextmanager
def running(config: Path) -> Iterator[Process]:
    program = subprocess.Popen(
        [sys.executable, "-m", "edge", "--config", str(config), "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout is not None
    url = program.stdout.readline().strip().rpartition(": ")[2]
    httpx.get(f"{url}/api/health", trust_env=False, timeout=5).raise_for_status()
    yield Process(program, url)
    program.stdout.close()
    if program.poll() is None:
        program.terminate()
    program.wait(10)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(OPEN_ALL_DAY, encoding="utf-8")
    return path


def test_no_acknowledged_number_is_lost_and_none_is_used_twice(
    config: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    access = Access(data / "access.db", SystemClock())
    tokens = [access.add_device(Actor(f"kiosk-{i}", "kiosk")) for i in range(CLIENTS)]
    access.close()
    citizens = [Citizen(token, "12"[turn % 2]) for turn, token in enumerate(tokens)]
    when = random.Random(7)
    for citizen in citizens:
        citizen.start()
    try:
        for _ in range(KILLS):
            with running(config) as hub:
                for citizen in citizens:
                    citizen.url = hub.url
                _let_issue(citizens, NUMBERS_A_LIFE)
                time.sleep(when.uniform(0, 0.2))
                os.kill(hub.program.pid, signal.SIGKILL)
                hub.program.wait(10)
        with running(config) as hub:
            had = {citizen: len(citizen.numbers) for citizen in citizens}
            for citizen in citizens:
                citizen.url = hub.url
            until(lambda: all(len(c.numbers) > had[c] + 1 for c in citizens))
            _end(citizens)
    finally:
        _end(citizens)

    journal = Journal(data / "journal.db")
    rows = [decode_entry(row.body) for row in journal.checked_rows()]
    journal.close()
    stored = {
        str(uuid.UUID(bytes=row.command_id)): row.event.number
        for row in rows
        if isinstance(row.event, TicketIssued)
    }
    acknowledged = {key: number for c in citizens for key, number in c.numbers.items()}
    assert len(acknowledged) > NUMBERS_A_LIFE * KILLS
    assert acknowledged.items() <= stored.items()
    assert len(set(stored.values())) == len(stored)
    assert [changed for citizen in citizens for changed in citizen.changed] == []
    assert not list(data.glob("journal-damaged-*"))


def test_a_busy_day_is_resumed_with_all_who_wait(config: Path, tmp_path: Path) -> None:
    access = Access(tmp_path / "data" / "access.db", SystemClock())
    token = access.add_device(Actor("kiosk-1", "kiosk"))
    access.close()
    citizen = Citizen(token, "1")
    with running(config) as hub:
        citizen.url = hub.url
        citizen.start()
        try:
            until(lambda: len(citizen.numbers) >= DAY_TICKETS, within_s=60)
        finally:
            _end([citizen])
        os.kill(hub.program.pid, signal.SIGKILL)
        hub.program.wait(10)
    for _ in range(STARTS):
        with running(config) as hub:
            headers = {"Authorization": f"Bearer {token}"}
            picture = httpx.get(
                f"{hub.url}/api/snapshot", headers=headers, trust_env=False, timeout=30
            ).json()
            os.kill(hub.program.pid, signal.SIGKILL)
            hub.program.wait(10)
        assert len(picture["waiting"]) >= DAY_TICKETS


def _let_issue(citizens: list[Citizen], more: int) -> None:
    least = _count(citizens) + more
    until(lambda: _count(citizens) > least)


def _count(citizens: list[Citizen]) -> int:
    return sum(len(citizen.numbers) for citizen in citizens)


def _end(citizens: list[Citizen]) -> None:
    for citizen in citizens:
        citizen.stopping = True
    for citizen in citizens:
        citizen.join(10)
