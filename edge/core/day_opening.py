"""How the opening of a business day changes the state.

A clock may confirm the day that a person named, or go back to the day that it left by a jump: what
was done on that day stays.
"""

from msgspec.structs import replace

from contract.events import DayOpened
from contract.stamp import Stamp
from edge.core.calendar import day_of, may_be_earlier, remembered, trusted_wall_ms, was_on
from edge.core.change import without_way_back
from edge.core.state import ENDED, Appointment, Counter, DaySoFar, Found, State, Ticket

_DAYS_LEFT = 5  # whoever names a wrong day may name another one next


def open_day(state: State, event: DayOpened, stamp: Stamp, seq: int) -> State:
    """The state on the day that was opened or confirmed."""
    if event.day != state.day or state.today.opened_seq == 0:
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
            id_: without_way_back(counter)
            if id_ in event.counters and counter.ticket in (None, *event.carried)
            else Counter(id_, (), stamp)
            for id_, counter in state.counters.items()
        },
        calls=tuple(call for call in state.calls if call.number in tickets),
    )


def _on_another_day(state: State, event: DayOpened, stamp: Stamp, seq: int) -> State:
    """The state with who was carried over, and what was counted on that day before it was left, if
    it was."""
    tickets = {n: ticket for n, ticket in state.tickets.items() if n in event.carried}
    days_left = dict(state.days_left)
    if state.today.opened_seq:
        days_left[state.day] = replace(state.today, left=stamp, left_seq=seq)
    before = days_left.pop(event.day, None)
    if before is not None and _goes_on(state, event.day, before, stamp):
        come = sum(ticket.place > before.left_seq for ticket in tickets.values())
        today = replace(before, left=None, left_seq=0, issued=before.issued + come)
    else:
        today = DaySoFar(stamp, seq, issued=len(tickets))
    return replace(
        state,
        today=today,
        days_left=dict([*days_left.items()][-_DAYS_LEFT:]),
        tickets=tickets,
    )


def _goes_on(state: State, day: str, before: DaySoFar, stamp: Stamp) -> bool:
    """Whether it is the `day` that was opened before, and not the first time that it truly comes;
    where no clock can tell, one that was left a short while ago is."""
    if before.opened is None or before.left is None:
        return False
    wall_ms = trusted_wall_ms(state, stamp)
    if wall_ms is None:
        return not may_be_earlier(state, before.left, stamp)
    return any(was_on(day, past, stamp, wall_ms) for past in (before.opened, before.left))


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
