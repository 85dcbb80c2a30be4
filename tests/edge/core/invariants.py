"""What must hold after every row of a journal, told from the rows alone, without the core.

A second, naive bookkeeping of the house: whoever reads a journal years later must be able to
draw the same conclusions.
"""

from dataclasses import dataclass, field, fields

import msgspec

from contract import events as e
from contract.events import Entry
from contract.local_time import local_time
from contract.stamp import Span
from edge.core.state import AT_COUNTER, ENDED, State

_PHASES = {
    e.TicketIssued: "waiting",
    e.TicketCalled: "called",
    e.TicketResumed: "called",
    e.ServiceStarted: "serving",
    e.NoShowMarked: "absent",
    e.NoShowTakenBack: "called",
    e.TicketReturned: "waiting",
    e.CallTakenBack: "waiting",
    e.TicketTransferred: "waiting",
    e.TicketParked: "parked",
}
_TAKING_BACK = (e.CallTakenBack, e.NoShowTakenBack, e.ServiceReopened)
_OPEN_TIMES = ("idle", "walk", "service_time", "paused")


@dataclass(slots=True)
class Seat:
    """An open or paused counter: when it opened, and how much of the time since is told."""

    boot: str
    opened_ns: int
    told_ms: int = 0
    stretches: int = 0


@dataclass(slots=True)
class Watch:
    """Reads the rows of one queue, live or training, and complains.

    `honest` when every clock that says it is synchronised has been right so far.
    """

    honest: bool = True
    day: str = ""
    phases: dict[str, str] = field(default_factory=dict)
    came_on: dict[str, str] = field(default_factory=dict)
    services: dict[str, list[str]] = field(default_factory=dict)
    used_on_day: set[tuple[str, str]] = field(default_factory=set)
    used_on_true_day: set[tuple[str, str]] = field(default_factory=set)
    seats: dict[str, Seat] = field(default_factory=dict)
    rating_due: set[str] = field(default_factory=set)
    rated: set[str] = field(default_factory=set)
    roll_next: dict[str, int | None] = field(default_factory=dict)

    def read(self, entry: Entry, true_ms: int) -> None:
        """Take one row, written when it really was `true_ms`."""
        event = entry.event
        no_negative_time(event)
        if isinstance(event, e.DayOpened):
            self._open_day(event, true_ms)
        if isinstance(event, e.TicketIssued):
            self._issue(event, true_ms)
        self._follow_roll(event)
        self._follow_visit(event)
        self._follow_time(entry)
        self._follow_rating(event)

    def lose_the_journal(self) -> None:
        """Go on without anything but the numbers that citizens took."""
        fresh = Watch(self.honest, used_on_true_day=self.used_on_true_day)
        for name in (x.name for x in fields(Watch)):
            setattr(self, name, getattr(fresh, name))

    def agrees_with(self, state: State) -> None:
        """Everyone who was given a number is in the house, once, where the rows say."""
        assert {n: t.phase for n, t in state.tickets.items() if t.phase not in ENDED} == self.phases
        for number, services in self.services.items():
            assert list(state.tickets[number].services) == services
        at_counters = {n: t.counter for n, t in state.tickets.items() if t.phase in AT_COUNTER}
        held = {c.ticket: c.id for c in state.counters.values() if c.ticket is not None}
        assert at_counters == held
        for counter in state.counters.values():
            assert counter.ticket is None or counter.phase == "open"

    def _open_day(self, event: e.DayOpened, true_ms: int) -> None:
        kept, gone = set(event.carried), set(event.abandoned)
        assert kept | gone == self.phases.keys()
        assert not kept & gone
        if self.honest and event.trusted:
            came_today = {n for n in gone if self.came_on[n] == _day(true_ms)}
            assert not came_today, "a clock gave up who came today"
        self.day = event.day
        self.phases = {n: phase for n, phase in self.phases.items() if n in kept}
        self.services = {n: left for n, left in self.services.items() if n in kept}
        self.seats = {c: seat for c, seat in self.seats.items() if c in event.counters}

    def _issue(self, event: e.TicketIssued, true_ms: int) -> None:
        assert event.number not in self.phases
        used = (self.day, event.number)
        assert used not in self.used_on_day, "one number twice on a business day"
        self.used_on_day.add(used)
        truly = (_day(true_ms), event.number)
        self.came_on[event.number] = _day(true_ms)
        assert truly not in self.used_on_true_day or not self.honest, "one number twice on a day"
        self.used_on_true_day.add(truly)
        self.services[event.number] = list(event.services)

    def _follow_roll(self, event: e.AnyEvent) -> None:
        """A series on its roll gives out the roll's numbers one by one, and prints nothing."""
        match event:
            case e.RollStarted(number=number):
                series, order = _parts(number)
                self.roll_next[series] = order
            case e.RollEnded(series=series):
                del self.roll_next[series]
            case e.DayOpened(last_orders=orders):
                self.roll_next = dict.fromkeys(self.roll_next.keys() & orders.keys())
            case e.TicketIssued(number=number, roll=roll, on_paper=on_paper):
                series, order = _parts(number)
                assert roll == (series in self.roll_next)
                assert not (roll and on_paper)
                if roll:
                    assert self.roll_next[series] in (None, order)
                    self.roll_next[series] = order + 1
            case e.ReprintOrdered(number=number):
                assert _parts(number)[0] not in self.roll_next

    def _follow_visit(self, event: e.AnyEvent) -> None:
        match event:
            case e.ServiceAdded(number=number, service=service):
                self.services[number].append(service)
            case e.TicketTransferred(number=number, service=service):
                _, *later = self.services[number]
                self.services[number] = [service, *(s for s in later if s != service)]
            case e.ServiceFinished(number=number):
                self.services[number].pop(0)
                self.phases[number] = "waiting"
                if not self.services[number]:
                    self._left(number)
            case e.ServiceReopened(finish=finish):
                assert (finish.number in self.phases) != finish.ends_visit
                assert self.phases.get(finish.number, "waiting") == "waiting"
                self.services.setdefault(finish.number, []).insert(0, finish.service)
                self.phases[finish.number] = "serving"
            case e.ServiceRemoved(number=number, service=service):
                assert service in self.services[number][1:]
                self.services[number].remove(service)
            case e.TicketVoided(number=number):
                self._left(number)
        if type(event) in _PHASES:
            self.phases[getattr(event, "number")] = _PHASES[type(event)]  # noqa: B009 - many types

    def _left(self, number: str) -> None:
        del self.phases[number], self.services[number]

    def _follow_time(self, entry: Entry) -> None:
        event, stamp = entry.event, entry.stamp
        counter = getattr(event, "counter", None)
        if counter is None:
            return
        if isinstance(event, e.CounterOpened) and (
            counter not in self.seats or self.seats[counter].boot != stamp.boot
        ):
            self.seats[counter] = Seat(stamp.boot, stamp.mono_ns)
            return
        seat = self.seats.get(counter)
        if seat is None:
            return
        if seat.boot != stamp.boot:
            del self.seats[counter]
            return
        times = -1 if isinstance(event, _TAKING_BACK) else 1
        telling = event.finish if isinstance(event, e.ServiceReopened) else event
        for told in (getattr(telling, name, None) for name in _OPEN_TIMES):
            if isinstance(told, Span):
                assert not told.approximate
                seat.told_ms += told.ms * times
                seat.stretches += times
        if type(event) in _TELLING:
            passed_ms = (stamp.mono_ns - seat.opened_ns) // 1_000_000
            assert abs(passed_ms - seat.told_ms) <= seat.stretches, "open time that nobody told"
        if isinstance(event, e.CounterClosed):
            del self.seats[counter]

    def _follow_rating(self, event: e.AnyEvent) -> None:
        match event:
            case e.ServiceFinished(number=number, counter=counter):
                if number not in self.rated:
                    self.rating_due.add(counter)
                self.rated.discard(number)
            case e.ServiceReopened(finish=finish):
                if finish.counter not in self.rating_due:
                    self.rated.add(finish.number)
                self.rating_due.discard(finish.counter)
            case e.TicketTransferred(from_service=before, service=after, number=number):
                if before != after:
                    self.rated.discard(number)
            case e.RatingGiven(counter=counter):
                assert counter in self.rating_due, "a second rating of one service"
                self.rating_due.remove(counter)
            case e.DayOpened():
                self.rated.clear()


def _day(true_ms: int) -> str:
    return local_time(true_ms).date().isoformat()


def _parts(number: str) -> tuple[str, int]:
    digits = number.removeprefix("0")
    return digits[0], int(digits[1:])


_TELLING = (
    e.TicketCalled,
    e.TicketResumed,
    e.ServiceStarted,
    e.NoShowMarked,
    e.ServiceFinished,
    e.TicketTransferred,
    e.TicketParked,
    e.CounterOpened,
    e.CounterPaused,
    e.CounterClosed,
)


def no_negative_time(event: e.AnyEvent) -> None:
    """No duration and no count of an event is negative."""
    for value in msgspec.structs.asdict(event).values():
        if isinstance(value, Span):
            assert value.ms >= 0, event
        elif isinstance(value, int) and not isinstance(event, e.ClockStepped):
            assert value >= 0, event
