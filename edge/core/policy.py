"""Who is called next: in order of arrival, priority citizens earlier, and nobody left out.

A counter calls waiting priority citizens first, but after `priority_streak` of them in a row the
ordinary citizen who came first, if one waits. So whoever waits at an open counter is called after
at most `priority_streak` times the number of people ahead. An appointment has priority from its
slot on.
"""

from contract.site_rules import Rules
from contract.stamp import Stamp
from edge.core.calendar import trusted_wall_ms
from edge.core.state import Counter, State, Ticket

APPOINTMENT = "appointment"


def next_ticket(rules: Rules, state: State, counter: Counter, stamp: Stamp) -> Ticket | None:
    """The ticket that `counter` should call now, or None when nobody waits for it."""
    waiting = sorted(waiting_for(state, counter), key=lambda ticket: ticket.place)
    preferred = [ticket for ticket in waiting if has_priority(state, ticket, stamp)]
    ordinary = [ticket for ticket in waiting if ticket not in preferred]
    if preferred and not (ordinary and counter.streak >= rules.priority_streak):
        return preferred[0]
    return ordinary[0] if ordinary else None


def waiting_for(state: State, counter: Counter) -> list[Ticket]:
    """The waiting tickets that `counter` may call, in no order."""
    return [
        ticket
        for ticket in state.tickets.values()
        if ticket.phase == "waiting"
        and ticket.service in counter.services
        and _sent_to(state, ticket) in (None, counter.id)
    ]


def has_priority(state: State, ticket: Ticket, stamp: Stamp) -> bool:
    """Whether the ticket is of a priority class now."""
    if ticket.priority != APPOINTMENT:
        return ticket.priority is not None
    booked = state.appointments.get(ticket.appointment or "")
    wall_ms = trusted_wall_ms(state, stamp)
    return booked is None or wall_ms is None or wall_ms >= booked.slot_ms


def _sent_to(state: State, ticket: Ticket) -> str | None:
    """The only counter that may call the ticket, as long as that counter takes citizens."""
    counter = state.counters.get(ticket.counter or "")
    able = counter and counter.phase == "open" and ticket.service in counter.services
    return ticket.counter if able else None
