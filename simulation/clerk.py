"""One clerk at one counter through a simulated day."""

from collections import deque
from functools import partial
from random import Random

from contract import commands as c
from contract.commands import Answer
from contract.events import ParkReason
from contract.refusals import Reason
from runtime.hub_client import Refusal
from simulation.agenda import Action
from simulation.people import Client, Hall

_RECALL_AFTER_S = 30
_RECALLS = 2
_BREATH_S = (4, 20)
_LAST_STRETCH_S = (40, 120)
_SHARE_BEFORE_PARKING = 0.7
_SHARE_BEFORE_TRANSFER = 0.3
_PRESSES_TWICE = 0.05
_SECOND_PRESS_S = 2
_SITS_DOWN_AGAIN_S = 300
# Whoever visits the demo may sit down at a clerk's counter, or see to a clerk's citizen.
_TAKEN_OVER = {
    Reason.NOT_YOUR_COUNTER,
    Reason.COUNTER_CLOSED,
    Reason.COUNTER_PAUSED,
    Reason.COUNTER_TAKEN,
    Reason.COUNTER_BUSY,
    Reason.NOBODY_SIGNED_IN,
}
_SEEN_TO = {Reason.TICKET_ENDED, Reason.NOT_PARKED, Reason.TICKET_AT_COUNTER}


class Clerk:
    """Works a counter: calls, serves, parks, resumes, rests, until told to go home."""

    def __init__(
        self, hall: Hall, client: Client, counter: str, services: tuple[str, ...], random: Random
    ) -> None:
        self._hall = hall
        self._client = client
        self._counter = counter
        self.services = services
        self._random = random
        self._parked: set[str] = set()
        self._ready: deque[str] = deque()
        self._busy = False
        self._open = False
        self._leaving: Action | None = None

    @property
    def idle(self) -> bool:
        """Whether the clerk waits for someone to come."""
        return self._open and not self._busy

    def begin(self) -> None:
        """Sit down and open the counter."""
        self._client.command(c.SignIn(self._counter))
        self._take_up()

    def rest(self) -> None:
        """Pause once nobody waits."""
        self._leave(self._pause)

    def come_back(self) -> None:
        """Open again after a pause."""
        self._take_up()

    def go_home(self) -> None:
        """Close and sign out once nobody waits."""
        self._leave(self._sign_out)

    def seek(self) -> None:
        """Go on with whoever's papers are ready, else call whoever is next."""
        if not self.idle:
            return
        if self._ready:
            reply = self._client.command(c.ResumeTicket(self._counter, self._ready.popleft()))
        else:
            reply = self._client.command(c.CallNext(self._counter))
        if isinstance(reply, Answer) and reply.number is not None:
            self._busy = True
            self._await(reply.number)
        elif isinstance(reply, Refusal) and reply.reason in _SEEN_TO:
            self.seek()  # also when the papers came after the house was swept
        elif isinstance(reply, Refusal) and reply.reason in _TAKEN_OVER:
            self._give_way()
        elif isinstance(reply, Refusal) and reply.reason != Reason.NOBODY_WAITING:
            raise AssertionError(f"counter {self._counter}: {reply.words}")
        elif self._leaving is not None and not self._parked:
            leave, self._leaving = self._leaving, None
            self._open = False
            leave()

    # --- one citizen --------------------------------------------------------------------------

    def _await(self, number: str) -> None:
        stay = self._hall.stay(number)
        if stay.visit.shows_up or stay.came_back:
            self._after(stay.visit.walk_s, partial(self._start, number))
        else:
            self._after(_RECALL_AFTER_S, partial(self._recall, number, 1))

    def _recall(self, number: str, times: int) -> None:
        if times <= _RECALLS:
            self._client.command(c.Recall(self._counter))
            self._after(_RECALL_AFTER_S, partial(self._recall, number, times + 1))
            return
        self._client.command(c.MarkNoShow(self._counter))
        returns_after_s = self._hall.stay(number).visit.returns_after_s
        if returns_after_s is not None:
            self._after(returns_after_s, partial(self._hall.come_back, number))
        self._free()

    def _start(self, number: str) -> None:
        self._client.command(c.StartService(self._counter))
        stay = self._hall.stay(number)
        visit = stay.visit
        if stay.parked:
            self._after(self._random.uniform(*_LAST_STRETCH_S), partial(self._finish, number))
        elif visit.transfer_to is not None and not stay.transferred:
            seconds = visit.service_s * _SHARE_BEFORE_TRANSFER
            self._after(seconds, partial(self._transfer, number, visit.transfer_to))
        elif visit.sign_wait_s is not None:
            seconds = visit.service_s * _SHARE_BEFORE_PARKING
            self._after(seconds, partial(self._park, number, "signature", visit.sign_wait_s))
        elif visit.papers_wait_s is not None:
            seconds = visit.service_s * _SHARE_BEFORE_PARKING
            self._after(seconds, partial(self._park, number, "papers", visit.papers_wait_s))
        else:
            self._after(visit.service_s, partial(self._finish, number))

    def _transfer(self, number: str, service: str) -> None:
        reply = self._client.command(c.TransferTicket(self._counter, service))
        self._hall.stay(number).transferred = True
        if isinstance(reply, Refusal):
            self._start_again(number)
            return
        self._free()
        self._hall.wake(service)

    def _start_again(self, number: str) -> None:
        seconds = self._hall.stay(number).visit.service_s * (1 - _SHARE_BEFORE_TRANSFER)
        self._after(seconds, partial(self._finish, number))

    def _park(self, number: str, reason: ParkReason, wait_s: float) -> None:
        due_in_min = max(1, round(wait_s / 60))
        self._client.command(c.ParkTicket(self._counter, reason, due_in_min))
        self._hall.stay(number).parked = True
        self._parked.add(number)
        self._after(wait_s, partial(self._papers_ready, number))
        self._free()

    def _papers_ready(self, number: str) -> None:
        self._parked.discard(number)
        self._ready.append(number)
        if self.idle:
            self.seek()

    def _finish(self, number: str) -> None:
        stay = self._hall.stay(number)
        further = None if stay.further_asked else stay.visit.further_service
        if further is not None:
            stay.further_asked = True
            self._client.command(c.AddService(number, further))
        self._client.command(c.FinishService(self._counter))
        if further is not None:
            stay.parked = True
            self._hall.wake(further)
        elif stay.visit.rating is not None:
            self._after(stay.visit.rates_after_s, partial(self._rated, stay.visit.rating))
        self._free()

    def _rated(self, level: int) -> None:
        self._hall.desk.press_rating(self._counter, level)
        self._hall.outcome.pressed_ratings += 1
        if self._random.random() < _PRESSES_TWICE:
            self._after(_SECOND_PRESS_S, partial(self._rated, level))

    def _free(self) -> None:
        self._busy = False
        self._after(self._random.uniform(*_BREATH_S), self.seek)

    # --- coming and going ---------------------------------------------------------------------

    def _take_up(self) -> None:
        self._client.command(c.OpenCounter(self._counter))
        self._open = True
        self._leaving = None
        self._after(self._random.uniform(*_BREATH_S), self.seek)

    def _leave(self, leave: Action) -> None:
        self._leaving = leave
        if self.idle:
            self.seek()

    def _give_way(self) -> None:
        """Come back later to a counter at which somebody else works, unless it is time to go."""
        self._open = False
        if self._leaving is None:
            self._after(_SITS_DOWN_AGAIN_S, self.begin)

    def _pause(self) -> None:
        self._client.command(c.PauseCounter(self._counter, "lunch"))

    def _sign_out(self) -> None:
        self._client.command(c.SignOut(self._counter))

    def _after(self, seconds: float, action: Action) -> None:
        self._hall.after(seconds, action)
