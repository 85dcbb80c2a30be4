"""One national day, from opening to verdict."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from central.broker import CENTRE
from contract.topics import down
from runtime.clock import SystemClock
from runtime.mqtt import MqttLink, MqttSettings
from simulation.agenda import Action, Agenda
from simulation.clock import SimulatedTime
from simulation.communes import Commune, hub_settings
from simulation.day import PeoplesDay
from simulation.line import Line
from simulation.load_model import clerks_for
from simulation.nation.country import communes
from simulation.nation.hub import NationHub
from simulation.nation.processes import Usage
from simulation.nation.returns import Returns
from simulation.nation.shared_uplink import SharedUplink
from simulation.nation.stage import CentreProcess, NationalBroker
from simulation.nation.troubles import Troubles, draw_troubles
from simulation.nation.verdict import hold_against
from simulation.recount import quantile
from simulation.visits import at, day_of_visits

logger = logging.getLogger(__name__)

_BEGINS, _ENDS = time(6, 45), time(20, 15)
_LOOK_S = 0.2
_TOLD_EVERY_S = 20.0
_CONNECTED_S = 300.0
_SETTLED_S = 600.0
_MS_PER_MIN = 60_000
_THREAD_STACK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a national day. `speed` is simulated seconds per second, None without
    pause; who lost the line tries again within `reconnect_within_s` real seconds. After the day
    at most `herd` hubs take connections of their own and lose them together."""

    root: Path
    sites: int
    speed: float | None
    seed: int
    day: date
    reconnect_within_s: float = 30.0
    herd: int = 500


class Nation:
    """The hubs of the country, their people, and what befalls them."""

    def __init__(self, plan: Plan) -> None:
        """Raises ValueError when the country has fewer communes than `plan.sites`."""
        self._plan = plan
        self._clock = SystemClock()
        self._communes = communes(plan.sites, plan.seed)
        self._nodes = [f"{commune.site}-h1" for commune in self._communes]
        self._troubles = draw_troubles(self._nodes, plan.seed)
        self._time = SimulatedTime(at(plan.day, _BEGINS), plan.speed)
        self._agenda = Agenda()
        self._broker = NationalBroker(plan.root / "broker", self._nodes)
        self._hubs: dict[str, NationHub] = {}
        self._lines: dict[str, Line] = {}
        self._shared: dict[str, SharedUplink] = {}
        self._watched: Returns | None = None
        self._looked_s = self._told_s = 0.0

    @property
    def hubs(self) -> Sequence[NationHub]:
        """All hubs, once the day has begun."""
        return list(self._hubs.values())

    def live(self) -> dict[str, Any]:
        """Live the day and return it in figures, as JSON values.

        Raises BrokerError, StoreError, or RuntimeError when the day cannot be lived to its end.
        """
        usual_stack = threading.stack_size(_THREAD_STACK_BYTES)
        try:
            with ExitStack() as stack:
                return self._live(stack)
        finally:
            threading.stack_size(usual_stack)

    def _live(self, stack: ExitStack) -> dict[str, Any]:
        stack.enter_context(self._broker)
        centre = self._centre = CentreProcess(self._plan.root / "centre", self._broker, self._clock)
        stack.callback(centre.stop)
        centre.start()
        self._settle_country(stack)
        self._plan_troubles()
        self._wait_until("all provinces are connected", self._all_connected, _CONNECTED_S)
        began_s = self._clock.stamp().mono_s
        self._pass_the_day(began_s)
        lived_s = self._clock.stamp().mono_s - began_s
        self._wait_until("the centre has confirmed everything", self._all_confirmed, _SETTLED_S)
        settled_s = self._clock.stamp().mono_s - began_s - lived_s
        spent_on_the_day = Usage()
        spent_on_the_day.add(os.getpid())
        herd = self._herd_returns()
        for hub in self._hubs.values():
            hub.stop()
        centre.stop()
        self._broker.stop()
        return self._summary(herd, spent_on_the_day, lived_s, settled_s)

    # --- before the day -----------------------------------------------------------------------

    def _settle_country(self, stack: ExitStack) -> None:
        errors = {wrong.node: wrong.error_ms for wrong in self._troubles.wrong_clocks}
        cut = {outage.province for outage in self._troubles.outages}
        for province in sorted({node[:2] for node in self._nodes}):
            port = self._broker.port
            if province in cut:
                line = stack.enter_context(Line(self._broker.host, port))
                self._lines[province], port = line, line.port
            settings = self._settings(CENTRE, port=port, client_id=f"province-{province}")
            self._shared[province] = SharedUplink(settings, self._clock)
        for commune, node in zip(self._communes, self._nodes, strict=True):
            hub = self._hubs[node] = NationHub(
                node,
                hub_settings(commune).site,
                self._shared[node[:2]],
                self._time,
                epoch=f"{Random(f'{self._plan.seed} {node}').getrandbits(64):016x}",
                line_clock=self._clock,
                clock_error_ms=errors.get(node, 0),
            )
            stack.callback(hub.stop)
            self._people(commune, hub)
        self._answers = MqttLink(
            self._settings(CENTRE, client_id="answers"),
            persistent=False,
            subscriptions=(down("+", "ack"),),
            on_message=self._hear,
            on_state=lambda _connected: None,
        )
        for link in self._links:
            stack.callback(link.stop)
            link.start()

    @property
    def _links(self) -> tuple[MqttLink | SharedUplink, ...]:
        return (self._answers, *self._shared.values())

    def _hear(self, topic: str, answer: bytes) -> None:
        node = topic.split("/")[3]
        self._shared[node[:2]].hear(node, answer)

    def _settings(self, user: str, **other: Any) -> MqttSettings:
        within_s = self._plan.reconnect_within_s
        return replace(self._broker.settings(user), reconnect_within_s=within_s, **other)

    def _people(self, commune: Commune, hub: NationHub) -> None:
        seed = f"{self._plan.seed} {commune.site}"
        services = [service.id for service in hub.rules.services]
        PeoplesDay(
            hub,
            self._plan.day,
            day_of_visits(self._plan.day, commune.population, commune.mix, services, Random(seed)),
            clerks=clerks_for(commune.population),
            agenda=self._agenda,
            simulated=self._time,
            seed=seed,
        )

    def _plan_troubles(self) -> None:
        troubles = self._troubles
        for outage in troubles.outages:
            self._at_min(outage.from_min, partial(self._cut, outage.province))
            self._at_min(outage.until_min, partial(self._mend, outage.province))
        for wrong in troubles.wrong_clocks:
            self._at_min(wrong.until_min, self._hubs[wrong.node].correct_clock)
        for cut in troubles.power_cuts:
            self._at_min(cut.at_min, self._hubs[cut.node].restart)
        self._agenda.plan(at(self._plan.day, troubles.broker_crash), self._crash_broker)
        self._agenda.plan(at(self._plan.day, troubles.centre_crash), self._crash_centre)
        self._agenda.plan(at(self._plan.day, _ENDS), _nothing)

    def _at_min(self, minute: int, action: Action) -> None:
        self._agenda.plan(at(self._plan.day, time()) + minute * _MS_PER_MIN, action)

    # --- troubles -----------------------------------------------------------------------------

    def _cut(self, province: str) -> None:
        logger.info("province %s loses its line", province)
        self._lines[province].cut()

    def _mend(self, province: str) -> None:
        logger.info("province %s has its line again", province)
        self._lines[province].up()

    def _crash_broker(self) -> None:
        logger.info("the broker is killed and loses its store")
        self._broker.crash()

    def _crash_centre(self) -> None:
        logger.info("the centre is killed")
        self._centre.crash()

    def _herd_returns(self) -> dict[str, Any]:
        """After the day many hubs take a line of their own, and lose it all at once."""
        for link in self._links:
            link.stop()
        herd = self.hubs[: self._plan.herd]
        for hub in herd:
            hub.take_own_line(self._settings(hub.node))
        first = self._watched = Returns(herd, self._clock)
        self._waited(lambda: first.complete, _CONNECTED_S)
        logger.info("%d hubs have lines of their own; the broker is killed and emptied", len(herd))
        for hub in herd:
            hub.write_something()
        self._broker.crash()
        again = self._watched = Returns(herd, self._clock)
        self._waited(lambda: again.complete, _CONNECTED_S)
        began_s = self._clock.stamp().mono_s
        confirmed = self._waited(self._all_confirmed, _CONNECTED_S)
        took_s = round(self._clock.stamp().mono_s - began_s, 1)
        return {
            "first_connection": first.figures(),
            "return_of_all": again.figures(),
            "confirmed_after_s": took_s if confirmed else None,
        }

    # --- the day ------------------------------------------------------------------------------

    def _pass_the_day(self, began_s: float) -> None:
        while (moment_ms := self._agenda.next_ms) is not None:
            self._wait_for(moment_ms, began_s)
            self._time.advance_to(moment_ms)
            self._agenda.take()()
            self._look()

    def _wait_for(self, moment_ms: int, began_s: float) -> None:
        if self._plan.speed is None:
            return
        since_ms = moment_ms - at(self._plan.day, _BEGINS)
        due_s = began_s + since_ms / 1000 / self._plan.speed
        while (left_s := due_s - self._clock.stamp().mono_s) > 0:
            self._clock.sleep(min(left_s, _LOOK_S))
            self._look()

    def _wait_until(self, what: str, happened: Callable[[], bool], within_s: float) -> None:
        if not self._waited(happened, within_s):
            raise RuntimeError(f"not within {within_s:.0f} s: {what}")

    def _waited(self, happened: Callable[[], bool], within_s: float) -> bool:
        deadline_s = self._clock.stamp().mono_s + within_s
        while not happened():
            if self._clock.stamp().mono_s > deadline_s:
                return False
            self._clock.sleep(_LOOK_S)
            self._look()
        return True

    def _look(self) -> None:
        now_s = self._clock.stamp().mono_s
        if now_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s
        if self._watched is not None and not self._watched.complete:
            self._watched.look()
        if now_s - self._told_s >= _TOLD_EVERY_S:
            self._told_s = now_s
            written = sum(hub.journal.last_seq for hub in self._hubs.values())
            confirmed = sum(hub.journal.cursor for hub in self._hubs.values())
            hours = self._time.elapsed_ms / 3_600_000
            logger.info("%.2f h lived, %d events, %d confirmed", hours, written, confirmed)

    def _all_connected(self) -> bool:
        return all(link.connected for link in self._links)

    def _all_confirmed(self) -> bool:
        return all(hub.journal.cursor == hub.journal.last_seq for hub in self._hubs.values())

    # --- afterwards ---------------------------------------------------------------------------

    def _summary(
        self, herd: dict[str, Any], day: Usage, lived_s: float, settled_s: float
    ) -> dict[str, Any]:
        hubs = self.hubs
        lags_ms = [ms for hub in hubs for ms in hub.journal.lags_ms]
        verdict = hold_against(self._centre.database, hubs, self._plan.day.isoformat())
        database_mb = self._centre.database.stat().st_size / 1e6
        return {
            "sites": len(hubs),
            "day": self._plan.day.isoformat(),
            "seed": self._plan.seed,
            "speed_asked": self._plan.speed,
            "speed_reached": round(self._time.elapsed_ms / 1000 / lived_s, 1),
            "lived_s": round(lived_s, 1),
            "settled_s": round(settled_s, 1),
            "agree": not verdict["differences"],
            **verdict,
            "lag_ms": {
                "rows": len(lags_ms),
                "p50": quantile(lags_ms, 0.5),
                "p99": quantile(lags_ms, 0.99),
                "most": max(lags_ms, default=None),
            },
            "troubles": _told(self._troubles),
            "connections": len(self._shared) + 1,
            "herd": herd,
            "reconnect_within_s": self._plan.reconnect_within_s,
            "centre": {**_used(self._centre.usage), "database_mb": round(database_mb, 1)},
            "broker": _used(self._broker.usage),
            "hubs": _used(day),
        }


def _told(troubles: Troubles) -> dict[str, Any]:
    return {
        "provinces_without_line": [
            {"province": o.province, "minutes": o.until_min - o.from_min} for o in troubles.outages
        ],
        "wrong_clocks": len(troubles.wrong_clocks),
        "power_cuts": len(troubles.power_cuts),
        "broker_killed_and_emptied": troubles.broker_crash.isoformat("minutes"),
        "centre_killed": troubles.centre_crash.isoformat("minutes"),
    }


def _used(usage: Usage) -> dict[str, float]:
    return {"cpu_s": round(usage.cpu_s, 1), "peak_rss_mb": round(usage.peak_rss_mb, 1)}


def _nothing() -> None:
    """The end of the day, so that its last hours go by."""
