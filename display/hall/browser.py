"""`thutu-hall-screen URL COMMAND`: runs the hall screen's browser, and lives while it paints.

A browser whose page has died stays where it is, for ever, and tells nobody. The page says every ten
seconds that it was painted (`screen.py`); while it does not, no sign of life is given here, and the
service manager starts all of it anew.

In a network of its own, as its unit gives it, a browser's display server is not told by udev that a
screen was switched on; so that is looked for here, and the browser ends, to be started anew on it.
"""

import argparse
import http.client
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from runtime.clock import SystemClock
from runtime.command_line import CommandLine
from runtime.service_manager import ServiceManager, Watchdog
from runtime.wording import say

logger = logging.getLogger(__name__)

_ANSWER_S = 5.0
_SCREENS = Path("/sys/class/drm")
_LOOK_S = 3.0
_END_S = 5.0
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
    clock, watchdog = SystemClock(), Watchdog(ServiceManager())
    theirs = {key: value for key, value in os.environ.items() if key not in _OF_THE_SERVICE_MANAGER}
    with subprocess.Popen(chosen.command, env=theirs) as browser:
        began_s, page = clock.stamp().mono_s, Page(chosen.url)
        watchdog.check(lambda: page.is_painted(clock.stamp().mono_s - began_s))
        watchdog.start()
        code = wait_unless_switched_on(browser, _SCREENS)
        logger.info("the browser has ended: %d", code)
    watchdog.stop()
    return 1 if code < 0 else code


def wait_unless_switched_on(browser: subprocess.Popen[bytes], screens: Path) -> int:
    """Wait for the end of `browser`, and bring it about when a screen is switched on; its exit
    status. `screens` has a folder for each socket, as `card0-HDMI-A-1` in /sys/class/drm."""
    before = switched_on(screens)
    while True:
        with suppress(subprocess.TimeoutExpired):
            return browser.wait(_LOOK_S)
        now = switched_on(screens)
        if now - before:
            logger.info("%s was switched on", ", ".join(sorted(now - before)))
            return _end(browser)
        before = now


def switched_on(screens: Path) -> frozenset[str]:
    """The sockets behind which there is a screen that answers."""
    states = screens.glob("card*-*/status")
    return frozenset(state.parent.name for state in states if _is_connected(state))


def _is_connected(state: Path) -> bool:
    try:
        return state.read_text("ascii").strip() == "connected"
    except OSError:  # a graphics adapter at USB was pulled just now
        return False


def _end(browser: subprocess.Popen[bytes]) -> int:
    browser.terminate()
    with suppress(subprocess.TimeoutExpired):
        return browser.wait(_END_S)
    browser.kill()
    return browser.wait()


class Page:
    """The page at `url`, as its server has heard of it."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._was_painted = False

    def is_painted(self, within_s: float) -> bool:
        """Whether it was painted on this machine in the last half a minute, and in the last
        `within_s`, before which another browser was here. Where nobody can tell, whether it ever
        was: without the page's server another browser would be no better, and one that never
        reached it may have no way to it."""
        connection = http.client.HTTPConnection(self._address, timeout=_ANSWER_S)
        try:
            connection.request("GET", "/painted")
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException):
            return self._was_painted
        finally:
            connection.close()
        is_fresh = int(answer.headers.get("Age", "0")) < within_s
        is_painted = is_fresh and answer.status != http.client.SERVICE_UNAVAILABLE
        self._was_painted = self._was_painted or is_painted
        return is_painted


if __name__ == "__main__":
    sys.exit(main())
