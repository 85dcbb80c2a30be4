"""How long a new ticket will wait, from what the day has shown so far."""

import math

from contract.site_rules import Rules
from edge.core.state import State

_MS_PER_MIN = 60_000


def ahead(state: State, service: str) -> int:
    """How many people wait for the same service."""
    return sum(t.phase == "waiting" and t.service == service for t in state.tickets.values())


def expected_wait_min(rules: Rules, state: State, service: str) -> int | None:
    """Minutes until a ticket issued now is called, or None while no counter serves it.

    It is 0 where a counter is free and nobody waits for it. Else it is the work waiting at the open
    counters that serve it, shared among them; a service takes the mean of its last times today, or
    its usual time before there are any.
    """
    open_counters = [
        c for c in state.counters.values() if c.phase == "open" and service in c.services
    ]
    if not open_counters:
        return None
    waiting = [t.service for t in state.tickets.values() if t.phase == "waiting"]
    if any(c.ticket is None and not {*c.services}.intersection(waiting) for c in open_counters):
        return 0
    shared = {s for counter in open_counters for s in counter.services}
    work_ms = sum(
        usual_ms(rules, state, waited_for) for waited_for in waiting if waited_for in shared
    )
    work_ms += sum(
        usual_ms(rules, state, state.tickets[counter.ticket].service) / 2
        for counter in open_counters
        if counter.ticket is not None
    )
    return math.ceil(work_ms / len(open_counters) / _MS_PER_MIN)


def usual_ms(rules: Rules, state: State, service: str) -> float:
    """Milliseconds that one service of this kind takes."""
    recent = state.today.recent_ms.get(service)
    if recent:
        return sum(recent) / len(recent)
    known = rules.service(service)
    return (known.usual_min if known else 10.0) * _MS_PER_MIN
