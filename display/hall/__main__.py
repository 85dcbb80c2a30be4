"""`thutu-hall --config hall.toml`: serves the hall screen's page and feeds it from the hub."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from display.hall.relay import Relay, create_app
from display.hall.scene import scene
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient, HubError, HubUnreachable, Silence
from runtime.settings import SettingsError, load_settings

logger = logging.getLogger(__name__)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings file: where the hub is, the file with this program's token, and our address."""

    hub: str
    token_file: Path
    host: str = "127.0.0.1"
    port: int = 8110


_LOG = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped by a signal. Returns 0, or 1 with words on the error output."""
    parser = argparse.ArgumentParser(prog="thutu-hall", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = load_settings(chosen.config, Settings, "THUTU_HALL")
        token = settings.token_file.read_text(encoding="ascii").strip()
        client = HubClient(settings.hub, token)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=client.close).start())
        relay = Relay()
        server = HttpServer(create_app(relay), settings.host, settings.port)
        server.start()
        logger.info("the hall screen is at %s", server.url)
        try:
            feed(relay, client)
        finally:
            server.stop()
    except (SettingsError, OSError, HubError) as error:
        print(f"thutu-hall: {error}", file=sys.stderr)
        return 1
    return 0


def feed(relay: Relay, client: HubClient) -> None:
    """Pass every picture of the hub on to `relay`, until `client` is closed."""
    names: dict[str, str] = {}
    for picture in client.stream():
        if isinstance(picture, Silence):
            logger.warning("the screen says so, for the hub is silent: %s", picture.cause)
            names = {}
            relay.publish(None)
            continue
        names = names or _service_names(client)
        relay.publish(scene(picture, names))


def _service_names(client: HubClient) -> dict[str, str]:
    try:
        return {service.id: service.name["vi"] for service in client.catalogue().services}
    except HubUnreachable:
        return {}  # ask again with the next picture


if __name__ == "__main__":
    sys.exit(main())
