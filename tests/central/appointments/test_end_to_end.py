"""From a booking system to a kiosk and back: a real centre, a real hub, a real broker that loses
everything, and a line that is cut in the middle."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace

from central.service import Centre, issue_token, signing_key_of
from central.store.database import database_of
from contract.commands import Actor, AnyCommand, CallNext, OpenCounter, Order, SignIn
from contract.site_rules import Session
from contract.stamp import Stamp
from edge.node import Node
from edge.settings import Http, HubSettings
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from simulation.line import Line
from tests.brokers import NATS, Broker, running
from tests.central.appointments.sites import CONFIGURATION, SITE
from tests.central.decisions import decide
from tests.edge.running_site import EVERY_DAY, MONDAY_8_MS, RULES
from tests.waiting import until

NODE = f"{SITE}-h1"
CLERK = Actor("nv01", "clerk")
ALL_DAY = (Session(EVERY_DAY, "00:00", "23:59", "23:59"),)


class MondayMorning(SystemClock):
    """A clock that goes on from eight o'clock of a Monday."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead_ms = MONDAY_8_MS - super().stamp().wall_ms

    def stamp(self) -> Stamp:
        now = super().stamp()
        return replace(now, wall_ms=now.wall_ms + self._ahead_ms, synced=True)


class Journey:
    """A booking system at the centre, and the kiosk and the clerk at the site."""

    def __init__(self, folder: Path, broker: Broker, line: Line) -> None:
        self.folder, self.broker, self.line = folder / "centre", broker, line
        self.clock = MondayMorning()
        self.token = issue_token(self.folder, "portal", "booking", clock=self.clock)
        key = signing_key_of(self.folder)
        decide(database_of(self.folder), NODE, CONFIGURATION)
        self.centre = self._started()
        public = key.public_key().public_bytes_raw().hex()
        self.node = Node(
            HubSettings(
                NODE,
                folder / "hub",
                replace(RULES, sessions=ALL_DAY),
                http=Http(port=0),
                uplink=MqttSettings("127.0.0.1", line.port, NODE),
                centre_key=public,
            ),
            self.clock,
        )
        self.node.start()
        self.kiosk = self.node.access.add_device(Actor("kiosk-1", "kiosk"))

    def ask(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """The booking system asks the centre."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4())}
        address = f"{self.centre.url}/api/v1/sites/{SITE}/appointments{path}"
        return httpx.request(method, address, headers=headers, timeout=20, **more)

    def book(self, minute: int, code: str | None = None) -> str:
        """Book a slot after nine o'clock; returns what is printed for the citizen."""
        slot = {"service": "1", "slot": f"2026-11-23T09:{minute:02d}:00+07:00"}
        answer = self.ask("POST", json=slot | ({"code": code} if code else {}))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    def state(self, code: str) -> tuple[str, bool]:
        """How an appointment stands."""
        told = self.ask("GET", f"/{code}").json()
        return told["state"], told["at_site"]

    def comes_to(self, code: str, state: str) -> None:
        """Wait until an appointment stands so, at the centre and at the site."""
        until(lambda: self.state(code) == (state, True), 60)

    def check_in(self, code: str) -> httpx.Response:
        """The citizen scans the code at the kiosk."""
        headers = {"Authorization": f"Bearer {self.kiosk}", "Idempotency-Key": str(uuid.uuid4())}
        order = {"type": "CheckIn", "code": code}
        return httpx.post(f"{self.node.url}/api/commands", headers=headers, json=order, timeout=20)

    def does(self, command: AnyCommand) -> None:
        """A clerk does something."""
        self.node.hub.submit(Order(uuid.uuid4().bytes, CLERK, command)).result(10)

    def restart_centre(self) -> None:
        """Stop the centre, and start another one on its folder."""
        self.centre.stop()
        self.centre = self._started()

    def end(self) -> None:
        """Stop everything."""
        self.node.stop()
        self.centre.stop()

    def _started(self) -> Centre:
        settings = MqttSettings("127.0.0.1", self.broker.port, "centre")
        centre = Centre(self.folder, settings, clock=self.clock)
        centre.start()
        return centre


@contextmanager
def journey(folder: Path) -> Iterator[Journey]:
    with (
        running(NATS, folder) as broker,
        Line("127.0.0.1", broker.port) as line,
    ):
        made = Journey(folder, broker, line)
        try:
            yield made
        finally:
            made.end()


def test_a_booking_is_checked_in_by_its_code_whatever_the_line_does(tmp_path: Path) -> None:
    with journey(tmp_path) as site:
        kept, moved, late = site.book(0), site.book(15), site.book(30, "HEN-2026")
        for code in (kept, moved, late):
            site.comes_to(code, "delivered")

        site.line.cut()
        site.broker.kill()
        site.broker.wipe()
        assert site.check_in(late).status_code == 200
        assert site.ask("DELETE", f"/{late}").status_code == 204, "the centre cannot know"
        to = {"service": "2", "slot": "2026-11-23T10:30:00+07:00"}
        assert site.ask("PUT", f"/{moved}", json=to).status_code == 200
        new = site.book(30)
        assert site.state(late) == ("cancelled", False)
        assert site.state(moved) == ("booked", False)
        assert site.check_in(new).status_code != 200
        site.restart_centre()
        site.broker.start()
        site.line.up()

        site.comes_to(late, "checked_in")
        for code in (kept, moved, new):
            site.comes_to(code, "delivered")
        assert site.ask("DELETE", f"/{kept}").status_code == 204
        site.comes_to(kept, "cancelled")
        assert site.check_in(kept).status_code != 200
        assert site.check_in(new).status_code == 200
        site.does(SignIn("1"))
        site.does(OpenCounter("1"))
        site.does(CallNext("1"))
        until(lambda: "called" in {site.state(late)[0], site.state(new)[0]}, 30)

        at_hub = {
            code: (booked.service, booked.number is not None)
            for code, booked in site.node.hub.house.live.appointments.items()
        }
        assert at_hub == {late: ("1", True), moved: ("2", False), new: ("1", True)}
