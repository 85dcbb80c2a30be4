"""The pure fold of a journal's entries into what its counters do now.

A counter may say nothing for hours, so its state is what the journal last said of it. A hub that
goes on in a new journal names there the counters that stay as they were, not how they were: these
are unknown until they do something.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from central.rollup.business_day import trusted_ms
from central.store.storable import storable
from contract import events as e

SAID = frozenset(
    {
        *(e.CounterOpened, e.CounterPaused, e.CounterClosed),
        *(e.DayOpened, e.StaffSignedIn, e.ServicesAssigned),
    }
)
"""The events that may change what counters do, where each of them is known."""
_AT_WORK = {e.TicketCalled, e.TicketResumed, e.ServiceStarted, e.ServiceFinished}
_LONGEST_REASON = 200


class CounterNow(Struct, frozen=True):
    """`state` is open, paused, closed or unknown; `reason` says why it is paused. `since_ms` is by
    the hub's clock (UTC milliseconds since 1970), None when that could not be trusted or nothing
    says."""

    state: str
    reason: str | None = None
    since_ms: int | None = None


def follow(
    counters: Mapping[int, CounterNow], entries: Iterable[e.Entry], *, opened: bool
) -> dict[int, CounterNow]:
    """The counters of a journal after `entries`, by number; `opened` when it had opened a business
    day before them. Training never enters."""
    now = dict(counters)
    for entry in entries:
        kind = type(entry.event)
        if entry.training:
            continue
        if kind in SAID:
            opened |= kind is e.DayOpened
            _hear(now, entry.event, trusted_ms(entry.stamp), opened=opened)
        elif kind in _AT_WORK:
            _see_at_work(now, entry.event)
    return now


def _hear(now: dict[int, CounterNow], event: e.Event, at_ms: int | None, *, opened: bool) -> None:
    match event:
        case e.CounterOpened(counter):
            now[int(counter)] = CounterNow("open", None, at_ms)
        case e.CounterPaused(counter, reason):
            now[int(counter)] = CounterNow("paused", storable(reason[:_LONGEST_REASON]), at_ms)
        case e.CounterClosed(counter):
            now[int(counter)] = CounterNow("closed", None, at_ms)
        case e.DayOpened(counters=stay):
            _begin_day(now, {int(counter) for counter in stay}, at_ms)
        case e.StaffSignedIn(counter=counter) | e.ServicesAssigned(counter=counter):
            # New to the hub, and so closed, unless an older journal may have told of it.
            now.setdefault(int(counter), CounterNow("closed" if opened else "unknown"))


def _begin_day(now: dict[int, CounterNow], stay: set[int], at_ms: int | None) -> None:
    for counter, known in now.items():
        if counter not in stay and known.state != "closed":
            now[counter] = CounterNow("closed", None, at_ms)
    for counter in stay:
        now.setdefault(counter, CounterNow("unknown"))


def _see_at_work(now: dict[int, CounterNow], event: Any) -> None:
    """Only an open counter calls and serves; since when it is open is not said."""
    counter = int(event.counter)
    known = now.get(counter)
    if known is not None and known.state == "unknown":
        now[counter] = CounterNow("open")
