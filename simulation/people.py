"""The citizens of one simulated day, acting through the hub's API like anyone else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Protocol

from contract import commands as c
from contract.commands import Answer, AnyCommand
from contract.refusals import Reason
from contract.snapshot import Snapshot
from runtime.hub_client import Refusal
from simulation.agenda import Action, Agenda
from simulation.clock import SimulatedTime
from simulation.visits import Visit

_LOOKS_UP_AFTER_S = (2, 10)
# Somebody of flesh and blood who took a number from a demo's kiosk.
_VISITOR = Visit(arrives_ms=0, service="", service_s=180.0)


class Client(Protocol):
    """What asks a hub on somebody's behalf, as `HubClient` does."""

    def command(self, command: AnyCommand, /) -> Answer | Refusal:
        """Give an order."""
        ...

    def snapshot(self) -> Snapshot:
        """Ask for the whole picture."""
        ...


class Desk(Protocol):
    """What people at the centre touch besides the API: buttons, slips, screens."""

    def take_slip(self, number: str) -> None:
        """Wait for the slip to come out and take it."""
        ...

    def press_rating(self, counter: str, level: int) -> None:
        """Press a rating button."""
        ...


@dataclass(slots=True)
class Stay:
    """How far a citizen's visit has come."""

    visit: Visit
    came_back: bool = False
    transferred: bool = False
    parked: bool = False
    further_asked: bool = False


@dataclass(slots=True)
class Outcome:
    """What the people of a day experienced, beside what the journal says."""

    turned_away: dict[str, int] = field(default_factory=dict)
    pressed_ratings: int = 0

    def turn_away(self, reason: Reason) -> None:
        """A citizen got no number."""
        self.turned_away[reason] = self.turned_away.get(reason, 0) + 1


class Worker(Protocol):
    """A clerk as citizens see one."""

    @property
    def idle(self) -> bool:
        """Whether the clerk waits for someone to come."""
        ...

    @property
    def services(self) -> tuple[str, ...]:
        """What the counter serves."""
        ...

    def seek(self) -> None:
        """Call whoever is next."""
        ...


class Hall:
    """The citizens of one site's day."""

    def __init__(
        self,
        *,
        agenda: Agenda,
        time: SimulatedTime,
        desk: Desk,
        clients: Mapping[str, Client],
        random: Random,
    ) -> None:
        """`clients` by role: kiosk, greeter and supervisor."""
        self.agenda = agenda
        self.time = time
        self.desk = desk
        self.random = random
        self.outcome = Outcome()
        self._stays: dict[str, Stay] = {}
        self._clients = clients
        self._clerks: Sequence[Worker] = ()

    def staff(self, clerks: Sequence[Worker]) -> None:
        """Say who works today."""
        self._clerks = clerks

    def expect(self, visits: Sequence[Visit]) -> None:
        """Plan everybody's arrival, and book what was booked."""
        for index, visit in enumerate(visits):
            code = f"H{index:04d}"
            if visit.appointment_slot_ms is not None:
                booking = c.BookAppointment(code, visit.service, visit.appointment_slot_ms)
                self._clients["supervisor"].command(booking)
            self.agenda.plan(visit.arrives_ms, partial(self._arrive, visit, code))

    def stay(self, number: str) -> Stay:
        """How far whoever holds this number has come, be it a visitor of the demo."""
        return self._stays.setdefault(number, Stay(_VISITOR))

    def after(self, seconds: float, action: Action) -> None:
        """Plan `action` for `seconds` from now."""
        self.agenda.plan(self.time.now_ms + round(seconds * 1000), action)

    def wake(self, service: str) -> None:
        """Let idle clerks who serve this look up."""
        for clerk in self._clerks:
            if clerk.idle and service in clerk.services:
                self.after(self.random.uniform(*_LOOKS_UP_AFTER_S), clerk.seek)

    def look_up(self) -> None:
        """Let idle clerks see whether somebody waits of whom nobody told them."""
        for clerk in self._clerks:
            if clerk.idle:
                clerk.seek()

    def come_back(self, number: str) -> None:
        """A citizen who missed the call asks to wait again."""
        stay = self.stay(number)
        stay.came_back = True
        reply = self._clients["supervisor"].command(c.ReturnTicket(number))
        if isinstance(reply, Answer):
            self.wake(stay.visit.service)

    def _arrive(self, visit: Visit, code: str) -> None:
        client = self._clients[visit.issued_by]
        command: AnyCommand
        if visit.appointment_slot_ms is not None:
            command = c.CheckIn(code, "en" if visit.language == "en" else "vi")
        else:
            command = c.IssueTicket(
                (visit.service,),
                priority=visit.priority,
                language="en" if visit.language == "en" else "vi",
            )
        reply = client.command(command)
        if isinstance(reply, Refusal):
            self.outcome.turn_away(reply.reason)
        elif reply.number is not None:
            self._stays[reply.number] = Stay(visit)
            self.desk.take_slip(reply.number)
            self.wake(visit.service)
