"""A simulated centre: the real hub and displays with virtual hardware, and people who use them."""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from gpiozero.pins.mock import MockFactory
from msgspec.structs import replace

from contract.commands import Actor, Answer, Rate, Role
from contract.snapshot import SlipState
from edge.devices.printer_profile import PrinterProfile
from edge.devices.rating_pad import RatingPad
from edge.node import Node
from edge.settings import Http, HubSettings, PrinterSettings
from runtime.clock import SystemClock
from runtime.hub_client import HubClient
from runtime.mqtt import MqttSettings
from runtime.wording import say
from simulation.clock import SimulatedClock, SimulatedTime
from simulation.displays import Displays
from simulation.line import Line
from simulation.pads import press
from simulation.people import Client
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from simulation.satellite import PRINTER, KioskBesideButtons, SimulatedSatellite

FAULTS = (
    *("paper-low", "paper-out", "paper", "cover-open", "cover-close", "printer-off", "printer-on"),
    *("boards-unplug", "boards-plug", "line-cut", "line-up", "hub-restart"),
    *("satellite-off", "satellite-on"),
)

_FIRST_PAD_PIN = 5
_SLIP_S = 10.0
_BUTTON_S = 5.0
_LOOK_S = 0.005
_NEARLY_EMPTY_MM = 1_000.0
_RECONNECT_S = 2.0  # a simulated day has no two minutes to spare


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """Where a simulated site leaves what it makes."""

    root: Path

    @property
    def data(self) -> Path:
        """The hub's journal and other stores."""
        return self.root / "hub"

    @property
    def tickets(self) -> Path:
        """The slips that came out, as PNG."""
        return self.root / "tickets"


class SimulatedSite:
    """One centre: hub, printer, counter displays and rating pads, reached as the real ones are."""

    def __init__(
        self,
        settings: HubSettings,
        files: SiteFiles,
        time: SimulatedTime,
        broker: MqttSettings,
        seed: int,
    ) -> None:
        """`broker` is the centre's; `settings` need no data folder, printer or uplink yet."""
        self.files = files
        self.rules = settings.site
        self._line = Line(broker.host, broker.port)
        self.line_is_up = False
        self.slips: list[Slip] = []
        self._time = time
        self._real = SystemClock()
        self._boots = 0
        self._sent_before = 0
        self._fingers = Random(seed)
        files.tickets.mkdir(parents=True, exist_ok=True)
        self._hub_changed = threading.Condition()
        self._printer = VirtualPrinter(PrinterModel(), self._new_boot(), self._keep_slip)
        self._printer_port = TcpPort(self._printer)
        notices = (say("demo.notice"),)
        self.displays = Displays(self.rules, files.root, self._new_boot(), notices)
        host, port = self._printer_port.address
        self._settings = replace(
            settings,
            data=files.data,
            http=Http(port=0),
            printer=PrinterSettings(
                f"tcp://{host}:{port}", profile=PrinterProfile(proof="process-id")
            ),
            uplink=replace(
                broker, host="127.0.0.1", port=self._line.port, reconnect_within_s=_RECONNECT_S
            ),
        )
        self._clients: list[HubClient] = []
        self.satellite: SimulatedSatellite | None = None
        self.connect()
        self._start()
        if PRINTER in self.rules.prints_on.values():
            self.satellite = SimulatedSatellite(
                self.rules, files.root / "satellite", self._new_boot(), self._keep_slip
            )
            self.satellite.admit(self._node)
            self.satellite.switch_on(self._node.url)
        at_satellite = None if self.satellite is None else self.satellite.pad_counter
        self._pads = {
            counter.id: self._pad(counter.id)
            for counter in settings.site.counters
            if counter.id != at_satellite
        }

    @property
    def node(self) -> Node:
        """The hub that runs now."""
        return self._node

    def kiosk_url(self, name: str) -> str:
        """Where a new kiosk of this name opens its page."""
        return f"{self._node.url}/#{self._node.access.add_device(Actor(name, 'kiosk'))}"

    def tablet_url(self, counter: str) -> str:
        """Where a new rating tablet of this counter opens its page."""
        tablet = Actor(f"tablet-{counter}", "pad", counter)
        return f"{self._node.url}/pad#{self._node.access.add_device(tablet)}"

    @property
    def events_sent(self) -> int:
        """How many journal rows went to the broker over all boots, repeats included."""
        return self._sent_before + self._node.events_sent

    def device(self, name: str, role: Role) -> Client:
        """A client with a new device's token; a kiosk has the satellite's buttons beside it."""
        token = self._node.access.add_device(Actor(name, role))
        client = self._client(token)
        if role != "kiosk" or self.satellite is None:
            return client
        random = Random(f"{self.rules.site} {name}")
        return KioskBesideButtons(client, self.satellite, self._number_from_button, random)

    def pin(self, name: str, role: Role) -> str:
        """The PIN of a new member of staff."""
        pin = f"{secrets.randbelow(10**8):08d}"
        self._node.access.set_pin(name, role, pin)
        return pin

    def staff(self, name: str, role: Role) -> HubClient:
        """A client with the session of a new member of staff."""
        pin = self.pin(name, role)
        session = self._node.access.sign_in(name, pin)
        if session is None:
            raise AssertionError(f"{name} cannot sign in")
        return self._client(session.token)

    def take_slip(self, number: str) -> None:
        """Wait for the printer to say what became of a slip, as the citizen does, and take it if
        it came out."""
        with self._hub_changed:
            done = self._hub_changed.wait_for(lambda: self._slip(number) != "pending", _SLIP_S)
        if not done:
            raise AssertionError(f"nobody knows what became of slip {number}")
        if self._slip(number) == "printed":
            self._slip_file(len(self.slips)).rename(self.files.tickets / f"{number}.png")

    def press_rating(self, counter: str, level: int) -> None:
        """Press a button of a counter's pad; returns once the hub has taken notice."""
        if counter not in self._pads:
            self._press_at_satellite(level)
            return
        pins, _ = self._pads[counter]
        press(pins, _FIRST_PAD_PIN + level - 1, self._fingers, self._clock)

    def connect(self) -> None:
        """Bring the line to the centre up."""
        self._line.up()
        self.line_is_up = True

    def disconnect(self) -> None:
        """Cut the line to the centre."""
        self._line.cut()
        self.line_is_up = False

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        """What may happen to this site, by its name in FAULTS."""
        printer, board_line = self._printer, self.displays.board_line
        return {
            "paper-low": lambda: printer.load_paper(_NEARLY_EMPTY_MM),
            "paper-out": printer.remove_paper,
            "paper": printer.load_paper,
            "cover-open": printer.open_cover,
            "cover-close": printer.close_cover,
            "printer-off": printer.power_off,
            "printer-on": printer.power_on,
            "boards-unplug": board_line.unplug,
            "boards-plug": board_line.plug,
            "line-cut": self.disconnect,
            "line-up": self.connect,
            "hub-restart": self.restart,
            "satellite-off": self._switch_satellite_off,
            "satellite-on": self._switch_satellite_on,
        }

    def restart(self) -> None:
        """Cut the hub's power and give it back: a new boot with the same card."""
        port = int(self._node.url.rsplit(":", 1)[1])
        self._stop()
        self._sent_before += self._node.events_sent
        self._settings = replace(self._settings, http=Http(port=port))
        self._start()

    def close(self) -> None:
        """Switch everything off."""
        for _, pad in self._pads.values():
            pad.close()
        for client in self._clients:
            client.close()
        if self.satellite is not None:
            self.satellite.close()
        self._stop()
        self.displays.board_line.unplug()
        self._printer_port.close()
        self._printer.close()
        self._line.close()

    def _start(self) -> None:
        self._clock = self._new_boot()
        self._node = Node(self._settings, self._clock)
        self._node.hub.listen(self._notice)
        self._node.start()
        self.displays.start(self._node, self._clock)

    def _stop(self) -> None:
        self.displays.stop()
        self._node.stop()

    def _client(self, token: str) -> HubClient:
        client = HubClient(self._node.url, token)
        self._clients.append(client)
        return client

    def _new_boot(self) -> SimulatedClock:
        self._boots += 1
        return SimulatedClock(self._time, f"{self.rules.site}-{self._boots}")

    def _pad(self, counter: str) -> tuple[MockFactory, RatingPad]:
        # A pad of its own small computer, as where the hub's pins do not suffice.
        token = self._node.access.add_device(Actor(f"pad-{counter}", "pad", counter))
        client = self._client(token)
        pins = MockFactory()
        levels = self.rules.rating_levels
        numbers = range(_FIRST_PAD_PIN, _FIRST_PAD_PIN + levels)

        def report(rate: Rate) -> None:
            client.command(rate)

        pad = RatingPad(counter, tuple(numbers), levels, report, self._clock, pin_factory=pins)
        return pins, pad

    def _press_at_satellite(self, level: int) -> None:
        """Nobody else rates meanwhile; at a satellite that is off the press reaches nobody."""
        if self.satellite is None or not self.satellite.is_on:
            return
        satellite, before = self.satellite, self._presses()
        self._wait_until(lambda: satellite.shows_row >= self._node.hub.house.seq)
        satellite.press_rating(level, self._fingers)
        with self._hub_changed:
            self._hub_changed.wait_for(lambda: self._presses() != before, _BUTTON_S)

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        """Look every few milliseconds, for as long as somebody stays at a button."""
        began_ns = self._real.stamp().mono_ns
        while not is_so() and self._real.stamp().mono_ns - began_ns < _BUTTON_S * 1e9:
            self._real.sleep(_LOOK_S)

    def _presses(self) -> int:
        today = self._node.hub.house.live.today
        return today.ratings + today.presses_ignored

    def _number_from_button(self, push: Callable[[], bool]) -> Answer | None:
        """What came of a push: nobody else takes a number meanwhile."""
        before = self._numbers()
        if not push():
            return None
        with self._hub_changed:
            self._hub_changed.wait_for(lambda: self._numbers() != before, _BUTTON_S)
        new = self._numbers() - before
        return Answer(self._node.hub.house.seq, number=new.pop()) if new else None

    def _numbers(self) -> set[str]:
        return set(self._node.hub.house.live.tickets)

    def _switch_satellite_off(self) -> None:
        if self.satellite is not None:
            self.satellite.switch_off()

    def _switch_satellite_on(self) -> None:
        if self.satellite is not None:
            self.satellite.switch_on(self._node.url)

    def _slip(self, number: str) -> SlipState:
        ticket = self._node.hub.house.live.tickets.get(number)
        return "pending" if ticket is None else ticket.slip

    def _keep_slip(self, slip: Slip) -> None:
        self.slips.append(slip)
        slip.image.save(self._slip_file(len(self.slips)))

    def _slip_file(self, count: int) -> Path:
        return self.files.tickets / f"slip-{count:04d}.png"

    def _notice(self) -> None:
        with self._hub_changed:
            self._hub_changed.notify_all()
