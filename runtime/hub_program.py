"""What the programs beside a hub have in common: settings, a token, signals, words at the end."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from runtime.command_line import CommandLine
from runtime.hub_client import HubClient, HubError
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import SettingsError, load_settings
from runtime.wording import say

_LOG = "%(levelname)s %(name)s: %(message)s"


class DeviceSettings(Protocol):
    """The settings of such a program name the hub, the file with the token of this program, and
    perhaps the authority that vouches for the hub."""

    @property
    def hub(self) -> str:
        """The hub's address."""
        ...

    @property
    def token_file(self) -> Path:
        """A file with one line: the device's token."""
        ...

    @property
    def ca_file(self) -> Path | None:
        """The site's `ca.pem`, where the hub speaks HTTPS."""
        ...


_Settings = TypeVar("_Settings", bound=DeviceSettings)


def run_beside_hub(
    name: str,
    kind: type[_Settings],
    run: Callable[[_Settings, HubClient], None],
    arguments: Sequence[str] | None = None,
    *,
    watchdog: Watchdog | None = None,
) -> int:
    """Run the program `name` with the file named by `--config`, until a signal closes its client.

    Settings are of `kind`; the environment overrides them with the prefix made of `name`.
    `watchdog` watches the stream of `client`, and whatever `run` names to it besides. Returns the
    exit status: 0, or 1 with words on the error output.
    """
    parser = CommandLine(prog=name)
    parser.description = say(f"about.{name}", parser.language)
    parser.add_argument(
        "--config", type=Path, required=True, help=say("about.config", parser.language)
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = load_settings(chosen.config, kind, name.upper().replace("-", "_"))
        token = settings.token_file.read_text(encoding="ascii").strip()
        watchdog = watchdog or Watchdog(ServiceManager())
        client = HubClient(settings.hub, token, turned=watchdog.loop(), ca_file=settings.ca_file)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=client.close).start())
        watchdog.start()
        run(settings, client)
        watchdog.stop()
    except (SettingsError, OSError, HubError) as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - a program's last words
        return 1
    return 0
