"""`thutu-hall-screen URL COMMAND`: runs the hall screen's browser, and lives while it paints.

A browser whose page has died stays where it is, for ever, and tells nobody. The page says every ten
seconds that it was painted (`screen.py`); while it does not, no sign of life is given here, and the
service manager starts all of it anew.
"""

import argparse
import http.client
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from runtime.command_line import CommandLine
from runtime.service_manager import ServiceManager, Watchdog
from runtime.wording import say

logger = logging.getLogger(__name__)

_ANSWER_S = 5.0
_OF_THE_SERVICE_MANAGER = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the browser until it ends; returns its exit status."""
    parser = CommandLine(prog="thutu-hall-screen")
    parser.description = say("about.thutu-hall-screen", parser.language)
    parser.add_argument("url", help=say("hall.help_url", parser.language))
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, help=say("hall.help_browser", parser.language)
    )
    chosen = parser.parse_args(arguments)
    if not chosen.command:
        parser.error("command")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    watchdog = Watchdog(ServiceManager())
    watchdog.check(partial(is_painted, chosen.url))
    theirs = {key: value for key, value in os.environ.items() if key not in _OF_THE_SERVICE_MANAGER}
    with subprocess.Popen(chosen.command, env=theirs) as browser:
        watchdog.start()
        code = browser.wait()
        logger.info("the browser has ended: %d", code)
    watchdog.stop()
    return 1 if code < 0 else code


def is_painted(url: str) -> bool:
    """Whether the page at `url` is painted on this machine; also True where nobody can tell, for
    another browser would be no better without the page's server."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/painted")
        return connection.getresponse().status != http.client.SERVICE_UNAVAILABLE
    except (OSError, http.client.HTTPException):
        return True
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
