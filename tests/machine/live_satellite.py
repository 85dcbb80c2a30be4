"""A satellite from a blank card: it installs itself, and serves a hub at the end of a cable.

`make test-machine` runs this, in order. The hub runs on the computer that tests.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from contract import commands as c
from contract.commands import Actor, Answer, Order
from edge.__main__ import main as hub_tool
from edge.node import Node
from edge.settings import PREFIX, HubSettings
from edge.site_certificate import SiteCertificate
from runtime.clock import SystemClock
from runtime.settings import load_settings
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.brokers import free_port
from tests.edge.hub_toml import TWO_COUNTERS
from tests.machine.card import CACHE, SITE, make_machines_disks
from tests.machine.centre import SLOW_START_S
from tests.machine.machine import Machine

NAME = "satellite-2"
THE_HUB = "10.0.2.2"  # as the machine knows the computer that tests
KIOSK, CLERK = Actor("kiosk-1", "kiosk"), Actor("nv01", "clerk")
PROGRAMS = ("satellite", "boards")
SETTINGS = {
    "satellite": """token_file = "satellite/satellite.token"
data = "/var/lib/thutu-satellite"
[printer]
device = "printer-2"
url = "serial:/dev/ttyS1?baud=19200"
""",
    "boards": """token_file = "boards.token"
[[buses]]
port = "/dev/ttyS2"
boards = [{ driver = "modbus-digits", counter = "1", address = 1 }]
""",
}

pytestmark = pytest.mark.timeout(3600)


class Ground:
    """A site with its hub here, a satellite in a machine, its printer's paper and its panel."""

    def __init__(self, folder: Path, port: TcpPort, slips: list[Slip]) -> None:
        self.slips = slips
        self.panel = ModbusPanel(1)
        self.line = BoardLine(folder / "boards", [self.panel], SystemClock())
        config = folder / "hub.toml"
        http = free_port()
        served = TWO_COUNTERS.replace("[http]\nport = 0", f"[http]\nport = {http}\ntls = true")
        config.write_text(f'{served}prints_on = {{ kiosk-1 = "printer-2" }}\n', "utf-8")
        settings = load_settings(config, HubSettings, PREFIX, environment={})
        SiteCertificate(settings.data / "tls", settings.node, SystemClock()).create(SITE, [THE_HUB])
        hub = f'hub = "https://{THE_HUB}:{http}"\nca_file = "site-ca.pem"\n'
        for name, text in SETTINGS.items():
            (folder / f"{name}.toml").write_text(hub + text, "utf-8")
        paths = [folder / f"{name}.toml" for name in SETTINGS]
        devices = make_machines_disks(folder, NAME, paths, settings.data / "tls/ca.pem")
        self.node = Node(settings, SystemClock())
        self.node.start()
        assert hub_tool(["--config", str(config), "add-devices", str(devices)]) == 0
        self.machine = Machine(CACHE, folder, port.address[1], self.line.path, network_card=True)

    def has_started(self) -> bool:
        """Whether systemd holds its programs for started; they have said READY=1 then."""
        units = " ".join(f"thutu-{name}" for name in PROGRAMS)
        return {*self.machine.try_to(f"systemctl is-active {units}").output.split()} == {"active"}

    def plug_in(self) -> None:
        """Let the machine have its network card, and an address of whoever is behind it."""
        self.machine.run(
            "mkdir -p /run/systemd/network && cat >/run/systemd/network/cable.network"
            " && systemctl restart systemd-networkd",
            "[Match]\nType=ether\n[Network]\nDHCP=ipv4\n",
        )

    def give(self, command: c.AnyCommand, actor: Actor) -> Answer:
        """Carry out a command."""
        reply = self.node.hub.submit(Order(uuid4().bytes, actor, command)).result(30)
        assert isinstance(reply, Answer), reply
        return reply

    def close(self) -> None:
        """Switch everything off."""
        self.machine.cut_power()
        self.node.stop()
        self.line.unplug()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A card as thutu-image-machine leaves it, switched on for the first time."""
    folder = tmp_path_factory.mktemp("satellite")
    slips: list[Slip] = []
    with (
        closing(VirtualPrinter(PrinterModel(), SystemClock(), slips.append)) as printer,
        closing(TcpPort(printer)) as port,
        closing(Ground(folder, port, slips)) as ground,
    ):
        ground.machine.set_itself_up()
        ground.machine.wait_for(ground.has_started, SLOW_START_S)
        yield ground


def test_a_blank_card_makes_itself_a_satellite_before_there_is_a_network(ground: Ground) -> None:
    machine = ground.machine
    assert machine.run("hostname") == f"thutu-{SITE}-{NAME}"
    assert machine.run("find /boot/firmware/thutu/tokens -type f") == ""
    rights = machine.run("cd /etc/thutu && stat -c '%a %U %G %n' satellite/* *.token site-ca.pem")
    assert rights.splitlines() == [
        "640 root thutu satellite/printer-2.token",
        "640 root thutu satellite/satellite.token",
        "600 root root boards.token",
        "644 root root site-ca.pem",
    ]


def test_its_printer_and_its_panel_serve_the_hub_when_the_cable_comes(ground: Ground) -> None:
    ground.plug_in()
    ground.give(c.IssueTicket(("1",)), KIOSK)
    took_s = ground.machine.wait_for(lambda: len(ground.slips) > 0)
    ground.give(c.SignIn("1"), CLERK)
    ground.give(c.OpenCounter("1"), CLERK)
    called = ground.give(c.CallNext("1"), CLERK).number
    ground.machine.wait_for(lambda: ground.panel.shown == called)
    for command in (c.StartService("1"), c.FinishService("1")):
        ground.give(command, CLERK)
    print(f"\n  printed after {took_s:.0f} s; the panel shows {ground.panel.shown}")


def test_after_a_power_cut_it_serves_again(ground: Ground) -> None:
    printed = len(ground.slips)
    ground.machine.cut_power()
    number = ground.give(c.IssueTicket(("1",)), KIOSK).number
    ground.machine.switch_on()
    ground.machine.wait_for(ground.has_started, SLOW_START_S)
    ground.plug_in()
    ground.machine.wait_for(lambda: len(ground.slips) > printed)
    assert ground.give(c.CallNext("1"), CLERK).number == number
    ground.machine.wait_for(lambda: ground.panel.shown == number)
