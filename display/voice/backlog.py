"""What one zone has yet to say: each call in turn, and nothing that is no longer true.

A citizen who waits at the back of the hall should hear every call once before any call is said
again, so a repetition waits behind what was not said at all. A call is dropped when its ticket is
no longer called there (the citizen came, or did not, or was called elsewhere), and a newer call of
the same ticket takes its place. When more gather than can be said in good time, repetitions go
first and then the oldest calls: those have stood on the screens for longest, and their clerks
will call again first.
"""

from collections.abc import Collection
from dataclasses import dataclass

from contract.snapshot import CallView, Snapshot


@dataclass(slots=True)
class _Place:
    call: CallView
    due_s: float
    said: int = 0


class Backlog:
    """The calls of some counters that a zone should say; all times are seconds of one clock.

    Each is said `times`, the next time at the earliest `repeat_after_s` after the last has ended;
    at most `most` wait. An empty `counters` means every counter. What was called before the first
    picture is never said.
    """

    def __init__(
        self, counters: Collection[str], *, times: int, repeat_after_s: float, most: int
    ) -> None:
        self._counters = frozenset(counters)
        self._times = times
        self._repeat_after_s = repeat_after_s
        self._most = most
        self._seen_seq: int | None = None
        self._places: dict[str, _Place] = {}

    def see(self, picture: Snapshot, now_s: float) -> list[CallView]:
        """Take the hub's newest picture; returns the calls that will not be said, for lack of
        time."""
        seen, self._seen_seq = self._seen_seq, picture.seq
        if seen is not None:
            for call in reversed(picture.calls):
                if call.seq > seen and (not self._counters or call.counter in self._counters):
                    self._take(call, now_s)
        called = {
            (view.ticket.number, view.counter)
            for view in picture.counters
            if view.ticket is not None and view.ticket.phase == "called"
        }
        for place in tuple(self._places.values()):
            if (place.call.number, place.call.counter) not in called:
                del self._places[place.call.number]
        return self._cap()

    def next(self, now_s: float) -> CallView | None:
        """The call to say now, or None while nothing is due."""
        due = [place for place in self._places.values() if place.due_s <= now_s]
        return min(due, key=lambda place: place.said).call if due else None

    def next_due_s(self) -> float | None:
        """When the next call is due, or None while there is none."""
        return min((place.due_s for place in self._places.values()), default=None)

    def said(self, call: CallView, now_s: float) -> None:
        """Note that this call was said to its end."""
        place = self._places.get(call.number)
        if place is None or place.call != call:
            return
        place.said += 1
        place.due_s = now_s + self._repeat_after_s
        if place.said >= self._times:
            del self._places[call.number]

    def _take(self, call: CallView, now_s: float) -> None:
        earlier = self._places.get(call.number)
        if earlier is not None and earlier.said == 0 and earlier.call.counter == call.counter:
            earlier.call = call  # keeps its place: it has waited long enough
            return
        self._places.pop(call.number, None)
        self._places[call.number] = _Place(call, now_s)

    def _cap(self) -> list[CallView]:
        excess = max(0, len(self._places) - self._most)
        oldest_repetition_first = sorted(self._places.values(), key=lambda place: -place.said)
        dropped = oldest_repetition_first[:excess]
        for place in dropped:
            del self._places[place.call.number]
        return [place.call for place in dropped if place.said == 0]
