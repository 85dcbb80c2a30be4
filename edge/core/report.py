"""A day's figures for the supervisor, recounted from the journal's rows.

Ratings of a named member of staff are counted, and their mean is told only where the site's
rules say so.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from contract import events as e
from contract.day_report import (
    CounterFigures,
    DayReport,
    Ratings,
    ServiceFigures,
    Spread,
    StaffFigures,
)
from contract.events import Entry
from contract.site_rules import Rules
from contract.stamp import Span


def day_report(rules: Rules, day: str, rows: Iterable[Entry]) -> DayReport:
    """Count the rows of business day `day`, from the one that first opened it: not those that were
    written while a clock that jumped, or a person, took it for another."""
    book = _Book(day)
    for entry in rows:
        take = _TAKES.get(type(entry.event))
        if take is not None and (book.is_of_the_day or type(entry.event) in _ALWAYS):
            take(book, entry.event, entry.actor)
    whole = book.whole
    services = _in_order((service.id for service in rules.services), book.services)
    counters = _in_order((counter.id for counter in rules.counters), book.counters)
    return DayReport(
        day=day,
        tickets=(book.carried or 0) + whole.issued,
        visits=book.visits,
        served=whole.served,
        no_shows=whole.no_shows,
        voided=book.voided,
        waits=_spread(whole.waits_ms),
        second_waits=_spread(book.second_waits_ms),
        visit_times=_spread(book.visits_ms),
        service_times=_spread(whole.services_ms),
        ratings=_ratings(whole.levels, told=True),
        presses_ignored=book.presses_ignored,
        services=tuple(book.services[id_].of_service(id_) for id_ in services),
        counters=tuple(book.counters[id_].of_counter(id_) for id_ in counters),
        staff=tuple(
            tally.of_staff(id_, book.issued_by[id_], rating_told=rules.ratings_by_staff)
            for id_, tally in sorted(book.staff.items())
        ),
        issued_by=dict(sorted(book.issued_by.items())),
    )


def figures_of(report: DayReport, staff: str) -> StaffFigures:
    """One person's own figures, all zero for somebody who has done nothing yet."""
    known = next((figures for figures in report.staff if figures.staff == staff), None)
    issued = report.issued_by.get(staff, 0)
    return known or _Tally().of_staff(staff, issued, rating_told=False)


def _in_order(known: Iterable[str], found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*known, *sorted(found))))


def _spread(values_ms: list[int]) -> Spread:
    ordered = sorted(values_ms)

    def at(share: float) -> int | None:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None

    return Spread(len(ordered), at(0.5), at(0.9), at(1.0))


def _ratings(levels: list[int], *, told: bool) -> Ratings:
    mean = sum(levels) / len(levels) if levels and told else None
    return Ratings(len(levels), mean)


@dataclass(slots=True)
class _Tally:
    """What is counted alike for the whole site, a service, a counter and a member of staff."""

    issued: int = 0
    called: int = 0
    served: int = 0
    no_shows: int = 0
    transferred: int = 0
    parked: int = 0
    pauses: int = 0
    paused_ms: int = 0
    waits_ms: list[int] = field(default_factory=list)
    services_ms: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)

    def of_service(self, service: str) -> ServiceFigures:
        return ServiceFigures(
            service,
            tickets=self.issued,
            served=self.served,
            no_shows=self.no_shows,
            waits=_spread(self.waits_ms),
            service_times=_spread(self.services_ms),
            ratings=_ratings(self.levels, told=True),
        )

    def of_counter(self, counter: str) -> CounterFigures:
        return CounterFigures(
            counter,
            called=self.called,
            served=self.served,
            no_shows=self.no_shows,
            waits=_spread(self.waits_ms),
            service_times=_spread(self.services_ms),
            ratings=_ratings(self.levels, told=True),
            pauses=self.pauses,
            paused_ms=self.paused_ms,
        )

    def of_staff(self, staff: str, issued: int, *, rating_told: bool) -> StaffFigures:
        return StaffFigures(
            staff,
            issued=issued,
            called=self.called,
            served=self.served,
            no_shows=self.no_shows,
            transferred=self.transferred,
            parked=self.parked,
            service_times=_spread(self.services_ms),
            ratings=_ratings(self.levels, told=rating_told),
            pauses=self.pauses,
            paused_ms=self.paused_ms,
        )


class _Book:
    """The tallies of one day while its rows are read."""

    def __init__(self, day: str) -> None:
        self.is_of_the_day = True
        self.carried: int | None = None
        self.visits = 0
        self.voided = 0
        self.presses_ignored = 0
        self.visits_ms: list[int] = []
        self.second_waits_ms: list[int] = []
        self.whole = _Tally()
        self.services: defaultdict[str, _Tally] = defaultdict(_Tally)
        self.counters: defaultdict[str, _Tally] = defaultdict(_Tally)
        self.staff: defaultdict[str, _Tally] = defaultdict(_Tally)
        self.issued_by: Counter[str] = Counter()
        self._day = day
        self._issued_elsewhere: set[str] = set()
        self._seats: dict[str, str] = {}
        self._called_by: dict[str, str] = {}
        self._finished_by: dict[str, str] = {}
        self._missed_by: dict[str, str] = {}

    def at(self, counter: str, actor: str, service: str) -> tuple[_Tally, ...]:
        """The tallies that what happened at a counter belongs to."""
        return (self.whole, self.services[service], *self.at_seat(counter, actor))

    def by(self, staff: str, counter: str, service: str) -> tuple[_Tally, ...]:
        """The tallies of what somebody did at a counter."""
        return (self.whole, self.services[service], self.counters[counter], self.staff[staff])

    def at_seat(self, counter: str, actor: str) -> tuple[_Tally, _Tally]:
        """The tallies of a counter and of whoever sits there, or else did it."""
        return self.counters[counter], self.staff[self._seats.get(counter, actor)]

    def open_day(self, event: e.DayOpened, _actor: str) -> None:
        """A later opening of the same day brings only who came while it was left."""
        self.is_of_the_day = event.day == self._day
        if not self.is_of_the_day:
            return
        if self.carried is None:
            self.carried = len(event.carried)
        else:
            self.carried += len(self._issued_elsewhere.intersection(event.carried))
        self._issued_elsewhere.clear()

    def sign_in(self, event: e.StaffSignedIn, _actor: str) -> None:
        self._seats[event.counter] = event.staff
        self.staff.setdefault(event.staff, _Tally())

    def sign_out(self, event: e.StaffSignedOut, _actor: str) -> None:
        self._seats.pop(event.counter, None)

    def issue(self, event: e.TicketIssued, actor: str) -> None:
        if not self.is_of_the_day:
            self._issued_elsewhere.add(event.number)
            return
        self.whole.issued += 1
        self.services[event.services[0]].issued += 1
        self.issued_by[actor] += 1

    def call(self, event: e.TicketCalled, actor: str) -> None:
        for tally in self.at(event.counter, actor, event.service):
            tally.called += 1
            _measure(tally.waits_ms, event.wait)
        self._called_by[event.counter] = self._seats.get(event.counter, actor)

    def take_call_back(self, event: e.CallTakenBack, actor: str) -> None:
        staff = self._called_by.get(event.counter, actor)
        for tally in self.by(staff, event.counter, event.service):
            tally.called -= 1
            _forget(tally.waits_ms, event.wait)

    def resume(self, event: e.TicketResumed, _actor: str) -> None:
        _measure(self.second_waits_ms, event.second_wait)

    def finish(self, event: e.ServiceFinished, actor: str) -> None:
        for tally in self.at(event.counter, actor, event.service):
            tally.served += 1
            _measure(tally.services_ms, event.worked)
        self._finished_by[event.counter] = self._seats.get(event.counter, actor)
        self.visits += event.ends_visit
        _measure(self.visits_ms, event.visit)

    def reopen(self, event: e.ServiceReopened, actor: str) -> None:
        staff = self._finished_by.get(event.counter, actor)
        for tally in self.by(staff, event.counter, event.service):
            tally.served -= 1
            _forget(tally.services_ms, event.finish.worked)
        self.visits -= event.finish.ends_visit
        _forget(self.visits_ms, event.finish.visit)

    def mark_absent(self, event: e.NoShowMarked, actor: str) -> None:
        for tally in self.at(event.counter, actor, event.service):
            tally.no_shows += 1
        self._missed_by[event.counter] = self._seats.get(event.counter, actor)

    def take_no_show_back(self, event: e.NoShowTakenBack, actor: str) -> None:
        staff = self._missed_by.get(event.counter, actor)
        for tally in self.by(staff, event.counter, event.service):
            tally.no_shows -= 1

    def transfer(self, event: e.TicketTransferred, actor: str) -> None:
        for tally in self.at(event.counter, actor, event.from_service):
            tally.transferred += 1

    def park(self, event: e.TicketParked, actor: str) -> None:
        for tally in self.at(event.counter, actor, event.service):
            tally.parked += 1

    def void(self, _event: e.TicketVoided, _actor: str) -> None:
        self.voided += 1

    def pause(self, event: e.CounterPaused, actor: str) -> None:
        for tally in self.at_seat(event.counter, actor):
            tally.pauses += 1

    def end_pause(self, event: e.CounterOpened | e.CounterClosed, actor: str) -> None:
        if event.paused is not None:
            for tally in self.at_seat(event.counter, actor):
                tally.paused_ms += event.paused.ms

    def rate(self, event: e.RatingGiven, _actor: str) -> None:
        for tally in (self.whole, self.services[event.service], self.counters[event.counter]):
            tally.levels.append(event.level)
        if event.counter in self._finished_by:
            self.staff[self._finished_by[event.counter]].levels.append(event.level)

    def ignore_press(self, _event: e.RatingIgnored, _actor: str) -> None:
        self.presses_ignored += 1


def _measure(values_ms: list[int], span: Span | None) -> None:
    if span is not None:
        values_ms.append(span.ms)


def _forget(values_ms: list[int], span: Span | None) -> None:
    if span is not None:
        values_ms.remove(span.ms)


_TAKES: dict[type[Any], Callable[[_Book, Any, str], None]] = {
    e.DayOpened: _Book.open_day,
    e.StaffSignedIn: _Book.sign_in,
    e.StaffSignedOut: _Book.sign_out,
    e.TicketIssued: _Book.issue,
    e.TicketCalled: _Book.call,
    e.CallTakenBack: _Book.take_call_back,
    e.TicketResumed: _Book.resume,
    e.ServiceFinished: _Book.finish,
    e.ServiceReopened: _Book.reopen,
    e.NoShowMarked: _Book.mark_absent,
    e.NoShowTakenBack: _Book.take_no_show_back,
    e.TicketTransferred: _Book.transfer,
    e.TicketParked: _Book.park,
    e.TicketVoided: _Book.void,
    e.CounterPaused: _Book.pause,
    e.CounterOpened: _Book.end_pause,
    e.CounterClosed: _Book.end_pause,
    e.RatingGiven: _Book.rate,
    e.RatingIgnored: _Book.ignore_press,
}
_ALWAYS = (e.DayOpened, e.StaffSignedIn, e.StaffSignedOut, e.TicketIssued)
