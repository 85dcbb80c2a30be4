"""How a call and a no-show change the state, and how taking them back restores what was before."""

from msgspec.structs import replace

from contract.events import (
    CallTakenBack,
    NoShowMarked,
    NoShowTakenBack,
    TicketCalled,
    TicketRecalled,
)
from contract.stamp import Stamp
from edge.core.change import add_call, change_counter, change_ticket, for_good
from edge.core.state import LastCall, LastNoShow, State


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
        last_no_show=None,
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


def absent(state: State, event: NoShowMarked, stamp: Stamp, _seq: int) -> State:
    """The state in which the counter is free, and may yet take the no-show back. Who had been sent
    to one counter will be its own again."""
    last = state.counters[event.counter].last_call
    sent_to = None if last is None or last.call.number != event.number else last.ticket.counter
    last_no_show = LastNoShow(event, stamp, state.tickets[event.number], last)
    state = change_ticket(state, event.number, phase="absent", since=stamp, counter=sent_to)
    state = for_good(state, event.counter, ticket=None, since=stamp)
    return change_counter(state, event.counter, last_no_show=last_no_show)


def take_back_absence(state: State, event: NoShowTakenBack, _stamp: Stamp, _seq: int) -> State:
    """The state in which the number is called on; unchanged in a house that does not know the
    no-show, because a damaged journal lost it."""
    last = state.counters[event.counter].last_no_show
    if last is None or (last.no_show.number, last.at) != (event.number, event.marked):
        return state
    before = last.ticket
    state = change_ticket(
        state, event.number, phase="called", since=before.since, counter=event.counter
    )
    return change_counter(
        state,
        event.counter,
        ticket=event.number,
        since=before.since,
        last_call=last.last_call,
        last_no_show=None,
    )
