"""How a call changes the state, and how taking it back restores what was before."""

from msgspec.structs import replace

from contract.events import CallTakenBack, TicketCalled, TicketRecalled
from contract.stamp import Stamp
from edge.core.change import add_call, change_counter, change_ticket
from edge.core.state import LastCall, State


def call(state: State, event: TicketCalled, stamp: Stamp, seq: int) -> State:
    """The state in which a counter calls a number, and may yet take back both the call and the
    finish before it."""
    counter = state.counters[event.counter]
    last_call = LastCall(event, stamp, state.tickets[event.number], counter.since, counter.streak)
    priority = event.priority is not None
    state = add_call(state, event.number, counter, stamp, seq, priority=priority)
    state = change_ticket(
        state, event.number, phase="called", since=stamp, calls=1, wait_counted=True
    )
    return change_counter(
        state,
        event.counter,
        ticket=event.number,
        since=stamp,
        streak=counter.streak + 1 if event.priority else 0,
        last_call=last_call,
    )


def call_again(state: State, event: TicketRecalled, stamp: Stamp, seq: int) -> State:
    """The state in which the call stands first on the hall screen again."""
    state = change_ticket(state, event.number, calls=event.times)
    counter = state.counters[event.counter]
    return add_call(state, event.number, counter, stamp, seq, times=event.times)


def take_back(state: State, event: CallTakenBack, _stamp: Stamp, _seq: int) -> State:
    """The state in which the number waits on in its old place; unchanged in a house that does not
    know the call, because a damaged journal lost it."""
    last = state.counters[event.counter].last_call
    if last is None or (last.call.number, last.at) != (event.number, event.called):
        return state
    before = last.ticket
    state = change_ticket(
        state,
        event.number,
        phase="waiting",
        since=before.since,
        counter=before.counter,
        calls=before.calls,
        wait_counted=before.wait_counted,
    )
    state = change_counter(
        state,
        event.counter,
        ticket=None,
        since=last.idle_since,
        streak=last.streak,
        last_call=None,
    )
    others = tuple(shown for shown in state.calls if shown.number != event.number)
    return replace(state, calls=others)
