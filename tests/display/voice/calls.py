"""Calls and pictures for tests of the voice."""

from contract.snapshot import CallView, Snapshot
from tests.display.scenes import NOW_MS, counter_view, snapshot


def call(
    number: str = "1025",
    counter: str = "3",
    seq: int = 2,
    times: int = 1,
    *,
    priority: bool = False,
    resumed: bool = False,
) -> CallView:
    return CallView(seq, number, counter, NOW_MS, times, priority, resumed)


def picture(seq: int, *calls: CallView, came: tuple[str, ...] = ()) -> Snapshot:
    """A picture of calls, oldest first, where those who `came` are being served."""
    counters = {
        call.counter: counter_view(
            call.counter, call.number, "serving" if call.number in came else "called"
        )
        for call in calls
    }
    return snapshot(*counters.values(), seq=seq, calls=tuple(reversed(calls)))
