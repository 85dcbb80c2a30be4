"""What hubs of a part of the country write during a working day, each over a line of its own."""

import threading
from collections.abc import Sequence
from datetime import date, time
from queue import Empty, SimpleQueue
from random import Random

from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from simulation.agenda import Agenda
from simulation.clock import SimulatedTime
from simulation.communes import hub_settings
from simulation.day import PeoplesDay
from simulation.load_model import clerks_for
from simulation.nation.country import communes
from simulation.nation.hub import NationHub
from simulation.nation.shared_uplink import SharedUplink
from simulation.visits import at, day_of_visits

_BEGINS = time(7, 20)
_LOOK_S = 0.1
_SEED = 7


class Load:
    """Hubs with the real core and uplink, whose people live `day` at `speed` in one thread."""

    def __init__(self, sites: int, speed: float, day: date) -> None:
        self._day = day
        self._speed = speed
        self._clock = SystemClock()
        self._simulated = SimulatedTime(at(day, _BEGINS), speed)
        self._agenda = Agenda()
        self._asked: SimpleQueue[threading.Event] = SimpleQueue()
        self._hurries = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.hubs: Sequence[NationHub] = self._settle(sites)

    def start(self, lines: Sequence[MqttSettings]) -> None:
        """Let the day begin; hubs take these lines."""
        for hub, line in zip(self.hubs, lines, strict=True):
            hub.take_own_line(line)
        self._thread.start()

    def write_everywhere(self) -> dict[str, int]:
        """Let each hub write a row, and return its last row by node."""
        written = threading.Event()
        self._asked.put(written)
        assert written.wait(60), "the load stands still"
        return {hub.node: hub.journal.last_seq for hub in self.hubs}

    def finish(self) -> None:
        """Live what is left of the day at once."""
        self._hurries.set()
        self._thread.join()

    def stop(self) -> None:
        """End, and let the hubs say goodbye."""
        self.finish()
        for hub in self.hubs:
            hub.stop()

    @property
    def is_over(self) -> bool:
        """Whether the day has ended."""
        return self._agenda.next_ms is None

    def _settle(self, sites: int) -> list[NationHub]:
        nobody = SharedUplink(MqttSettings("127.0.0.1", 1, "nobody"), self._clock)
        hubs = []
        for commune in communes(sites, _SEED):
            node, seed = f"{commune.site}-h1", f"{_SEED} {commune.site}"
            hub = NationHub(
                node,
                hub_settings(commune).site,
                nobody,
                self._simulated,
                epoch=f"{Random(f'{_SEED} {node}').getrandbits(64):016x}",
                line_clock=self._clock,
            )
            services = [service.id for service in hub.rules.services]
            visits = day_of_visits(
                self._day, commune.population, commune.mix, services, Random(seed)
            )
            PeoplesDay(
                hub,
                self._day,
                visits,
                clerks=clerks_for(commune.population),
                agenda=self._agenda,
                simulated=self._simulated,
                seed=seed,
            )
            hubs.append(hub)
        return hubs

    def _run(self) -> None:
        began_s = self._now_s()
        while not (self._hurries.is_set() and self.is_over):
            self._answer()
            moment_ms = self._agenda.next_ms
            if moment_ms is None:
                self._clock.sleep(_LOOK_S)
                continue
            due_s = began_s + (moment_ms - at(self._day, _BEGINS)) / 1000 / self._speed
            left_s = due_s - self._now_s()
            if left_s > 0 and not self._hurries.is_set():
                self._clock.sleep(min(left_s, _LOOK_S))
                continue
            self._simulated.advance_to(moment_ms)
            self._agenda.take()()

    def _answer(self) -> None:
        try:
            asked = self._asked.get_nowait()
        except Empty:
            return
        for hub in self.hubs:
            hub.write_something()
        asked.set()

    def _now_s(self) -> float:
        return self._clock.stamp().mono_ns / 1e9
