"""What a node hands on to and from the machines beside it: its clock, and what they run."""

from pathlib import Path

import httpx
from msgspec.structs import replace

from contract.commands import Actor, Answer, IssueTicket
from contract.slips import Slips, SlipView
from contract.wire import SiteMachine
from edge.node import Node
from edge.settings import Http, HubSettings
from runtime.hub_client import HubClient
from runtime.mqtt import MqttSettings
from tests.brokers import MOSQUITTO, Broker
from tests.edge.running_site import CLERK, RULES, TestClock
from tests.edge.standin_centre import StandInCentre
from tests.waiting import until

NODE = "01-00097-01-h1"


def test_a_satellites_slips_grow_old_by_the_nodes_own_clock(tmp_path: Path) -> None:
    rules = replace(RULES, prints_on={"kiosk-2": "printer-2"})
    clock = TestClock()
    node = Node(HubSettings(NODE, tmp_path, rules, http=Http(port=0)), clock)
    node.start()
    try:
        kiosk = HubClient(node.url, node.access.add_device(Actor("kiosk-2", "kiosk")))
        issued = kiosk.command(IssueTicket(("1",)))
        assert isinstance(issued, Answer)
        kiosk.close()
        printer = node.access.add_device(Actor("printer-2", "printer"))
        assert [slip.number for slip in first_slips(node, printer)] == [issued.number]
        clock.later(rules.reprint_within_min * 60 + 1)
        assert first_slips(node, printer) == ()
    finally:
        node.stop()


def test_the_centre_hears_what_machines_run_and_of_no_person(tmp_path: Path) -> None:
    broker = Broker(MOSQUITTO, tmp_path / "broker")
    uplink = MqttSettings("127.0.0.1", broker.port, NODE, reconnect_within_s=0.3)
    settings = HubSettings(NODE, tmp_path, RULES, http=Http(port=0), uplink=uplink)
    node = Node(settings, TestClock())
    node.start()
    try:
        node.access.set_pin(CLERK.id, "clerk", "150290")
        session = node.access.sign_in(CLERK.id, "150290")
        assert session is not None
        speak(node, "127.0.0.2", session.token, "thutu/7.7")
        hall = node.access.add_device(Actor("hall", "display"))
        speak(node, "127.0.0.3", hall, "thutu/7.8")
        broker.start()
        with StandInCentre(broker.port) as centre:
            until(lambda: len(centre.statuses) > 0, within_s=20)
        assert centre.statuses[0].machines == (
            SiteMachine("127.0.0.2", "7.7"),
            SiteMachine("127.0.0.3", "7.8", "hall"),
        )
    finally:
        node.stop()
        broker.kill()


def speak(node: Node, address: str, token: str, agent: str) -> None:
    """Look at the queue as a program on a machine at `address`."""
    headers = {"Authorization": f"Bearer {token}", "User-Agent": agent}
    lines = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=node.url, transport=lines, headers=headers, timeout=30) as client:
        client.get("/api/snapshot").raise_for_status()


def first_slips(node: Node, token: str) -> tuple[SlipView, ...]:
    """What a printer that begins to follow is told at once."""
    printer = HubClient(node.url, token)
    found: tuple[SlipView, ...] = ()
    for told in printer.slips():
        if isinstance(told, Slips):
            found = told.slips
        printer.close()
    return found
