"""One site's working day: who comes, who works when, what is left at the end."""

from collections.abc import Sequence
from datetime import date, time
from random import Random
from typing import Protocol

from contract import commands as c
from contract.commands import Role
from contract.site_rules import Rules
from edge.core.calendar import sessions_of
from simulation.agenda import Agenda
from simulation.clerk import Clerk
from simulation.clock import SimulatedTime
from simulation.people import Client, Desk, Hall, Outcome
from simulation.site import SimulatedSite
from simulation.visits import Visit, at

_COMES_EARLY_S = (300, 900)
_AFTERNOON_PAUSE_ENDS_S = (0, 300)
_SWEEP_AFTER_CLOSING_S = 3 * 3600


class Premises(Desk, Protocol):
    """Where people come to: a centre with its devices."""

    @property
    def rules(self) -> Rules:
        """What the site decides for itself."""
        ...

    def device(self, name: str, role: Role) -> Client:
        """A client of a new device."""
        ...

    def staff(self, name: str, role: Role) -> Client:
        """A client of a new member of staff."""
        ...


class PeoplesDay:
    """Lets the people of a centre live one day on an agenda shared with other centres."""

    def __init__(
        self,
        site: Premises,
        day: date,
        visits: Sequence[Visit],
        *,
        clerks: int,
        agenda: Agenda,
        simulated: SimulatedTime,
        seed: str,
    ) -> None:
        """`clerks` of the site's counters are staffed, the first ones."""
        self._site = site
        self._day = day
        self._agenda = agenda
        self._random = Random(seed)
        self._supervisor = site.staff("supervisor", "supervisor")
        clients = {
            "kiosk": site.device("kiosk-1", "kiosk"),
            "greeter": site.staff("greeter", "greeter"),
            "supervisor": self._supervisor,
        }
        self._hall = Hall(
            agenda=agenda,
            time=simulated,
            desk=site,
            clients=clients,
            random=Random(f"{seed} hall"),
        )
        self._clerks = [
            Clerk(
                self._hall,
                site.staff(f"nv{int(counter.id):02d}", "clerk"),
                counter.id,
                counter.services,
                Random(f"{seed} clerk {counter.id}"),
            )
            for counter in site.rules.counters[:clerks]
        ]
        self._hall.staff(self._clerks)
        self._plan_shifts()
        self._hall.expect(visits)

    @property
    def outcome(self) -> Outcome:
        """What the people of the day experienced."""
        return self._hall.outcome

    def look_up(self) -> None:
        """Let clerks notice who came without being of the day's visits."""
        self._hall.look_up()

    def _plan_shifts(self) -> None:
        sessions = sessions_of(self._site.rules, self._day)
        for index, session in enumerate(sessions):
            opens_ms = at(self._day, time.fromisoformat(session.issue_from))
            closes_ms = at(self._day, time.fromisoformat(session.closes))
            last = index == len(sessions) - 1
            for clerk in self._clerks:
                early_ms = round(1000 * self._random.uniform(*_COMES_EARLY_S))
                if index == 0:
                    self._agenda.plan(opens_ms - early_ms, clerk.begin)
                else:
                    late_ms = round(1000 * self._random.uniform(*_AFTERNOON_PAUSE_ENDS_S))
                    self._agenda.plan(opens_ms + late_ms, clerk.come_back)
                self._agenda.plan(closes_ms, clerk.go_home if last else clerk.rest)
            if last:
                sweep_ms = closes_ms + _SWEEP_AFTER_CLOSING_S * 1000
                self._agenda.plan(sweep_ms, self._sweep)

    def _sweep(self) -> None:
        """Void what is left in the house: papers that never came, people who went home."""
        left = self._supervisor.snapshot()
        for ticket in (*left.waiting, *left.parked, *left.absent):
            self._supervisor.command(c.VoidTicket(ticket.number, "hết ngày"))


class SiteDay(PeoplesDay):
    """The day of a simulated site with all its devices."""

    def __init__(
        self,
        site: SimulatedSite,
        day: date,
        visits: Sequence[Visit],
        *,
        clerks: int,
        agenda: Agenda,
        simulated: SimulatedTime,
        seed: str,
    ) -> None:
        """As PeoplesDay."""
        super().__init__(
            site, day, visits, clerks=clerks, agenda=agenda, simulated=simulated, seed=seed
        )
        self.site = site
