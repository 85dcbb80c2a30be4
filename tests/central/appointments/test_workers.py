"""Appointments beside ingest workers: the one `serve` that leads tells, and the next goes on."""

import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from central.access.accounts import create_token
from central.rollup.business_day import day_of
from central.scope import Scope
from central.service import signing_key_of
from central.store.appointments import Appointments
from central.store.database import reading, writing
from central.store.postgres import Postgres
from contract.site_rules import Session
from edge.node import Node
from edge.settings import Http, HubSettings
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from tests.brokers import NATS, free_port, running
from tests.central.appointments.sites import CONFIGURATION, SITE
from tests.central.decisions import decide
from tests.cluster.parts import Program
from tests.edge.running_site import EVERY_DAY, RULES
from tests.postgres import PostgresServer
from tests.waiting import until

NODE = f"{SITE}-h1"
ALL_DAY = (Session(EVERY_DAY, "00:00", "23:59", "23:59"),)
CLOCK = SystemClock()
TOMORROW = date.fromisoformat(day_of(CLOCK.stamp().wall_ms)) + timedelta(days=1)


class Serve:
    """`thutu-central serve` with a data folder of its own."""

    def __init__(self, folder: Path, name: str, where: Postgres, mqtt: MqttSettings) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{name}.log"
        self.config = folder / f"{name}.toml"
        self.config.write_text(
            f"""
            [store]
            folder = "{folder / name}"
            url = "{where._url}"
            [ingest]
            workers = 2
            [http]
            port = {port}
            [access]
            requests_per_minute = 100000
            [mqtt]
            host = "{mqtt.host}"
            port = {mqtt.port}
            client_id = "thutu-centre"
            """
        )
        self.program = self._program(self.log, "serve")
        self.workers = [
            self._program(folder / f"{name}-{one}.log", "ingest", str(one)) for one in (1, 2)
        ]

    def leads(self) -> bool:
        """Whether it serves its API."""
        try:
            return httpx.get(f"{self.url}/api/v1/health", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def _program(self, log: Path, *arguments: str) -> Program:
        command = [sys.executable, "-m", "central", "--config", str(self.config), *arguments]
        return Program(arguments[0], command, log)


class Country:
    """Two machines of a centre, two workers on the first, and a hub."""

    def __init__(self, folder: Path, where: Postgres, port: int, stack: ExitStack) -> None:
        self.where = where
        mqtt = MqttSettings("127.0.0.1", port, "thutu-centre")
        key = signing_key_of(folder / "first")
        decide(where, NODE, CONFIGURATION)
        shutil.copytree(folder / "first", folder / "second")
        with writing(where) as db:
            self._token = create_token(
                db, "portal", "booking", None, CLOCK.stamp().wall_ms, who="operator"
            )
        self.first, self.second = (Serve(folder, name, where, mqtt) for name in ("first", "second"))
        self.programs = [self.first.program, *self.first.workers]
        for program in (*self.programs, self.second.program):
            stack.callback(program.stop)
        for program in self.programs:
            program.start()
        self.node = Node(
            HubSettings(
                NODE,
                folder / "hub",
                replace(RULES, sessions=ALL_DAY),
                http=Http(port=0),
                uplink=MqttSettings("127.0.0.1", port, NODE),
                centre_key=key.public_key().public_bytes_raw().hex(),
            ),
            CLOCK,
        )
        self.node.start()
        stack.callback(self.node.stop)
        self.leader = self.first
        self.wait(self.first.leads)
        self.wait(self.knows_the_site)

    def knows_the_site(self) -> bool:
        """Whether a worker has taken in the hub's first words."""
        with reading(self.where) as conn:
            return Appointments(conn, Scope()).site(SITE) is not None

    def wait(self, happened: Callable[[], bool]) -> None:
        """Wait while programs that have ended are started again, as by systemd."""

        def looked() -> bool:
            for program in self.programs:
                program.look()
            return happened()

        until(looked, within_s=90)

    def ask(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """The booking system asks whoever leads."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": str(uuid.uuid4())}
        address = f"{self.leader.url}/api/v1/sites/{SITE}/appointments{path}"
        answer = httpx.request(method, address, headers=headers, timeout=30, **more)
        assert answer.is_success, answer.text
        return answer

    def book(self, hour: int) -> str:
        """Book a slot of tomorrow; returns its code."""
        return str(self.ask("POST", json=slot(hour)).json()["code"])

    def comes_to(self, code: str, state: str) -> None:
        """Wait until an appointment stands so, at the centre and at the site."""

        def stands_so() -> bool:
            told = self.ask("GET", f"/{code}").json()
            return (told["state"], told["at_site"]) == (state, True)

        self.wait(stands_so)

    def rows(self) -> dict[str, int]:
        """How many rows about appointments the hub has sent."""
        with reading(self.where) as conn:
            found = conn.execute(
                """SELECT name, count(*) FROM events JOIN kinds USING (kind)
                WHERE name LIKE 'Appointment%' GROUP BY name"""
            )
            return dict(found.fetchall())


def slot(hour: int) -> dict[str, str]:
    return {"service": "1", "slot": f"{TOMORROW}T{hour:02d}:00:00+07:00"}


@pytest.fixture
def country(tmp_path: Path, postgres: PostgresServer) -> Iterator[Country]:
    with ExitStack() as stack:
        where = Postgres(postgres.new_database())
        stack.callback(where.close)
        broker = stack.enter_context(running(NATS, tmp_path))
        yield Country(tmp_path, where, broker.port, stack)


def test_a_leader_that_is_killed_leaves_nobody_untold_and_nobody_told_twice(
    country: Country,
) -> None:
    kept, moved, cancelled = country.book(9), country.book(10), country.book(11)
    for code in (kept, moved, cancelled):
        country.comes_to(code, "delivered")
    country.second.program.start()
    country.programs.append(country.second.program)
    country.wait(lambda: "Một trung tâm khác" in country.second.log.read_text("utf-8"))

    country.ask("DELETE", f"/{cancelled}")
    country.ask("PUT", f"/{moved}", json=slot(15))
    country.first.program.leave()
    country.programs.remove(country.first.program)
    country.wait(country.second.leads)
    country.leader = country.second
    new = country.book(16)

    country.comes_to(cancelled, "cancelled")
    for code in (kept, moved, new):
        country.comes_to(code, "delivered")
    at_hub = country.node.hub.house.live.appointments
    assert sorted(at_hub) == sorted((kept, moved, new))
    assert country.rows() == {"AppointmentBooked": 5, "AppointmentCancelled": 1}
