"""The pure fold of a journal's entries into cells that add up.

Durations are measured by the hub and travel in the events, so the fold remembers of a journal
only its business day, when each counter closed, what each may still take back, and which answers
wait for others: nothing is taken away that was not counted, whatever a hub says. Training never
enters.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from msgspec import Struct

from central.rollup.answer_batches import AnswerBatches, Asked
from central.rollup.bins import pack, pack_taken_back, to_bin
from central.rollup.business_day import QUARTER_MS, day_of, midnight_ms, moment, quarter_of
from central.store.cells import CellKey, CounterKey, CounterTally, Measure, RatingKey, Tally, merge
from contract import events as e
from contract.stamp import MS_PER_DAY, Span, Stamp, span

_MOST_LEVELS = 5


_Event = TypeVar("_Event", e.TicketCalled, e.NoShowMarked, e.ServiceFinished)


class Counted(Struct, Generic[_Event], frozen=True, gc=False):
    """The last call, no-show or finish of a counter, as it was counted, and when."""

    event: _Event
    at: Stamp


class FoldState(Struct, frozen=True):
    """What the fold carries from one entry of a journal to the next."""

    day: str | None = None
    closed: dict[str, Stamp] = {}
    calls: dict[str, Counted[e.TicketCalled]] = {}
    finishes: dict[str, Counted[e.ServiceFinished]] = {}
    answers: dict[Asked, tuple[int, ...]] = {}
    no_shows: dict[str, Counted[e.NoShowMarked]] = {}


@dataclass(slots=True)
class Cells:
    """What a run of entries adds to the rollups of its site; `counted` says how many of them are
    in the figures of which business day."""

    quarters: defaultdict[CellKey, Tally] = field(default_factory=lambda: defaultdict(Tally))
    days: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    counters: defaultdict[CounterKey, CounterTally] = field(
        default_factory=lambda: defaultdict(CounterTally)
    )
    ratings: Counter[RatingKey] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)


def fold(state: FoldState, entries: Iterable[e.Entry]) -> tuple[FoldState, Cells]:
    """Fold entries, in the order of their journal, from `state`."""
    folding = _Folding(state)
    for entry in entries:
        if entry.training:
            continue
        event = entry.event
        count = _COUNT.get(type(event))
        if count is not None:
            folding.place(entry.stamp)
            folding.taken += 1
            count(folding, event)
        elif isinstance(event, e.DayOpened) and _is_day(event.day):
            folding.open_day(event.day)
    return folding.state(), folding.cells_and_days()


class _Folding:
    """A fold on its way. It runs over millions of events, so it keeps at hand the tallies of the
    quarter of an hour it is in."""

    def __init__(self, state: FoldState) -> None:
        self._cells = Cells()
        self._opened_day: str | None = None
        self._closed = dict(state.closed)
        self.calls = dict(state.calls)
        self.finishes = dict(state.finishes)
        self.no_shows = dict(state.no_shows)
        self._answers = AnswerBatches(state.answers)
        # The place in time of the present entry, as in `business_day.Moment`.
        self._day = ""
        self._midnight_ms = 0
        self._at_ms = self._quarter_ms = self._next_quarter_ms = 0
        self._sure = True
        self.taken = 0
        self._stamp = Stamp(0, 0, "", synced=False)
        self._tallies: dict[str, Tally] = {}
        self._counters: dict[str, CounterTally] = {}
        if state.day is not None:
            self._open(state.day)

    def state(self) -> FoldState:
        """What the next fold of the journal begins with."""
        return FoldState(
            self._opened_day,
            self._closed,
            self.calls,
            self.finishes,
            self._answers.waiting,
            self.no_shows,
        )

    def cells_and_days(self) -> Cells:
        """What was counted; a day is the sum of its quarters of an hour."""
        self._count_taken()
        by_day: defaultdict[str, list[Tally]] = defaultdict(list)
        for key, tally in self._cells.quarters.items():
            by_day[day_of(key.quarter_ms)].append(tally)
        self._cells.days.update((day, merge(tallies)) for day, tallies in by_day.items())
        return self._cells

    # --- time ---------------------------------------------------------------------------------

    def open_day(self, day: str) -> None:
        """Begin another business day, in which nothing of the one before is taken back."""
        self._open(day)
        self._closed = {}
        self.calls, self.finishes, self.no_shows = {}, {}, {}

    def _open(self, day: str) -> None:
        self._count_taken()
        self._opened_day = self._day = day
        self._midnight_ms = midnight_ms(day)
        self._next_quarter_ms = 0

    def place(self, stamp: Stamp) -> None:
        """Go to where an event with this stamp is counted."""
        self._stamp = stamp
        if self._quarter_ms <= stamp.wall_ms < self._next_quarter_ms:
            self._at_ms, self._sure = stamp.wall_ms, stamp.synced
            return
        self._count_taken()
        self._day, self._midnight_ms, self._at_ms, self._sure = moment(self._opened_day, stamp)
        self._quarter_ms = quarter_of(self._at_ms)
        self._next_quarter_ms = self._quarter_ms + QUARTER_MS
        self._tallies.clear()
        self._counters.clear()

    def _count_taken(self) -> None:
        if self.taken:
            self._cells.counted[self._day] += self.taken
            self.taken = 0

    # --- visits -------------------------------------------------------------------------------

    def remember(self, counted: dict[str, Counted[_Event]], event: _Event) -> None:
        """Remember what the counter may take back."""
        counted[event.counter] = Counted(event, self._stamp)

    def back_to(
        self, counted: dict[str, Counted[_Event]], counter: str, at: Stamp
    ) -> _Event | None:
        """The counter's last of these, if it was counted then, and once only: go on counting
        there."""
        last = counted.get(counter)
        if last is None or last.at != at:
            return None
        del counted[counter]
        self.place(at)
        return last.event

    def tally(self, service: str, events: int = 1) -> Tally:
        """The tally of a service at the present place; empty for the whole site."""
        tally = self._tallies.get(service)
        if tally is None:
            tally = self._cells.quarters[CellKey(service, self._quarter_ms)]
            self._tallies[service] = tally
        if not self._sure:
            tally.unsure += events
        return tally

    def rate(self, service: str, levels: int, level: int) -> None:
        """Count the batch of answers that this one completes."""
        for one in self._answers.take(Asked(service, levels), level):
            self._cells.ratings[RatingKey(service, self._day, levels, one)] += 1

    def ignore(self) -> None:
        """Count a press that is no answer."""
        self._cells.ratings[RatingKey("", self._day, 0, 0)] += 1

    # --- counters -----------------------------------------------------------------------------

    def counter(self, counter: str) -> CounterTally:
        """The tally of a counter at the present place."""
        tally = self._counters.get(counter)
        if tally is None:
            tally = self._cells.counters[CounterKey(int(counter), self._quarter_ms)]
            self._counters[counter] = tally
        return tally

    def spend(self, counter: str, duration: Span | None, into: str, times: int = 1) -> None:
        """Lay a duration that ends here backwards over its quarters of an hour, not beyond the
        day's midnight, whose quarter takes what is left; -1 `times` takes it away again."""
        if duration is None:
            return
        left_ms = duration.ms
        if 0 < left_ms <= self._at_ms - self._quarter_ms:
            tally = self.counter(counter)
            setattr(tally, into, getattr(tally, into) + left_ms * times)
            return
        if not _is_duration(duration):
            return
        end_ms = self._at_ms
        while left_ms > 0:
            quarter_ms = max(quarter_of(end_ms - 1), self._midnight_ms)
            is_first = quarter_ms == self._midnight_ms
            share_ms = left_ms if is_first else min(left_ms, end_ms - quarter_ms)
            tally = self._cells.counters[CounterKey(int(counter), quarter_ms)]
            setattr(tally, into, getattr(tally, into) + share_ms * times)
            left_ms -= share_ms
            end_ms -= share_ms

    def close(self, counter: str) -> None:
        """Remember when a counter closed."""
        self._closed[counter] = self._stamp

    def reopen(self, counter: str) -> None:
        """Count for how long a counter was closed."""
        closed = self._closed.pop(counter, None)
        if closed is not None:
            self.spend(counter, span(closed, self._stamp), "closed_ms")


# --- what each event adds ---------------------------------------------------------------------


def _issued(to: _Folding, event: e.TicketIssued) -> None:
    to.tally(event.services[0] if event.services else "").issued += 1


def _called(to: _Folding, event: e.TicketCalled) -> None:
    to.remember(to.calls, event)
    _count_call(to, event, 1)


def _call_taken_back(to: _Folding, event: e.CallTakenBack) -> None:
    call = to.back_to(to.calls, event.counter, event.called)
    if call is not None:
        _count_call(to, call, -1)


def _count_call(to: _Folding, event: e.TicketCalled, times: int) -> None:
    tally = to.tally(event.service, times)
    tally.called += times
    if event.wait is not None:
        _measure(tally.wait, event.wait, times)
    to.counter(event.counter).called += times
    to.spend(event.counter, event.idle, "idle_ms", times)


def _started(to: _Folding, event: e.ServiceStarted) -> None:
    to.tally(event.service).started += 1
    to.spend(event.counter, event.walk, "walk_ms")


def _finished(to: _Folding, event: e.ServiceFinished) -> None:
    to.remember(to.finishes, event)
    _count_finish(to, event, 1)


def _reopened(to: _Folding, event: e.ServiceReopened) -> None:
    finish = to.back_to(to.finishes, event.counter, event.finished)
    if finish is not None:
        _count_finish(to, finish, -1)


def _count_finish(to: _Folding, event: e.ServiceFinished, times: int) -> None:
    tally, counter = to.tally(event.service, times), to.counter(event.counter)
    tally.finished += times
    counter.finished += times
    _measure(tally.service, event.worked, times)
    if event.ends_visit:
        tally.visits += times
        counter.visits += times
    to.spend(event.counter, event.service_time, "service_ms", times)


def _absent(to: _Folding, event: e.NoShowMarked) -> None:
    to.remember(to.no_shows, event)
    _count_no_show(to, event, 1)


def _no_show_taken_back(to: _Folding, event: e.NoShowTakenBack) -> None:
    no_show = to.back_to(to.no_shows, event.counter, event.marked)
    if no_show is not None:
        _count_no_show(to, no_show, -1)


def _count_no_show(to: _Folding, event: e.NoShowMarked, times: int) -> None:
    to.tally(event.service, times).no_shows += times
    to.counter(event.counter).no_shows += times
    to.spend(event.counter, event.walk, "walk_ms", times)


def _voided(to: _Folding, _event: e.TicketVoided) -> None:
    to.tally("").voids += 1


def _transferred(to: _Folding, event: e.TicketTransferred) -> None:
    to.tally(event.from_service).transfers += 1
    to.spend(event.counter, event.service_time, "service_ms")


def _parked(to: _Folding, event: e.TicketParked) -> None:
    to.tally(event.service).parked += 1
    to.spend(event.counter, event.service_time, "service_ms")


def _resumed(to: _Folding, event: e.TicketResumed) -> None:
    tally = to.tally(event.service)
    tally.resumed += 1
    _measure(tally.second_wait, event.second_wait)
    to.spend(event.counter, event.idle, "idle_ms")


def _opened(to: _Folding, event: e.CounterOpened) -> None:
    to.spend(event.counter, event.paused, "pause_ms")
    to.reopen(event.counter)


def _paused(to: _Folding, event: e.CounterPaused) -> None:
    to.spend(event.counter, event.idle, "idle_ms")


def _closed(to: _Folding, event: e.CounterClosed) -> None:
    to.spend(event.counter, event.idle, "idle_ms")
    to.spend(event.counter, event.paused, "pause_ms")
    to.close(event.counter)


def _rated(to: _Folding, event: e.RatingGiven) -> None:
    if 1 <= event.level <= event.levels <= _MOST_LEVELS:
        to.rate(event.service, event.levels, event.level)


def _ignored(to: _Folding, _event: e.RatingIgnored) -> None:
    to.ignore()


_COUNT: dict[type[e.Event], Callable[[_Folding, Any], None]] = {
    e.TicketIssued: _issued,
    e.TicketCalled: _called,
    e.CallTakenBack: _call_taken_back,
    e.ServiceStarted: _started,
    e.ServiceFinished: _finished,
    e.ServiceReopened: _reopened,
    e.NoShowMarked: _absent,
    e.NoShowTakenBack: _no_show_taken_back,
    e.TicketVoided: _voided,
    e.TicketTransferred: _transferred,
    e.TicketParked: _parked,
    e.TicketResumed: _resumed,
    e.CounterOpened: _opened,
    e.CounterPaused: _paused,
    e.CounterClosed: _closed,
    e.RatingGiven: _rated,
    e.RatingIgnored: _ignored,
}


def _measure(measure: Measure, duration: Span | None, times: int = 1) -> None:
    if duration is None or not 0 <= duration.ms <= MS_PER_DAY:
        return
    measure.ms += duration.ms * times
    measure.bins += pack(to_bin(duration.ms)) if times > 0 else pack_taken_back(to_bin(duration.ms))


def _is_duration(duration: Span) -> bool:
    """Anything negative or beyond a day is a clock error."""
    return 0 <= duration.ms <= MS_PER_DAY


def _is_day(day: str) -> bool:
    try:
        midnight_ms(day)
    except ValueError:
        return False
    return True
