"""What one zone has yet to say: each call in turn, and nothing that is no longer true.

A citizen who waits at the back of the hall should hear every call once before any call is said
again, so a repetition waits behind what was not said at all. A call is dropped when its ticket is
no longer called there (the citizen came, or did not, or was called elsewhere), and a newer call of
the same ticket takes its place. When more gather than can be said in good time, repetitions go
first and then the oldest calls: those have stood on the screens for longest, and their clerks
will call again first.

The number of a citizen without a slip is said once, in its turn among what was not said at all: it
waits for no repetition, and no call waits for more than one sentence because of it. It is dropped
when its citizen has most likely left the kiosk.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import inf
from typing import Literal

from contract.snapshot import CallView, Snapshot
from display.voice.no_slip import AT_KIOSK_S, NoSlips, OwnNumber

Says = Literal["calls", "numbers"]

_BOTH: tuple[Says, ...] = ("calls", "numbers")


@dataclass(slots=True)
class _Place:
    saying: CallView | OwnNumber
    due_s: float
    times: int
    until_s: float = inf
    said: int = 0


class Backlog:
    """What a zone `says`, the calls of some counters; all times are seconds of one clock.

    Each call is said `times`, the next time at the earliest `repeat_after_s` after the last has
    ended; at most `most` calls wait. An empty `counters` means every counter, and empty `kiosks`
    numbers given out anywhere. What was called, and whose number was given, before the first
    picture is never said.
    """

    def __init__(
        self,
        counters: Collection[str],
        *,
        times: int,
        repeat_after_s: float,
        most: int,
        says: Collection[Says] = _BOTH,
        kiosks: Collection[str] = (),
    ) -> None:
        self._says = frozenset(says)
        self._counters = frozenset(counters)
        self._times = times
        self._repeat_after_s = repeat_after_s
        self._most = most
        self._seen_seq: int | None = None
        self._no_slips = NoSlips(kiosks)
        self._places: dict[str, _Place] = {}

    def see(self, picture: Snapshot, now_s: float) -> list[CallView]:
        """Take the hub's newest picture; returns the calls that will not be said, for lack of
        time."""
        seen, self._seen_seq = self._seen_seq, picture.seq
        if seen is not None and "calls" in self._says:
            for call in reversed(picture.calls):
                if call.seq > seen and (not self._counters or call.counter in self._counters):
                    self._take(call, now_s)
        for own in self._no_slips.see(picture):
            if "numbers" in self._says:
                place = _Place(own, now_s, times=1, until_s=now_s + AT_KIOSK_S)
                self._places.setdefault(own.number, place)
        true = _true(picture)
        for number, place in tuple(self._places.items()):
            if _fact(place.saying) not in true:
                del self._places[number]
        return self._cap()

    def next(self, now_s: float) -> CallView | OwnNumber | None:
        """What to say now, or None while nothing is due."""
        for number, place in tuple(self._places.items()):
            if place.until_s < now_s:
                del self._places[number]
        due = [place for place in self._places.values() if place.due_s <= now_s]
        return min(due, key=lambda place: place.said).saying if due else None

    def next_due_s(self) -> float | None:
        """When something is due next, or None while there is nothing."""
        return min((place.due_s for place in self._places.values()), default=None)

    def said(self, saying: CallView | OwnNumber, now_s: float) -> None:
        """Note that this was said to its end."""
        place = self._places.get(saying.number)
        if place is None or place.saying != saying:
            return
        place.said += 1
        place.due_s = now_s + self._repeat_after_s
        if place.said >= place.times:
            del self._places[saying.number]

    def _take(self, call: CallView, now_s: float) -> None:
        earlier = self._places.get(call.number)
        if earlier is not None and earlier.said == 0 and _fact(earlier.saying) == _fact(call):
            earlier.saying = call  # keeps its place: it has waited long enough
            return
        self._places.pop(call.number, None)
        self._places[call.number] = _Place(call, now_s, times=self._times)

    def _cap(self) -> list[CallView]:
        calls = [
            (place.said, place.saying)
            for place in self._places.values()
            if isinstance(place.saying, CallView)
        ]
        oldest_repetition_first = sorted(calls, key=lambda said_call: -said_call[0])
        dropped = oldest_repetition_first[: max(0, len(calls) - self._most)]
        for _, call in dropped:
            del self._places[call.number]
        return [call for said, call in dropped if said == 0]


def _fact(saying: CallView | OwnNumber) -> tuple[str, str | None]:
    """A number and the counter that calls it; None for the number alone."""
    return saying.number, saying.counter if isinstance(saying, CallView) else None


def _true(picture: Snapshot) -> set[tuple[str, str | None]]:
    """The facts of which something may be said."""
    called = {
        (view.ticket.number, view.counter)
        for view in picture.counters
        if view.ticket is not None and view.ticket.phase == "called"
    }
    in_hall = {*(number for number, _ in called), *(ticket.number for ticket in picture.waiting)}
    return {*called, *((number, None) for number in in_hall)}
