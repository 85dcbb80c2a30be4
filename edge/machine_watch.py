"""Looks after the machines of a site: reports the troubles of the hub's own as devices, repeats
what its devices said, and reports the devices of machines that have fallen silent."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

from contract.commands import ReportDevice, ReportPrint
from contract.wire import Health
from edge.core.machine import reports
from edge.core.state import Device
from edge.last_news import LastNews

_LOOK_S = 60.0
_LOOKS_UNTIL_CALM = 10


class MachineWatch:
    """Reports a trouble of the hub's machine at once, and its end after ten good looks in a row.

    So a supply that fails now and then makes a row in the journal every ten minutes at most. What
    is well from the first is said once, for the centre may remember a trouble of a former card.
    What a device of the hub's own said last is said again until it holds. Of the other machines it
    reports the devices that nobody speaks of any more.
    """

    def __init__(
        self,
        read: Callable[[], Health],
        report: Callable[[ReportPrint | ReportDevice], object],
        devices: Callable[[], Mapping[str, Device]],
        news: LastNews,
        look_s: float = _LOOK_S,
    ) -> None:
        """`report` must not block; `devices` tells what is known of each now, and `news` which of
        them are silent."""
        self._read = read
        self._report = report
        self._devices = devices
        self._news = news
        self._look_s = look_s
        self._good_looks: Counter[str] = Counter()
        self._said: dict[str, ReportDevice] = {}
        self._passing_on = Lock()
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

    def pass_on(self, said: ReportPrint | ReportDevice) -> None:
        """Report what the hub's own devices say, from any thread."""
        with self._passing_on:
            if isinstance(said, ReportDevice):
                self._said[said.device] = said
            self._report(said)

    def look(self) -> None:
        """Look once."""
        devices = self._devices()
        with self._passing_on:
            for name, last in self._said.items():
                known = devices.get(name)
                if known and (known.state, known.condition) != (last.state, last.condition):
                    self._report(last)
        for name in self._news.silent(devices):
            if devices[name].state != "lost":
                self._report(ReportDevice(name, "lost", "no-news"))
        for said in reports(self._read()):
            if said.state == "lost":
                self._good_looks[said.device] = 0
                self._report(said)
                continue
            self._good_looks[said.device] += 1
            is_calm = self._good_looks[said.device] >= _LOOKS_UNTIL_CALM
            known = devices.get(said.device)
            if is_calm and (known is None or known.state == "lost"):
                self._report(said)

    def _run(self) -> None:
        while not self._closing.wait(self._look_s):
            self.look()
