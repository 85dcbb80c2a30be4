"""`thutu-hall --config hall.toml`: serves the hall screen's page and feeds it from the hub."""

import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from display.hall.relay import Relay, create_app
from display.hall.scene import scene
from display.hall.screen import Screen
from runtime.clock import SystemClock
from runtime.device_reports import DeviceReports
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient, HubUnreachable, Silence
from runtime.hub_program import run_beside_hub
from runtime.service_manager import ServiceManager, Watchdog

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 5.0

Notice = Annotated[str, Meta(min_length=1, max_length=300)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings file: where the hub is, the file with this program's token, and our address.

    `notices` run along the foot of the screen one after the other, in plain words.
    """

    hub: str
    token_file: Path
    ca_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8110
    notices: Annotated[tuple[Notice, ...], Meta(max_length=20)] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    watchdog = Watchdog(ServiceManager())
    watched = partial(run, watchdog=watchdog)
    return run_beside_hub("thutu-hall", Settings, watched, arguments, watchdog=watchdog)


def run(settings: Settings, client: HubClient, watchdog: Watchdog) -> None:
    """Serve the page until `client` is closed; `watchdog` asks the page for a sign of life.

    Raises OSError when its address is taken.
    """
    relay = Relay()
    with ExitStack() as closing:
        reports = DeviceReports(client)
        closing.callback(reports.close)
        screen, ended = Screen(SystemClock()), threading.Event()
        watcher = threading.Thread(target=_report, args=(screen, reports, ended), name="screen")
        watcher.start()
        closing.callback(watcher.join)
        closing.callback(ended.set)
        server = HttpServer(create_app(relay, screen), HttpAddress(settings.host, settings.port))
        server.start()
        closing.callback(server.stop)
        logger.info("the hall screen is at %s", server.url)
        watchdog.check(server.answers)
        feed(relay, client, settings.notices)


def feed(relay: Relay, client: HubClient, notices: tuple[str, ...] = ()) -> None:
    """Pass every picture of the hub on to `relay`, until `client` is closed."""
    names: dict[str, str] = {}
    for picture in client.stream():
        if isinstance(picture, Silence):
            logger.warning("the screen says so, for the hub is silent: %s", picture.cause)
            names = {}
            relay.publish(None)
            continue
        names = names or _service_names(client)
        relay.publish(scene(picture, names, notices))


def _report(screen: Screen, reports: DeviceReports, ended: threading.Event) -> None:
    while not ended.wait(_LOOK_EVERY_S):
        if news := screen.news():
            reports.put(news)


def _service_names(client: HubClient) -> dict[str, str]:
    try:
        return {service.id: service.name["vi"] for service in client.catalogue().services}
    except HubUnreachable:
        return {}  # ask again with the next picture


if __name__ == "__main__":
    sys.exit(main())
