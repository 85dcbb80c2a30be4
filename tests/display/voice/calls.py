"""Calls and pictures for tests of the voice."""

from msgspec.structs import replace

from contract.snapshot import CallView, SlipState, Snapshot, TicketPhase
from tests.display.scenes import NOW_MS, counter_view, snapshot, ticket


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


def given(
    seq: int,
    *calls: CallView,
    age_s: float = 1.0,
    issuer: str | None = "kiosk-1",
    **slips: SlipState,
) -> Snapshot:
    """A picture of calls, and of citizens who wait since `age_s`: `n1025="none"` has no slip."""
    shown = picture(seq, *calls)
    issued_ms = shown.now_ms - round(age_s * 1000)
    waiting = tuple(
        replace(ticket(number[1:]), issued_ms=issued_ms, slip=slip, issuer=issuer)
        for number, slip in slips.items()
    )
    return replace(shown, waiting=waiting)


def called_at_once(seq: int, slip: SlipState, phase: TicketPhase = "called") -> Snapshot:
    """Counter 3 has the citizen with 1025, who took the number a second ago."""
    shown = snapshot(seq=seq)
    view = counter_view("3", "1025", phase)
    assert view.ticket is not None
    own = replace(view.ticket, issued_ms=shown.now_ms - 1000, slip=slip)
    return replace(shown, counters=(replace(view, ticket=own),))
