"""A further small computer in a simulated hall: a printer, lit buttons that give numbers, and the
rating pad of the first counter with its lights."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from gpiozero.pins.mock import MockFactory

from contract.commands import Actor, Answer, AnyCommand, IssueTicket
from contract.site_rules import Rules
from contract.snapshot import Snapshot
from edge.control_settings import TICKET_BUTTONS, PadSettings, ServiceButton, pad_name
from edge.devices.printer_profile import PrinterProfile
from edge.node import Node
from edge.satellite.__main__ import SatelliteSettings, run
from edge.settings import PrinterSettings
from runtime.clock import Clock
from runtime.hub_client import HubClient, Refusal, Silence
from simulation.pads import press
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort

PRINTER = "printer-2"
PRINTS_ON = {TICKET_BUTTONS: PRINTER}

_PINS = ((17, 27), (22, 23), (24, 25), (5, 6))  # button and light
_PAD_PINS = (12, 13, 16, 18, 19)
_PAD_LIGHTS = (20, 21, 26, 4, 7)
_SHARE_AT_BUTTONS = 0.15


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
        self.pad_counter = rules.counters[0].id
        levels = rules.rating_levels
        self._pad = PadSettings(self.pad_counter, _PAD_PINS[:levels], _PAD_LIGHTS[:levels])
        self._pins = MockFactory()
        self._running: tuple[_FollowedClient, threading.Thread] | None = None
        self._token = ""
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def is_on(self) -> bool:
        """Whether the program runs."""
        return self._running is not None

    @property
    def lights(self) -> dict[str, bool]:
        """Which services' buttons are lit."""
        return {b.service: self.is_on and self._is_lit(b.led_pin) for b in self._buttons}

    @property
    def pad_lights(self) -> tuple[bool, ...]:
        """Which buttons of the rating pad are lit, the worst level first."""
        return tuple(self.is_on and self._is_lit(pin) for pin in self._pad.led_pins)

    @property
    def shows_row(self) -> int:
        """The journal row as of which its lights are, 0 while it is off."""
        return 0 if self._running is None else self._running[0].shown_row

    def admit(self, node: Node) -> None:
        """Put the devices' tokens of a new hub into their files."""
        for actor in (
            Actor("satellite", "display"),
            Actor(PRINTER, "printer"),
            Actor(TICKET_BUTTONS, "kiosk"),
            Actor(pad_name(self.pad_counter), "pad", self.pad_counter),
        ):
            name, token = actor.id, node.access.add_device(actor)
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
            pads=(self._pad,),
        )
        client = _FollowedClient(hub, settings.token_file.read_text("ascii"))
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
        if button is None or not self.is_on or not self._is_lit(button.led_pin):
            return False
        press(self._pins, button.pin, finger, self._clock)
        return True

    def press_rating(self, level: int, finger: Random) -> None:
        """Press a button of the rating pad, lit or not."""
        press(self._pins, self._pad.pins[level - 1], finger, self._clock)

    def close(self) -> None:
        """Switch everything off."""
        self.switch_off()
        self._port.close()
        self._virtual.close()

    def _is_lit(self, pin: int | None) -> bool:
        return pin is not None and bool(self._pins.pin(pin).state)


class _FollowedClient(HubClient):
    """A client that knows which picture its program has shown last."""

    shown_row = 0

    def stream(self, *, training: bool = False) -> Iterator[Snapshot | Silence]:
        for picture in super().stream(training=training):
            yield picture  # and back here once it has been shown
            if not isinstance(picture, Silence):
                self.shown_row = picture.seq


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
