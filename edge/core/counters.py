"""Decisions about counters and staff."""

from contract import commands as c
from contract import events as e
from contract.refusals import Reason
from edge.core.case import Case, No


def sign_in(case: Case, command: c.SignIn) -> list[e.AnyEvent]:
    """Take a seat; whoever sat elsewhere leaves there first, unless with a citizen."""
    counter = case.counter(command.counter)
    if counter.staff == case.actor.id:
        return []
    if counter.staff is not None:
        raise No(Reason.COUNTER_TAKEN, counter=counter.id, staff=counter.staff)
    left = [
        event
        for other in case.state.counters.values()
        if other.staff == case.actor.id
        for event in sign_out(case, c.SignOut(other.id))
    ]
    return [*left, e.StaffSignedIn(case.actor.id, counter.id)]


def sign_out(case: Case, command: c.SignOut) -> list[e.AnyEvent]:
    """Leave the seat; the counter closes."""
    counter = case.counter(command.counter)
    if counter.staff is None:
        raise No(Reason.NOBODY_SIGNED_IN, counter=counter.id)
    closing = close(case, c.CloseCounter(counter.id)) if counter.phase != "closed" else []
    return [*closing, e.StaffSignedOut(counter.staff, counter.id)]


def open_(case: Case, command: c.OpenCounter) -> list[e.AnyEvent]:
    """Open a closed or paused counter, or change what an open one serves."""
    counter = case.counter(command.counter)
    if counter.staff is None and case.actor.role != "supervisor":
        raise No(Reason.NOBODY_SIGNED_IN, counter=counter.id)
    services = tuple(dict.fromkeys(command.services)) or counter.services
    for service in services:
        case.known_service(service)
    if counter.phase == "open" and services == counter.services:
        raise No(Reason.COUNTER_OPEN, counter=counter.id)
    if counter.ticket is not None:
        raise No(Reason.COUNTER_BUSY, counter=counter.id, number=counter.ticket)
    if counter.phase == "open":
        return [e.ServicesAssigned(counter.id, services)]
    paused = case.since(counter.since) if counter.phase == "paused" else None
    return [e.CounterOpened(counter.id, services, paused)]


def pause(case: Case, command: c.PauseCounter) -> list[e.AnyEvent]:
    """Rest an open counter that has nobody."""
    counter = case.free_counter(command.counter)
    return [e.CounterPaused(counter.id, command.reason, case.idle(counter))]


def close(case: Case, command: c.CloseCounter) -> list[e.AnyEvent]:
    """Close a counter that has nobody."""
    counter = case.counter(command.counter)
    if counter.phase == "closed":
        raise No(Reason.COUNTER_CLOSED, counter=counter.id)
    if counter.ticket is not None:
        raise No(Reason.COUNTER_BUSY, counter=counter.id, number=counter.ticket)
    paused = case.since(counter.since) if counter.phase == "paused" else None
    return [e.CounterClosed(counter.id, case.idle(counter), paused)]


def assign_services(case: Case, command: c.AssignServices) -> list[e.AnyEvent]:
    """Change what a counter serves; whoever is there now stays."""
    counter = case.counter(command.counter)
    rule = case.rules.counter(counter.id)
    usual = rule.services if rule else ()
    services = tuple(dict.fromkeys(command.services)) or usual
    for service in services:
        case.known_service(service)
    if services == counter.services:
        raise No(Reason.SERVICES_UNCHANGED, counter=counter.id)
    kept = () if services == usual and counter.phase == "closed" else services
    return [e.ServicesAssigned(counter.id, kept, command.reason)]
