"""A further small computer in a simulated hall: a printer, and lit buttons that give numbers."""

import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

from gpiozero.pins.mock import MockFactory

from contract.commands import Actor, Answer, AnyCommand, IssueTicket, Role
from contract.snapshot import Snapshot
from edge.control_settings import TICKET_BUTTONS, ServiceButton
from edge.core.rules import Rules
from edge.devices.printer_profile import PrinterProfile
from edge.node import Node
from edge.satellite.__main__ import SatelliteSettings, run
from edge.settings import PrinterSettings
from runtime.clock import Clock
from runtime.hub_client import HubClient, Refusal
from simulation.pads import press
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort

PRINTER = "printer-2"
PRINTS_ON = {TICKET_BUTTONS: PRINTER}

_PINS = ((17, 27), (22, 23), (24, 25), (5, 6))  # button and light
_SHARE_AT_BUTTONS = 0.15
_DEVICES: tuple[tuple[str, Role], ...] = (
    ("satellite", "display"),
    (PRINTER, "printer"),
    (TICKET_BUTTONS, "kiosk"),
)


class SimulatedSatellite:
    """The real satellite program, with a virtual printer and pins that can be pushed and seen."""

    def __init__(
        self, rules: Rules, folder: Path, clock: Clock, keep_slip: Callable[[Slip], None]
    ) -> None:
        """The first services have a button each; `keep_slip` takes what comes out of the printer,
        and `folder` keeps the tokens and what the printer remembers."""
        self._folder = folder
        self._clock = clock
        self._virtual = VirtualPrinter(PrinterModel(), clock, keep_slip)
        self._port = TcpPort(self._virtual)
        self._buttons = tuple(
            ServiceButton(service.id, pin, led)
            for service, (pin, led) in zip(rules.services, _PINS, strict=False)
        )
        self._pins = MockFactory()
        self._running: tuple[HubClient, threading.Thread] | None = None
        self._token = ""
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def is_on(self) -> bool:
        """Whether the program runs."""
        return self._running is not None

    @property
    def lights(self) -> dict[str, bool]:
        """Which services' buttons are lit."""
        return {b.service: self.is_on and self._is_lit(b) for b in self._buttons}

    def admit(self, node: Node) -> None:
        """Put the devices' tokens of a new hub into their files."""
        for name, role in _DEVICES:
            token = node.access.add_device(Actor(name, role))
            (self._folder / f"{name}.token").write_text(token, "ascii")

    def switch_on(self, hub: str) -> None:
        """Start the program, which looks for its hub at the address `hub`."""
        if self._running is not None:
            return
        self._pins = MockFactory()
        host, port = self._port.address
        settings = SatelliteSettings(
            hub=hub,
            token_file=self._folder / "satellite.token",
            data=self._folder,
            printer=PrinterSettings(
                f"tcp://{host}:{port}",
                device=PRINTER,
                profile=PrinterProfile(proof="process-id"),
            ),
            ticket_buttons=self._buttons,
        )
        client = HubClient(hub, settings.token_file.read_text("ascii"))
        thread = threading.Thread(
            target=run,
            args=(settings, client),
            kwargs={"pins": self._pins, "clock": self._clock},
            name="satellite",
        )
        self._running = client, thread
        thread.start()

    def switch_off(self) -> None:
        """Stop the program, and all its lights."""
        if self._running is not None:
            client, thread = self._running
            self._running = None
            client.close()
            thread.join()

    def push(self, service: str, finger: Random) -> bool:
        """Push a service's button if it is lit; whether it was."""
        button = next((b for b in self._buttons if b.service == service), None)
        if button is None or not self.is_on or not self._is_lit(button):
            return False
        press(self._pins, button.pin, finger, self._clock)
        return True

    def close(self) -> None:
        """Switch everything off."""
        self.switch_off()
        self._port.close()
        self._virtual.close()

    def _is_lit(self, button: ServiceButton) -> bool:
        return button.led_pin is not None and bool(self._pins.pin(button.led_pin).state)


class KioskBesideButtons:
    """Where citizens of a hall take a number: most at the kiosk, some at the buttons beside it.

    Who wants no more than a number of a lit button's service may push it; whoever finds it dark or
    gets nothing goes to the kiosk.
    """

    def __init__(
        self,
        kiosk: HubClient,
        satellite: SimulatedSatellite,
        number_from_button: Callable[[Callable[[], bool]], Answer | None],
        random: Random,
    ) -> None:
        """`number_from_button(push)` pushes, waits, and returns what came of it, if anything."""
        self._kiosk = kiosk
        self._satellite = satellite
        self._number_from_button = number_from_button
        self._random = random

    def command(self, command: AnyCommand, /) -> Answer | Refusal:
        """Take a number, or do at the kiosk what only a kiosk can."""
        at_the_buttons = self._random.random() < _SHARE_AT_BUTTONS
        if at_the_buttons and isinstance(command, IssueTicket) and _is_plain(command):
            service = command.services[0]
            answer = self._number_from_button(lambda: self._satellite.push(service, self._random))
            if answer is not None:
                return answer
        return self._kiosk.command(command)

    def snapshot(self) -> Snapshot:
        """The whole picture."""
        return self._kiosk.snapshot()


def _is_plain(command: IssueTicket) -> bool:
    return command == IssueTicket(command.services[:1])
