"""Looks after the machine that a hub runs on, and reports its troubles as devices of the site."""

from collections import Counter
from collections.abc import Callable, Collection
from threading import Event, Thread

from contract.commands import ReportDevice
from contract.wire import Health
from edge.core.machine import reports

_LOOK_S = 60.0
_LOOKS_UNTIL_CALM = 10


class MachineWatch:
    """Reports a trouble at once, and its end when ten looks in a row were good.

    So a supply that fails now and then makes a row in the journal every ten minutes at most.
    """

    def __init__(
        self,
        read: Callable[[], Health],
        report: Callable[[ReportDevice], object],
        lost: Callable[[], Collection[str]],
        look_s: float = _LOOK_S,
    ) -> None:
        """`report` must not block; `lost` names the devices that are known to be in trouble."""
        self._read = read
        self._report = report
        self._lost = lost
        self._look_s = look_s
        self._good_looks: Counter[str] = Counter()
        self._closing = Event()
        self._thread = Thread(target=self._run, name="machine", daemon=True)

    def start(self) -> None:
        """Begin, with a first look in a minute."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look once."""
        for said in reports(self._read()):
            if said.state == "lost":
                self._good_looks[said.device] = 0
                self._report(said)
                continue
            self._good_looks[said.device] += 1
            is_calm = self._good_looks[said.device] >= _LOOKS_UNTIL_CALM
            if is_calm and said.device in self._lost():
                self._report(said)

    def _run(self) -> None:
        while not self._closing.wait(self._look_s):
            self.look()
