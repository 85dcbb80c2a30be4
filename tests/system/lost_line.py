"""A centre, a broker, a line that can be cut, and a hub whose card can be thrown away."""

import logging
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest

from central.__main__ import main as run_central
from central.broker import CENTRE, EmbeddedBroker
from central.service import Centre, signing_key_of
from central.store.database import database_of
from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    IssueTicket,
    Order,
)
from edge.node import Node
from edge.settings import HubSettings
from runtime.mqtt import MqttSettings
from runtime.settings import load_settings
from simulation.line import Line
from tests.edge.running_site import TestClock

NODE = "01-00097-01-h1"
KIOSK = Actor("kiosk-1", "kiosk")
CLERK = Actor("nv01", "clerk")
SETTINGS = """
node = "01-00097-01-h1"
data = "{data}"
centre_key = "{key}"
[http]
port = 0
announce = false
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm Hồng Hà"
services = [
  {{ id = "1", series = "1", name = {{ vi = "Hộ tịch" }} }},
  {{ id = "2", series = "2", name = {{ vi = "Đất đai" }} }},
]
counters = [{{ id = "1", services = ["1", "2"] }}]
[[site.sessions]]
weekdays = [1, 2, 3, 4, 5, 6, 7]
issue_from = "00:00"
last_ticket = "23:59"
closes = "23:59"
[uplink]
host = "127.0.0.1"
port = {port}
client_id = "thutu-{node}"
username = "{node}"
password = "{password}"
protocol = "3.1.1"
reconnect_within_s = 0.2
"""


class Site:
    """A centre, a broker, a line that can be cut, and cards that can be thrown away."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.broker = stack.enter_context(EmbeddedBroker(folder / "broker", (NODE,)))
        self.clock = TestClock()
        self.centre = self._serve()
        stack.callback(self._stop)
        self.line = stack.enter_context(closing(Line(self.broker.host, self.broker.port)))
        self.line.up()

    def restore(self, backup: Path) -> None:
        """Put a backup in place of the centre's database: docs/central.md, as it is done there."""
        database = database_of(self.folder / "centre")
        self.centre.stop()
        for part in database.parent.glob("centre.db*"):
            part.unlink()
        backup.rename(database)
        self.centre = self._serve()

    def config(self, card: str) -> Path:
        """The settings of a hub on this card."""
        path = self.folder / f"{card}.toml"
        key = signing_key_of(self.folder / "centre").public_key().public_bytes_raw().hex()
        uplink = self.broker.settings(NODE)
        path.write_text(
            SETTINGS.format(
                data=card, key=key, node=NODE, port=self.line.port, password=uplink.password
            ),
            encoding="utf-8",
        )
        return path

    def centre_config(self) -> Path:
        """The settings of the centre, for its commands."""
        path = self.folder / "central.toml"
        path.write_text('[store]\nfolder = "centre"\n[embedded_broker]\n', encoding="utf-8")
        return path

    def boot(self, card: str) -> Node:
        """A hub that runs on this card."""
        settings = load_settings(self.config(card), HubSettings, "NONE", environment={})
        node = Node(settings, self.clock)
        node.start()
        return node

    def uplink(self) -> MqttSettings:
        """How the hub connects."""
        found = load_settings(self.config("any"), HubSettings, "NONE", environment={}).uplink
        assert found is not None
        return found

    def _serve(self) -> Centre:
        centre = Centre(self.folder / "centre", self.broker.settings(CENTRE), clock=self.clock)
        centre.start()
        return centre

    def _stop(self) -> None:
        self.centre.stop()


def give(node: Node, actor: Actor, command: AnyCommand) -> Answer:
    reply = node.hub.submit(Order(uuid4().bytes, actor, command)).result(10)
    assert isinstance(reply, Answer), reply
    return reply


def issue(node: Node, service: str, count: int) -> list[str]:
    return [str(give(node, KIOSK, IssueTicket((service,))).number) for _ in range(count)]


def sent(node: Node) -> Callable[[], bool]:
    """Whether the centre has confirmed everything, and nothing more comes by itself."""

    def is_sent() -> bool:
        journal, tickets = node.hub.journal, node.hub.house.live.tickets.values()
        settled = not any(ticket.print_pending for ticket in tickets)
        return settled and journal.cursor == journal.last_seq

    return is_sent


def central(monkeypatch: pytest.MonkeyPatch, config: str, *arguments: str) -> None:
    """Run a command of `thutu-central` beside the one that serves."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setattr("sys.argv", ["thutu-central", "--config", config, *arguments])
    run_central()
    logging.disable(logging.CRITICAL)
