"""`thutu-satellite --config satellite.toml`: the devices of a further machine, for a hub."""

import logging
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from uuid import uuid4

from gpiozero.pins import Factory
from msgspec import Struct

from contract.commands import Actor, Answer, AnyCommand, Rate
from contract.ids import Name
from contract.refusals import Refused
from edge.control_settings import ControlSettings
from edge.controls import Controls
from edge.devices.input_device import InputDevice
from edge.devices.keypad import OpenInput
from edge.satellite.paper_memory import PaperMemory
from edge.satellite.printer import SatellitePrinter
from edge.settings import PrinterSettings
from edge.store.journal import StoreError
from runtime.clock import Clock, SystemClock
from runtime.data_owner import become_owner_of
from runtime.device_reports import DeviceReports
from runtime.folder_lock import FolderInUseError, FolderLock
from runtime.hub_client import HubClient, HubError, HubUnreachable, Silence
from runtime.hub_program import run_beside_hub
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import SettingsError

logger = logging.getLogger(__name__)

RATING_S = 3.0  # later it would be taken for the next citizen's
_RATE_AGAIN_S = 0.25


class SatelliteSettings(ControlSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub is, the file with this machine's token (role display), and its devices.

    The token of each device lies beside that file: `pad-3.token` (role pad), `ticket-buttons.token`
    (role kiosk), `printer-2.token` (role printer), and one named as each keypad (role keypad, or
    kiosk without a counter), so that none may do more than it is there for. In `data` a printer
    remembers what it was given.
    """

    hub: str
    token_file: Path
    printer: PrinterSettings | None = None
    data: Path | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.devices and self.printer is None:
            raise ValueError("a satellite without pads, ticket_buttons, keypads and a printer")
        if self.printer is not None and self.data is None:
            raise ValueError("a satellite's printer needs `data`, a folder to remember slips in")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    watchdog = Watchdog(ServiceManager())
    watched = partial(run, watchdog=watchdog)
    return run_beside_hub(
        "thutu-satellite", SatelliteSettings, watched, arguments, watchdog=watchdog
    )


def run(
    settings: SatelliteSettings,
    client: HubClient,
    open_input: OpenInput = InputDevice,
    *,
    watchdog: Watchdog | None = None,
    pins: Factory | None = None,
    clock: Clock | None = None,
) -> None:
    """Drive the devices until `client` is closed; `watchdog` watches the printer's list of slips.

    `pins` takes the place of the settings' pin library, for buttons that are simulated.

    Raises OSError for a token file that cannot be read, SettingsError for pins that do not fit and
    for a folder that cannot be used.
    """
    with _printing(settings, watchdog or Watchdog(ServiceManager({}))):
        _drive_buttons(settings, client, open_input, pins, clock or SystemClock())


@contextmanager
def _printing(settings: SatelliteSettings, watchdog: Watchdog) -> Iterator[None]:
    if settings.printer is None or settings.data is None:
        yield
        return
    device = settings.printer.device
    token = _token(settings.token_file.parent, device)
    become_owner_of(settings.data)
    try:
        with FolderLock(settings.data):
            memory = PaperMemory(settings.data / f"{device}.slips")
            turned = watchdog.loop()
            client = HubClient(settings.hub, token, turned=turned, ca_file=settings.ca_file)
            printer = SatellitePrinter(settings.printer, client, memory, turned=turned)
            with closing(printer):
                yield
    except (FolderInUseError, StoreError) as error:
        raise SettingsError(str(error)) from error


def _drive_buttons(
    settings: SatelliteSettings,
    client: HubClient,
    open_input: OpenInput,
    pins: Factory | None,
    clock: Clock,
) -> None:
    couriers = Couriers(settings, clock)
    reports = DeviceReports(client)
    try:
        controls = Controls(
            settings,
            couriers.give,
            reports.put,
            clock,
            printer_of=couriers.printer_of,
            open_input=open_input,
            pins=pins,
        )
        try:
            for picture in client.stream():
                if isinstance(picture, Silence):
                    logger.warning("the buttons go dark, for the hub is silent: %s", picture.cause)
                    couriers.lost()
                    controls.show(None)
                else:
                    couriers.found()
                    controls.show(picture)
        finally:
            controls.close()
    finally:
        reports.close()
        couriers.close()


class _Catalogue(Struct, frozen=True):
    """What a satellite needs of the site's catalogue: where the asker's slips come out."""

    printer: Name | None = None


class Couriers:
    """Carries the commands of each device to the hub, with its own token and in its own time.

    While the hub is silent everything but a rating is refused at once, and a rating that could not
    be sent for RATING_S is given up: nothing that was pressed is done later in secret.
    """

    def __init__(self, settings: SatelliteSettings, clock: Clock) -> None:
        """Read the devices' tokens. Raises OSError when one is missing."""
        folder = settings.token_file.parent
        tokens = {name: _token(folder, name) for name in settings.devices}
        self._hub = settings.hub
        self._clock = clock
        self._silent = True
        self._closing = Event()
        client = partial(HubClient, settings.hub, ca_file=settings.ca_file)
        self._clients = {name: client(token) for name, token in tokens.items()}
        self._once = {name: client(token, attempts=1) for name, token in tokens.items()}
        self._threads = {name: ThreadPoolExecutor(1, name) for name in tokens}
        self._issuing = settings.issuing_devices
        self._printers: dict[str, str | None] = {}

    def lost(self) -> None:
        """The hub is silent."""
        self._silent = True
        self._printers.clear()

    def found(self) -> None:
        """The hub speaks; ask it, unless that is known, where the devices' slips come out."""
        self._silent = False
        for device in self._issuing:
            if device not in self._printers:
                with suppress(HubError):  # dark until the hub can say
                    catalogue = self._once[device].read("/api/catalogue", _Catalogue)
                    self._printers[device] = catalogue.printer

    def printer_of(self, device: str) -> str | None:
        """The printer of a device's slips; None when it has none, or none is known."""
        return self._printers.get(device)

    def give(self, actor: Actor, command: AnyCommand) -> "Future[Answer | Refused]":
        """Send a command of a device; the future has the hub's reply, or a HubError."""
        thread = self._threads[actor.id]
        if isinstance(command, Rate):
            return thread.submit(self._rate, actor.id, command, self._clock.stamp().mono_ns)
        if self._silent:
            refused: Future[Answer | Refused] = Future()
            refused.set_exception(HubUnreachable(self._hub))
            return refused
        return thread.submit(self._clients[actor.id].command, command)

    def close(self) -> None:
        """Give up what is under way."""
        self._closing.set()
        for client in (*self._clients.values(), *self._once.values()):
            client.close()
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=True)

    def _rate(self, pad: str, rate: Rate, pressed_ns: int) -> Answer | Refused:
        command_id = uuid4()
        while (self._clock.stamp().mono_ns - pressed_ns) / 1e9 < RATING_S:
            try:
                return self._once[pad].command(rate, command_id)
            except HubUnreachable:
                if self._closing.wait(_RATE_AGAIN_S):
                    break
        raise HubUnreachable(self._hub)


def _token(folder: Path, device: str) -> str:
    return (folder / f"{device}.token").read_text("ascii").strip()


if __name__ == "__main__":
    sys.exit(main())
