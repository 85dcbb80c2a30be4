"""`thutu-boards --config boards.toml`: the counter displays of a site show what its hub says."""

import argparse
import logging
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from contract.commands import ReportDevice
from contract.refusals import Refused
from contract.snapshot import CounterView
from display.boards.bus import BoardBus
from display.boards.drivers import AnyBoard
from runtime.clock import SystemClock
from runtime.hub_client import HubClient, HubError, HubUnreachable, Silence
from runtime.settings import SettingsError, load_settings

logger = logging.getLogger(__name__)

_TELL_AGAIN_S = 5.0


class Bus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One serial line, by the adapter's path in /dev/serial/by-path, and the displays on it."""

    port: str
    boards: tuple[AnyBoard, ...]
    baud: int = 9600


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings file: where the hub is, the file with this program's token, and the lines."""

    hub: str
    token_file: Path
    buses: tuple[Bus, ...]

    def __post_init__(self) -> None:
        names = [board.device for bus in self.buses for board in bus.boards]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two displays are called {twice[0]}: give each a name of its own")
        if not all(bus.boards for bus in self.buses):
            raise ValueError("a bus without boards")


_LOG = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    parser = argparse.ArgumentParser(prog="thutu-boards", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = load_settings(chosen.config, Settings, "THUTU_BOARDS")
        token = settings.token_file.read_text(encoding="ascii").strip()
        client = HubClient(settings.hub, token)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=client.close).start())
        run(settings, client)
    except (SettingsError, OSError, HubError) as error:
        print(f"thutu-boards: {error}", file=sys.stderr)
        return 1
    return 0


def run(settings: Settings, client: HubClient) -> None:
    """Show every picture of the hub, and nothing while it is silent, until `client` is closed."""
    clock = SystemClock()
    reports: queue.SimpleQueue[ReportDevice | None] = queue.SimpleQueue()
    closing = threading.Event()
    teller = threading.Thread(target=_tell, args=(client, reports, closing))
    teller.start()
    buses = [
        BoardBus(bus.port, bus.boards, reports.put, clock, baud=bus.baud) for bus in settings.buses
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
        closing.set()
        for bus in buses:
            bus.close()
        reports.put(None)
        teller.join()


def _tell(
    client: HubClient, reports: "queue.SimpleQueue[ReportDevice | None]", closing: threading.Event
) -> None:
    """Tell the hub about the displays, in order, as often as it takes."""
    while (report := reports.get()) is not None:
        while not closing.is_set():
            try:
                reply = client.command(report)
            except HubUnreachable:
                closing.wait(_TELL_AGAIN_S)
                continue
            except HubError as error:
                logger.warning("%s: %s", report.device, error)
            else:
                if isinstance(reply, Refused):
                    logger.warning("%s: %s", report.device, reply.words)
            break


if __name__ == "__main__":
    sys.exit(main())
