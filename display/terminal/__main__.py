"""`thutu-terminal`: the clerk's terminal, on a console, over SSH or in a browser."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from display.terminal.app import TerminalApp
from display.terminal.browser import serve
from display.terminal.settings import Settings
from runtime.clock import SystemClock
from runtime.command_line import CommandLine, words_of
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import load_settings

_words = words_of("terminal_tool")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the clerk leaves. Returns 0, or 1 with words on the error output."""
    chosen = _command_line().parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # the screen belongs to the clerk
    try:
        settings = (
            Settings()
            if chosen.config is None
            else load_settings(chosen.config, Settings, "THUTU_TERMINAL")
        )
        if chosen.hub is not None:
            settings = replace(settings, hub=chosen.hub)
    except ValueError as error:
        print(f"thutu-terminal: {error}", file=sys.stderr)
        return 1
    if chosen.serve:
        each = _arguments(chosen.config, chosen.hub, training=chosen.training)
        serve(chosen.host, chosen.port, each, settings.language)
        return 0
    watchdog = Watchdog(ServiceManager())
    app = TerminalApp(settings, SystemClock(), training=chosen.training, turned=watchdog.loop())
    watchdog.start()
    app.run()
    watchdog.stop()
    return app.return_code or 0


def _command_line() -> CommandLine:
    parser = CommandLine(prog="thutu-terminal", description=_words("description"))
    parser.add_argument("--config", type=Path, help=_words("config"))
    parser.add_argument("--hub", help=_words("hub"))
    parser.add_argument("--training", action="store_true", help=_words("training"))
    parser.add_argument("--serve", action="store_true", help=_words("serve"))
    parser.add_argument("--host", default="127.0.0.1", help=_words("host"))
    parser.add_argument("--port", type=int, default=8110, help=_words("port"))
    return parser


def _arguments(config: Path | None, hub: str | None, *, training: bool) -> list[str]:
    """The same again, for each terminal in a browser."""
    return [
        *(() if config is None else ("--config", str(config.absolute()))),
        *(() if hub is None else ("--hub", hub)),
        *(("--training",) if training else ()),
    ]


if __name__ == "__main__":
    sys.exit(main())
