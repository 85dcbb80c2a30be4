"""How the opening of a business day changes the state.

A clock may confirm the day that a person named, or go back to the day that it left by a jump: what
was done on that day stays.
"""

from msgspec.structs import replace

from contract.events import DayOpened
from contract.stamp import Stamp
from edge.core.calendar import day_of, remembered, was_on
from edge.core.state import ENDED, Appointment, Counter, DayLeft, Found, State, Ticket


def open_day(state: State, event: DayOpened, stamp: Stamp, seq: int) -> State:
    """The state on the day that was opened or confirmed."""
    if event.day != state.day or state.opened_seq == 0:
        state = _on_another_day(state, event, stamp, seq)
    tickets = {
        number: _found(ticket, event)
        for number, ticket in state.tickets.items()
        if number in event.carried or ticket.phase in ENDED
    }
    return replace(
        state,
        day=event.day,
        day_trusted=event.trusted,
        past_orders=remembered(state.past_orders, state.day, state.orders),
        orders=dict(event.last_orders),
        rolls=tuple(series for series in state.rolls if series in event.last_orders),
        tickets=tickets,
        appointments=_appointments(state, event),
        counters={
            id_: replace(counter, last_finish=None, last_call=None, last_no_show=None)
            if id_ in event.counters and counter.ticket in (None, *event.carried)
            else Counter(id_, (), stamp, served=counter.served)
            for id_, counter in state.counters.items()
        },
        calls=tuple(call for call in state.calls if call.number in tickets),
    )


def _on_another_day(state: State, event: DayOpened, stamp: Stamp, seq: int) -> State:
    """The state with who was carried over, and what was counted when this day was left, if it
    was."""
    before = state.left
    if (
        before is None
        or before.day != event.day
        or not was_on(state, event.day, before.opened, stamp)
    ):
        before = DayLeft(event.day, stamp, opened_seq=seq)
    tickets = {n: ticket for n, ticket in state.tickets.items() if n in event.carried}
    come = sum(before.left_seq is None or t.place > before.left_seq for t in tickets.values())
    return replace(
        state,
        left=_left(state, seq),
        opened=before.opened,
        opened_seq=before.opened_seq,
        tickets=tickets,
        counters={
            id_: replace(counter, served=before.served.get(id_, 0))
            for id_, counter in state.counters.items()
        },
        recent_ms=before.recent_ms,
        issued=before.issued + come,
        finished=before.finished,
        ratings=before.ratings,
        presses_ignored=before.presses_ignored,
    )


def _left(state: State, seq: int) -> DayLeft | None:
    if state.opened is None:
        return None
    return DayLeft(
        state.day,
        state.opened,
        state.opened_seq,
        left_seq=seq,
        recent_ms=state.recent_ms,
        served={counter.id: counter.served for counter in state.counters.values()},
        issued=state.issued,
        finished=state.finished,
        ratings=state.ratings,
        presses_ignored=state.presses_ignored,
    )


def _appointments(state: State, event: DayOpened) -> dict[str, Appointment]:
    """Those of the new day, and of the one before it, which may have been left by mistake. Whoever
    lost a number with that day may check in again."""
    earliest = min(event.day, state.day)
    kept = {}
    for code, booked in state.appointments.items():
        if booked.number in event.carried:
            kept[code] = booked
        elif day_of(booked.slot_ms) >= earliest:
            lost = booked.number in event.abandoned
            kept[code] = replace(booked, number=None) if lost else booked
    return kept


def _found(ticket: Ticket, event: DayOpened) -> Ticket:
    return replace(ticket, found=Found(event.day, ticket.since)) if event.trusted else ticket
