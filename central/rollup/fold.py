"""The pure fold of a journal's entries into cells that add up.

Durations are measured by the hub and travel in the events, so the fold remembers of a journal
only its business day and when each counter closed. Training never enters.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from central.rollup.bins import pack, to_bin
from central.rollup.business_day import Moment, midnight_ms, moment, quarter_of
from central.store.cells import CellKey, CounterKey, CounterTally, Measure, RatingKey, Tally
from contract import events as e
from contract.stamp import MS_PER_DAY, Span, Stamp, span

_MOST_LEVELS = 5
_ONE_MORE: dict[type[e.Event], str] = {
    e.TicketIssued: "issued",
    e.TicketCalled: "called",
    e.ServiceStarted: "started",
    e.ServiceFinished: "finished",
    e.NoShowMarked: "no_shows",
    e.TicketVoided: "voids",
    e.TicketTransferred: "transfers",
    e.TicketParked: "parked",
    e.TicketResumed: "resumed",
}


class FoldState(Struct, frozen=True):
    """What the fold carries from one entry of a journal to the next."""

    day: str | None = None
    closed: dict[str, Stamp] = {}


@dataclass(slots=True)
class Cells:
    """What a run of entries adds to the rollups of its site."""

    quarters: defaultdict[CellKey, Tally] = field(default_factory=lambda: defaultdict(Tally))
    days: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    counters: defaultdict[CounterKey, CounterTally] = field(
        default_factory=lambda: defaultdict(CounterTally)
    )
    ratings: Counter[RatingKey] = field(default_factory=Counter)


def fold(state: FoldState, entries: Iterable[e.Entry]) -> tuple[FoldState, Cells]:
    """Fold entries, in the order of their journal, from `state`."""
    cells = Cells()
    for entry in entries:
        if not entry.training:
            state = _fold_one(state, entry, cells)
    return state, cells


def _fold_one(state: FoldState, entry: e.Entry, cells: Cells) -> FoldState:
    event = entry.event
    if isinstance(event, e.DayOpened):
        return FoldState(event.day) if _is_day(event.day) else state
    when = moment(state.day, entry.stamp)
    _count(event, when, cells)
    _rate(event, when, cells)
    _spend(event, when, cells)
    if isinstance(event, e.CounterClosed):
        return FoldState(state.day, {**state.closed, event.counter: entry.stamp})
    if isinstance(event, e.CounterOpened) and event.counter in state.closed:
        closed = span(state.closed[event.counter], entry.stamp)
        _spread(cells, event.counter, when, closed, "closed_ms")
        return FoldState(
            state.day, {key: at for key, at in state.closed.items() if key != event.counter}
        )
    return state


def _is_day(day: str) -> bool:
    try:
        midnight_ms(day)
    except ValueError:
        return False
    return True


# --- visits -----------------------------------------------------------------------------------


def _count(event: e.AnyEvent, when: Moment, cells: Cells) -> None:
    service = _counted_under(event)
    if service is None:
        return
    for tally in (
        cells.quarters[CellKey(service, quarter_of(when.at_ms))],
        cells.days[when.day],
    ):
        _add(event, tally)
        tally.unsure += not when.sure


def _counted_under(event: e.AnyEvent) -> str | None:
    """The service a ticket's event belongs to, empty for the whole site, None for no ticket's."""
    match event:
        case e.TicketIssued():
            return event.services[0] if event.services else ""
        case e.TicketTransferred():
            return event.from_service
        case e.TicketVoided():
            return ""
        case _:
            return getattr(event, "service", None) if type(event) in _ONE_MORE else None


def _add(event: e.AnyEvent, tally: Tally) -> None:
    name = _ONE_MORE[type(event)]
    setattr(tally, name, getattr(tally, name) + 1)
    match event:
        case e.TicketCalled(wait=Span() as wait):
            _measure(tally, tally.wait, wait)
        case e.TicketResumed():
            _measure(tally, tally.second_wait, event.second_wait)
        case e.ServiceFinished():
            _measure(tally, tally.service, event.worked)
            tally.visits += event.visit is not None
            if event.visit is not None and _is_duration(event.visit):
                tally.visit_ms += event.visit.ms


def _measure(tally: Tally, measure: Measure, duration: Span | None) -> None:
    if duration is None or not _is_duration(duration):
        tally.unmeasured += 1
        return
    measure.ms += duration.ms
    measure.bins += pack(to_bin(duration.ms))
    tally.approximate += duration.approximate


def _is_duration(duration: Span) -> bool:
    """Anything negative or beyond a day is a clock error."""
    return 0 <= duration.ms <= MS_PER_DAY


# --- ratings ----------------------------------------------------------------------------------


def _rate(event: e.AnyEvent, when: Moment, cells: Cells) -> None:
    if isinstance(event, e.RatingIgnored):
        cells.ratings[RatingKey("", when.day, 0, 0)] += 1
    elif isinstance(event, e.RatingGiven) and 1 <= event.level <= event.levels <= _MOST_LEVELS:
        cells.ratings[RatingKey(event.service, when.day, event.levels, event.level)] += 1


# --- counters ---------------------------------------------------------------------------------


def _spend(event: e.AnyEvent, when: Moment, cells: Cells) -> None:
    match event:
        case e.TicketCalled():
            _at_counter(cells, event.counter, when).called += 1
            _spread(cells, event.counter, when, event.idle, "idle_ms")
        case e.TicketResumed():
            _spread(cells, event.counter, when, event.idle, "idle_ms")
        case e.ServiceStarted():
            _spread(cells, event.counter, when, event.walk, "walk_ms")
        case e.NoShowMarked():
            _at_counter(cells, event.counter, when).no_shows += 1
            _spread(cells, event.counter, when, event.walk, "walk_ms")
        case e.ServiceFinished():
            counter = _at_counter(cells, event.counter, when)
            counter.finished += 1
            counter.visits += event.visit is not None
            _spread(cells, event.counter, when, event.service_time, "service_ms")
        case e.TicketTransferred() | e.TicketParked():
            _spread(cells, event.counter, when, event.service_time, "service_ms")
        case e.CounterOpened():
            _spread(cells, event.counter, when, event.paused, "pause_ms")
        case e.CounterPaused():
            _spread(cells, event.counter, when, event.idle, "idle_ms")
        case e.CounterClosed():
            _spread(cells, event.counter, when, event.idle, "idle_ms")
            _spread(cells, event.counter, when, event.paused, "pause_ms")


def _at_counter(cells: Cells, counter: str, when: Moment) -> CounterTally:
    return cells.counters[CounterKey(int(counter), quarter_of(when.at_ms))]


def _spread(cells: Cells, counter: str, when: Moment, duration: Span | None, into: str) -> None:
    """Lay a duration that ended at `when` backwards over its quarters of an hour, not beyond the
    day's midnight, whose quarter takes what is left."""
    if duration is None or not _is_duration(duration):
        return
    end_ms, left_ms = when.at_ms, duration.ms
    while left_ms > 0:
        quarter_ms = max(quarter_of(end_ms - 1), when.midnight_ms)
        share_ms = left_ms if quarter_ms == when.midnight_ms else min(left_ms, end_ms - quarter_ms)
        tally = cells.counters[CounterKey(int(counter), quarter_ms)]
        setattr(tally, into, getattr(tally, into) + share_ms)
        left_ms -= share_ms
        end_ms -= share_ms
