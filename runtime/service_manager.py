"""What a program tells the service manager that started it: ready, alive, stopping.

Source: sd_notify(3) and systemd.service(5), `Type=notify` and `WatchdogSec=`. Where no service
manager listens, as on a developer's machine, nothing is sent.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

_TAKEN_WITHIN_S = 5.0
_SOON_S = 0.1
_LOOKS_PER_PERIOD = 4


class ServiceManager:
    """Speaks to systemd in the datagrams that it asks for in the environment.

    `listens` says whether anybody does; `watch_s` within how many seconds a sign of life is
    wanted, None where it is not.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte that begins an abstract address.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watch_us = environment.get("WATCHDOG_USEC", "") if meant else ""
        self.listens = bool(self._address)
        self.watch_s = int(watch_us) / 1e6 if watch_us else None

    def ready(self) -> None:
        """The program does its work now."""
        self._tell("READY=1")

    def alive(self) -> None:
        """The program still does its work."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The program has begun to end."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self.listens:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(_TAKEN_WITHIN_S)
                line.sendto(message.encode(), self._address)
        except OSError as error:
            logger.warning("The service manager did not take %s: %s", message, error)


class Watchdog:
    """Tells the service manager that a program is ready, and lives, as its loops prove it.

    Ready is a program whose every loop has turned and every check has passed. A part that hangs
    later ends the signs of life, and the service manager starts the program anew.
    """

    def __init__(self, manager: ServiceManager) -> None:
        self._manager = manager
        self._loops: list[threading.Event] = []
        self._checks: list[Callable[[], bool]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def loop(self) -> Callable[[], None]:
        """Watch a loop that calls what is returned at its every turn, from any thread.

        It has to turn at least every half of the period that `WatchdogSec` sets.
        """
        turned = threading.Event()
        self._loops.append(turned)
        return turned.set

    def check(self, passes: Callable[[], bool]) -> None:
        """Ask `passes` every quarter of that period, in the watchdog's own thread.

        It takes seconds at most.
        """
        self._checks.append(passes)

    def start(self) -> None:
        """Begin, if a service manager listens."""
        if self._manager.listens:
            self._thread.start()

    def stop(self) -> None:
        """Say that the program ends, and nothing after that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._manager.stopping()

    def _run(self) -> None:
        while not self._lives():
            if self._stopping.wait(_SOON_S):
                return
        self._manager.ready()
        if self._manager.watch_s is None:
            return
        complained = False
        while not self._stopping.wait(self._manager.watch_s / _LOOKS_PER_PERIOD):
            lives = self._lives()
            if lives:
                self._manager.alive()
            elif not complained:
                logger.warning("A part of the program gives no sign of life")
            complained = not lives

    def _lives(self) -> bool:
        if not all(turned.is_set() for turned in self._loops):
            return False
        if not all(passes() for passes in self._checks):
            return False
        for turned in self._loops:
            turned.clear()
        return True
