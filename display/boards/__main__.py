"""`thutu-boards --config boards.toml`: the counter displays of a site show what its hub says."""

import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from contract.snapshot import CounterView
from display.boards.bus import BoardBus
from display.boards.drivers import AnyBoard, EightDigits
from display.boards.line import is_spi
from runtime.clock import SystemClock
from runtime.device_reports import DeviceReports
from runtime.hub_client import HubClient, Silence
from runtime.hub_program import run_beside_hub
from runtime.service_manager import ServiceManager, Watchdog

logger = logging.getLogger(__name__)


class Bus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line and the displays on it; `port` is an adapter's path in /dev/serial/by-path.

    Modules with a MAX7219 are on SPI instead, such as /dev/spidev0.0, where `baud` means nothing.
    """

    port: str
    boards: tuple[AnyBoard, ...]
    baud: int = 9600

    def __post_init__(self) -> None:
        if not self.boards:
            raise ValueError("a bus without boards")
        on_spi = [board for board in self.boards if isinstance(board, EightDigits)]
        if len(on_spi) != (len(self.boards) if is_spi(self.port) else 0):
            raise ValueError(f"{self.port}: max7219 boards, and only they, are on /dev/spidev…")
        places = {(board.address, board.chain) for board in on_spi}
        if len(places) < len(on_spi) or len({chain for _, chain in places}) > 1:
            raise ValueError(f"{self.port}: one chain, and each module in a place of its own")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings file: where the hub is, the file with this program's token, and the lines."""

    hub: str
    token_file: Path
    buses: tuple[Bus, ...]
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        names = [board.device for bus in self.buses for board in bus.boards]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two displays are called {twice[0]}: give each a name of its own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    watchdog = Watchdog(ServiceManager())
    watched = partial(run, watchdog=watchdog)
    return run_beside_hub("thutu-boards", Settings, watched, arguments, watchdog=watchdog)


def run(settings: Settings, client: HubClient, watchdog: Watchdog | None = None) -> None:
    """Show every picture of the hub, and nothing while it is silent, until `client` is closed.

    `watchdog` watches the loop of every line.
    """
    clock = SystemClock()
    reports = DeviceReports(client)
    watchdog = watchdog or Watchdog(ServiceManager({}))
    buses = [
        BoardBus(bus.port, bus.boards, reports.put, clock, baud=bus.baud, turned=watchdog.loop())
        for bus in settings.buses
    ]
    try:
        for picture in client.stream():
            counters: tuple[CounterView, ...] = ()
            if isinstance(picture, Silence):
                logger.warning("the displays go dark, for the hub is silent: %s", picture.cause)
            else:
                counters = picture.counters
            for bus in buses:
                bus.show(counters)
    finally:
        for bus in buses:
            bus.close()
        reports.close()


if __name__ == "__main__":
    sys.exit(main())
