"""One day of the demo, from opening to summary."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from runtime.clock import SystemClock
from simulation import load_model
from simulation.agenda import Agenda
from simulation.clock import SimulatedTime
from simulation.communes import COMMUNES, Commune, hub_settings
from simulation.day import SiteDay
from simulation.demo.faults import Fault
from simulation.demo.screen import Lights, Screen, SitePicture
from simulation.demo.stage import Stage
from simulation.demo.summary import compare, site_summary
from simulation.satellite import SimulatedSatellite
from simulation.visits import Visit, at, day_of_visits, read_arrivals

_BEGINS = time(6, 30)
_ENDS = time(20, 30)
_LINE_CUT = (time(8, 40), time(14, 10))
_FRAME_S = 0.2
_SENT_S = 30.0
_LOOK_S = 0.05
_LOOKS_UP_EVERY_MS = 60_000
_VISITOR = "khach"
_TERMINAL = Path(sys.executable).with_name("thutu-terminal")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a demo. `speed` is simulated seconds per second, None without pause."""

    root: Path
    sites: int
    seed: int
    speed: float | None
    day: date
    arrivals: Path | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def communes(self) -> Sequence[Commune]:
        """The communes that take part."""
        return COMMUNES[: self.sites]

    def visits(self, commune: Commune) -> list[Visit]:
        """The day's citizens of a commune; a recorded day is lived by the first one.

        Raises ArrivalsError.
        """
        rules = hub_settings(commune).site
        services = [service.id for service in rules.services]
        priorities = [priority.id for priority in rules.priorities]
        random = Random(f"{self.seed} {commune.site}")
        if self.arrivals is not None and commune == COMMUNES[0]:
            return read_arrivals(self.arrivals, self.day, services, priorities, random)
        return day_of_visits(self.day, commune.population, commune.mix, services, random)


class LeftEarly(Exception):  # noqa: N818 - somebody's wish, not an error
    """The day was not lived to its end."""


class Demo:
    """Lives the day on a stage."""

    def __init__(
        self,
        plan: Plan,
        simulated: SimulatedTime,
        stage: Stage,
        screen: Screen,
        leaving: Event | None = None,
    ) -> None:
        """`leaving`, once set, ends the day early. Raises ArrivalsError when recorded arrivals
        cannot be used."""
        self._plan = plan
        self._leaving = leaving or Event()
        self._time = simulated
        self._stage = stage
        self._screen = screen
        self._clock = SystemClock()
        self._agenda = Agenda()
        self._days = []
        for commune, site in zip(plan.communes, stage.sites, strict=True):
            day = SiteDay(
                site,
                plan.day,
                plan.visits(commune),
                clerks=load_model.clerks_for(commune.population),
                agenda=self._agenda,
                simulated=simulated,
                seed=f"{plan.seed} {commune.site}",
            )
            self._days.append(day)
            if commune.remote:
                cut, up = (at(plan.day, clock) for clock in _LINE_CUT)
                self._agenda.plan(cut, site.disconnect)
                self._agenda.plan(up, site.connect)
        for fault in plan.faults:
            happen = stage.sites[fault.site - 1].faults[fault.name]
            self._agenda.plan(at(plan.day, fault.at), happen)
        self._agenda.plan(at(plan.day, _ENDS), _nothing)
        if plan.speed is not None:
            self._look_up()

    @property
    def agenda(self) -> Agenda:
        """What is to happen; more may be planned before the day is lived."""
        return self._agenda

    def live(self, until_ms: int | None = None) -> None:
        """Let the day go by at its speed, to its end or until `until_ms`.

        Raises LeftEarly.
        """
        began_s, began_ms = self._clock.stamp().mono_s, self._time.now_ms
        while (moment_ms := self._agenda.next_ms) is not None:
            if until_ms is not None and moment_ms > until_ms:
                return
            self._wait_for(moment_ms, began_s, began_ms)
            if self._leaving.is_set():
                raise LeftEarly
            self._time.advance_to(moment_ms)
            self._agenda.take()()

    def settle(self) -> bool:
        """Wait until the centre has confirmed every row of every hub; whether it came to that."""
        deadline_s = self._clock.stamp().mono_s + _SENT_S
        while not all(_is_confirmed(day) for day in self._days):
            if self._clock.stamp().mono_s > deadline_s:
                return False
            self._draw()
            self._leaving.wait(_LOOK_S)
        return True

    def summary(self) -> dict[str, Any]:
        """The day in figures, and whether hubs and centre agree on them."""
        sites = [self._site(day) for day in self._days]
        differences = [line for site in sites for line in site["differences"]]
        return {
            "day": self._plan.day.isoformat(),
            "seed": self._plan.seed,
            "agree": not differences,
            "sites": sites,
        }

    def _look_up(self) -> None:
        """Somebody who watches may have taken a number from a kiosk."""
        for day in self._days:
            day.look_up()
        again_ms = self._time.now_ms + _LOOKS_UP_EVERY_MS
        if again_ms < at(self._plan.day, _ENDS):
            self._agenda.plan(again_ms, self._look_up)

    def _site(self, day: SiteDay) -> dict[str, Any]:
        site = day.site
        journal = site.node.hub.journal
        told = self._stage.ask(f"sites/{site.rules.site}/days/{self._plan.day}")
        quality = self._stage.ask(f"sites/{site.rules.site}/freshness")
        counted = site_summary(journal, day.outcome.turned_away)
        return {
            "site": site.rules.site,
            "unit": site.rules.unit,
            **counted,
            "events": {
                "journal": journal.last_seq,
                "sent": site.events_sent,
                "committed": journal.cursor,
                "duplicated": quality["duplicates"],
                "missing": journal.last_seq - quality["received"],
            },
            "differences": compare(counted, told),
        }

    def _wait_for(self, moment_ms: int, began_s: float, began_ms: int) -> None:
        speed = self._plan.speed
        if speed is None:
            self._draw()
            return
        due_s = began_s + (moment_ms - began_ms) / 1000 / speed
        while (left_s := due_s - self._clock.stamp().mono_s) > 0:
            if self._leaving.wait(min(left_s, _FRAME_S)):
                return
            elapsed_ms = round((self._clock.stamp().mono_s - began_s) * speed * 1000)
            self._time.advance_to(min(moment_ms, began_ms + elapsed_ms))
            self._draw()

    def _draw(self) -> None:
        begins, ends = at(self._plan.day, _BEGINS), at(self._plan.day, _ENDS)
        done = (self._time.now_ms - begins) / (ends - begins)
        self._screen.show(self._time.now_ms, done, self._pictures, self._stage.centre.url)

    def _pictures(self) -> list[SitePicture]:
        return [
            SitePicture(
                unit=day.site.rules.unit,
                snapshot=day.site.node.hub.snapshot(),
                boards=day.site.displays.boards,
                slips=len(day.site.slips),
                line_up=day.site.line_is_up,
                satellite=_lights(day.site.satellite),
            )
            for day in self._days
        ]


def live_a_day(plan: Plan, screen: Screen, leaving: Event, *, stay: bool) -> dict[str, Any]:
    """Set the stage, live the day, write `summary.json`, and return the summary.

    With `stay` everything keeps running after the day until `leaving` is set, for those who want
    to look around. Raises LeftEarly when it is set before the day is over, and ArrivalsError
    before anything is lived when recorded arrivals cannot be used.
    """
    for commune in plan.communes:
        plan.visits(commune)
    simulated = SimulatedTime(at(plan.day, _BEGINS), plan.speed)
    with Stage(plan.root, plan.communes, simulated, plan.seed) as stage:
        demo = Demo(plan, simulated, stage, screen, leaving)
        first = stage.sites[0]
        screen.invite(
            {
                "Trung tâm · the centre": stage.centre.url,
                "  đăng nhập · sign in with": stage.centre_token,
                f"Kiosk · {first.rules.unit}": first.kiosk_url("kiosk-2"),
                f"Đánh giá · rating tablet · {first.rules.unit}": first.tablet_url("1"),
                f"Màn hình sảnh · hall · {first.rules.unit}": first.displays.hall_url,
                f"Quầy · terminal · {first.rules.unit}": f"{_TERMINAL} --hub {first.node.url}",
                "  mã và PIN · name and PIN": f"{_VISITOR} {first.pin(_VISITOR, 'supervisor')}",
            }
        )
        demo.live()
        demo.settle()
        summary = demo.summary()
        text = json.dumps(summary, ensure_ascii=False, indent=2)
        (plan.root / "summary.json").write_text(text + "\n", encoding="utf-8")
        screen.tell(summary)
        if stay:
            leaving.wait()
    return summary


def _lights(satellite: SimulatedSatellite | None) -> Lights | None:
    if satellite is None:
        return None
    return Lights(satellite.lights, satellite.pad_counter, satellite.pad_lights)


def _is_confirmed(day: SiteDay) -> bool:
    journal = day.site.node.hub.journal
    return journal.cursor == journal.last_seq


def _nothing() -> None:
    """The end of the day, so that its last hours go by."""
