"""`thutu-satellite --config satellite.toml`: the buttons of a further machine, for a hub."""

import logging
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import evdev

from contract.commands import Actor, Answer, AnyCommand, Rate
from contract.refusals import Refused
from edge.control_settings import ControlSettings
from edge.controls import Controls
from edge.devices.keypad import OpenInput
from runtime.clock import SystemClock
from runtime.device_reports import DeviceReports
from runtime.hub_client import HubClient, HubUnreachable, Silence
from runtime.hub_program import run_beside_hub

logger = logging.getLogger(__name__)


class SatelliteSettings(ControlSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the hub is, the file with this machine's token (role display), and its buttons.

    The token of each device lies beside that file: `pad-3.token` (role pad), `ticket-buttons.token`
    (role kiosk), and one named as each keypad, so that none may do more than it is there for.
    """

    hub: str
    token_file: Path

    def __post_init__(self) -> None:
        if not self.devices:
            raise ValueError("a satellite without pads, ticket_buttons and keypads")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    return run_beside_hub("thutu-satellite", __doc__, SatelliteSettings, run, arguments)


def run(
    settings: SatelliteSettings, client: HubClient, open_input: OpenInput = evdev.InputDevice
) -> None:
    """Drive the buttons until `client` is closed.

    Raises OSError for a token file that cannot be read, SettingsError for pins that do not fit.
    """
    couriers = Couriers(settings.hub, settings.token_file.parent, settings.devices)
    reports = DeviceReports(client)
    try:
        controls = Controls(
            settings, couriers.give, reports.put, SystemClock(), open_input=open_input
        )
        try:
            for picture in client.stream():
                if isinstance(picture, Silence):
                    logger.warning("the buttons go dark, for the hub is silent: %s", picture.cause)
                    couriers.silent = True
                    controls.show(None)
                else:
                    couriers.silent = False
                    controls.show(picture)
        finally:
            controls.close()
    finally:
        reports.close()
        couriers.close()


class Couriers:
    """Carries the commands of each device to the hub, with its own token and in its own time.

    While the hub is `silent` everything but a rating is refused at once: nothing that was pressed
    is done later in secret.
    """

    def __init__(self, hub: str, folder: Path, devices: Iterable[str]) -> None:
        """Read the devices' tokens. Raises OSError when one is missing."""
        tokens = {name: (folder / f"{name}.token").read_text("ascii").strip() for name in devices}
        self.silent = True
        self._hub = hub
        self._clients = {name: HubClient(hub, token) for name, token in tokens.items()}
        self._threads = {name: ThreadPoolExecutor(1, name) for name in tokens}

    def give(self, actor: Actor, command: AnyCommand) -> "Future[Answer | Refused]":
        """Send a command of a device; the future has the hub's reply, or a HubError."""
        if self.silent and not isinstance(command, Rate):
            refused: Future[Answer | Refused] = Future()
            refused.set_exception(HubUnreachable(self._hub))
            return refused
        return self._threads[actor.id].submit(self._clients[actor.id].command, command)

    def close(self) -> None:
        """Give up what is under way."""
        for client in self._clients.values():
            client.close()
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=True)


if __name__ == "__main__":
    sys.exit(main())
