"""`thutu-terminal`: the clerk's terminal, on a console, over SSH or in a browser."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from display.terminal.app import TerminalApp
from display.terminal.settings import Settings
from runtime.clock import SystemClock
from runtime.settings import SettingsError, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the clerk leaves. Returns 0, or 1 with words on the error output."""
    parser = argparse.ArgumentParser(prog="thutu-terminal", description=__doc__)
    parser.add_argument("--config", type=Path, help="the terminal's settings")
    parser.add_argument("--hub", help="the hub's address, such as http://192.168.1.10:8100")
    parser.add_argument("--training", action="store_true", help="practise, outside the figures")
    chosen = parser.parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # the screen belongs to the clerk
    try:
        settings = (
            Settings()
            if chosen.config is None
            else load_settings(chosen.config, Settings, "THUTU_TERMINAL")
        )
    except SettingsError as error:
        print(f"thutu-terminal: {error}", file=sys.stderr)
        return 1
    if chosen.hub is not None:
        settings = replace(settings, hub=chosen.hub)
    app = TerminalApp(settings, SystemClock(), training=chosen.training)
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
