"""A site's figures counted from its journal alone, by the raw stamps of its rows.

It shares no arithmetic with the hub, which measures durations when it writes, nor with the
centre, which adds those up: so the three can be held against each other.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from contract import events as e
from contract.events import Entry
from contract.stamp import Stamp

_MS_PER_HOUR = 3_600_000


@dataclass(slots=True)
class CounterCount:
    """One counter: services finished, and milliseconds open and busy."""

    finished: int = 0
    open_ms: int = 0
    busy_ms: int = 0

    @property
    def per_open_hour(self) -> float | None:
        """Services finished per hour open; None when it was never open."""
        return self.finished * _MS_PER_HOUR / self.open_ms if self.open_ms else None


@dataclass(slots=True)
class Count:
    """One site's day. Durations are in milliseconds, in the order in which they ended."""

    events: int = 0
    issued: int = 0
    called: int = 0
    finished: int = 0
    visits: int = 0
    no_shows: int = 0
    voided: int = 0
    transferred: int = 0
    ratings: list[int] = field(default_factory=list)
    rated: Counter[tuple[str, int]] = field(default_factory=Counter)
    presses_ignored: int = 0
    waits_ms: list[int] = field(default_factory=list)
    second_waits_ms: list[int] = field(default_factory=list)
    services_ms: list[int] = field(default_factory=list)
    counters: dict[str, CounterCount] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)

    @property
    def response_rate(self) -> float | None:
        """Ratings per finished service; None when nothing was finished."""
        return len(self.ratings) / self.finished if self.finished else None

    @property
    def ratings_by_fives(self) -> int:
        """Ratings without those that wait until there are five of their service and scale."""
        return sum(n - n % 5 for n in self.rated.values())


def recount(entries: Iterable[Entry]) -> Count:
    """Count a journal; training does not count."""
    day = _Day()
    for entry in entries:
        day.count.events += 1
        take = _TAKES.get(type(entry.event))
        if take is not None and not entry.training:
            take(day, entry.event, entry.stamp)
    day.count.counters = dict(sorted(day.counters.items(), key=lambda item: int(item[0])))
    return day.count


def quantile(values: list[int], q: float) -> int | None:
    """The smallest value that at least a share `q` of the values do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def _between(start: Stamp, end: Stamp) -> int:
    if start.boot == end.boot:
        return (end.mono_ns - start.mono_ns) // 1_000_000
    return max(0, end.wall_ms - start.wall_ms)


@dataclass(frozen=True, slots=True)
class _Finish:
    """When a counter called, began and finished, and what had been worked before."""

    called: Stamp
    began: Stamp
    worked_ms: int
    at: Stamp


@dataclass(frozen=True, slots=True)
class _Wait:
    """A wait that a counter's last call ended."""

    since: Stamp
    early_ms: int
    counted_ms: int


class _Day:
    def __init__(self) -> None:
        self.count = Count()
        self.counters: dict[str, CounterCount] = defaultdict(CounterCount)
        self.queued: dict[str, Stamp] = {}
        self.early_ms: dict[str, int] = {}
        self.called: dict[str, Stamp] = {}
        self.began: dict[str, Stamp] = {}
        self.parked: dict[str, Stamp] = {}
        self.worked_ms: dict[str, int] = defaultdict(int)
        self.opened: dict[str, Stamp] = {}
        self.finished: dict[str, _Finish] = {}
        self.ended: dict[str, _Wait] = {}
        self.missed: dict[str, tuple[Stamp, Stamp]] = {}

    def leave(self, counter: str, number: str, now: Stamp) -> None:
        """A citizen goes from a counter, however it ended."""
        self.counters[counter].busy_ms += _between(self.called.pop(counter), now)
        if number in self.began:
            self.worked_ms[number] += _between(self.began.pop(number), now)


def _issued(day: _Day, event: e.TicketIssued, now: Stamp) -> None:
    day.count.issued += 1
    day.count.numbers.append(event.number)
    day.queued[event.number] = now
    day.early_ms[event.number] = event.early_ms


def _called(day: _Day, event: e.TicketCalled, now: Stamp) -> None:
    day.count.called += 1
    day.called[event.counter] = now
    day.ended.pop(event.counter, None)
    if event.number in day.queued:
        since, early_ms = day.queued.pop(event.number), day.early_ms.pop(event.number, 0)
        wait = _Wait(since, early_ms, max(0, _between(since, now) - early_ms))
        day.ended[event.counter] = wait
        day.count.waits_ms.append(wait.counted_ms)


def _call_taken_back(day: _Day, event: e.CallTakenBack, _now: Stamp) -> None:
    day.count.called -= 1
    del day.called[event.counter]
    wait = day.ended.pop(event.counter, None)
    if wait is not None:
        day.count.waits_ms.remove(wait.counted_ms)
        day.queued[event.number] = wait.since
        day.early_ms[event.number] = wait.early_ms


def _resumed(day: _Day, event: e.TicketResumed, now: Stamp) -> None:
    day.called[event.counter] = now
    day.count.second_waits_ms.append(_between(day.parked.pop(event.number), now))


def _started(day: _Day, event: e.ServiceStarted, now: Stamp) -> None:
    day.began[event.number] = now


def _finished(day: _Day, event: e.ServiceFinished, now: Stamp) -> None:
    called, began = day.called[event.counter], day.began[event.number]
    day.finished[event.counter] = _Finish(called, began, day.worked_ms[event.number], now)
    day.leave(event.counter, event.number, now)
    day.count.finished += 1
    day.counters[event.counter].finished += 1
    worked_ms = day.worked_ms.pop(event.number)
    if event.worked is not None:  # a keypad alone cannot say when a service began
        day.count.services_ms.append(worked_ms)
    if event.ends_visit:
        day.count.visits += 1
    else:
        day.queued[event.number] = now


def _reopened(day: _Day, event: e.ServiceReopened, _now: Stamp) -> None:
    last = day.finished.pop(event.counter)
    counter = day.counters[event.counter]
    counter.busy_ms -= _between(last.called, last.at)
    counter.finished -= 1
    day.count.finished -= 1
    if event.finish.worked is not None:
        day.count.services_ms.remove(last.worked_ms + _between(last.began, last.at))
    if event.finish.ends_visit:
        day.count.visits -= 1
    else:
        del day.queued[event.number]
    day.called[event.counter] = last.called
    day.began[event.number] = last.began
    day.worked_ms[event.number] = last.worked_ms


def _transferred(day: _Day, event: e.TicketTransferred, now: Stamp) -> None:
    day.leave(event.counter, event.number, now)
    day.count.transferred += 1
    if event.service != event.from_service:  # else the citizen waits for another counter alone
        day.worked_ms.pop(event.number)
        day.queued[event.number] = now


def _parked(day: _Day, event: e.TicketParked, now: Stamp) -> None:
    day.leave(event.counter, event.number, now)
    day.parked[event.number] = now


def _absent(day: _Day, event: e.NoShowMarked, now: Stamp) -> None:
    day.missed[event.counter] = day.called[event.counter], now
    day.leave(event.counter, event.number, now)
    day.count.no_shows += 1


def _no_show_taken_back(day: _Day, event: e.NoShowTakenBack, _now: Stamp) -> None:
    called, at = day.missed.pop(event.counter)
    day.counters[event.counter].busy_ms -= _between(called, at)
    day.count.no_shows -= 1
    day.called[event.counter] = called


def _voided(day: _Day, _event: e.TicketVoided, _now: Stamp) -> None:
    day.count.voided += 1


def _opened(day: _Day, event: e.CounterOpened, now: Stamp) -> None:
    day.opened[event.counter] = now


def _closed(day: _Day, event: e.CounterPaused | e.CounterClosed, now: Stamp) -> None:
    if event.counter in day.opened:
        day.counters[event.counter].open_ms += _between(day.opened.pop(event.counter), now)


def _rated(day: _Day, event: e.RatingGiven, _now: Stamp) -> None:
    day.count.ratings.append(event.level)
    day.count.rated[event.service, event.levels] += 1


def _press_ignored(day: _Day, _event: e.RatingIgnored, _now: Stamp) -> None:
    day.count.presses_ignored += 1


_TAKES: dict[type[Any], Callable[[_Day, Any, Stamp], None]] = {
    e.TicketIssued: _issued,
    e.TicketCalled: _called,
    e.CallTakenBack: _call_taken_back,
    e.TicketResumed: _resumed,
    e.ServiceStarted: _started,
    e.ServiceFinished: _finished,
    e.ServiceReopened: _reopened,
    e.TicketTransferred: _transferred,
    e.TicketParked: _parked,
    e.NoShowMarked: _absent,
    e.NoShowTakenBack: _no_show_taken_back,
    e.TicketVoided: _voided,
    e.CounterOpened: _opened,
    e.CounterPaused: _closed,
    e.CounterClosed: _closed,
    e.RatingGiven: _rated,
    e.RatingIgnored: _press_ignored,
}
