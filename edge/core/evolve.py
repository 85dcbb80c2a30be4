"""How each event changes the state. Total: any journal that was written can be replayed."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from contract import events as e
from contract.snapshot import SlipState
from contract.stamp import Stamp, total
from edge.core.calling import absent, call, call_again, take_back, take_back_absence
from edge.core.change import (
    add_call,
    change_counter,
    change_device,
    change_ticket,
    count,
    for_good,
    put,
    requeue,
    settle_slip,
)
from edge.core.day_opening import open_day
from edge.core.finishing import finish, reopen
from edge.core.numbering import series_and_order
from edge.core.state import Appointment, Counter, Device, State, Ticket

# Events whose ticket or counter need not be known before.
_BRINGING = (
    e.TicketIssued,
    e.RollStarted,
    e.StaffSignedIn,
    e.CounterOpened,
    e.ServicesAssigned,
    e.RatingIgnored,
)


def evolve(state: State, entry: e.Entry) -> State:
    """The state after one more journal row."""
    change = _CHANGES.get(type(entry.event))
    if change is not None and _concerns(state, entry.event):
        state = change(state, entry.event, entry.stamp, entry.seq)
    if isinstance(entry.event, e.TicketIssued):
        state = change_ticket(state, entry.event.number, issuer=entry.actor)
    return replace(state, anchor=entry.stamp) if entry.stamp.synced else state


# --- the node ---------------------------------------------------------------------------------


def _device_lost(state: State, event: e.DeviceLost, stamp: Stamp, _seq: int) -> State:
    return change_device(state, event.device, Device("lost", stamp, event.condition))


def _device_returned(state: State, event: e.DeviceReturned, stamp: Stamp, _seq: int) -> State:
    return change_device(state, event.device, Device("ready", stamp))


def _paper_low(state: State, event: e.PaperLow, stamp: Stamp, _seq: int) -> State:
    return change_device(state, event.device, Device("paper-low", stamp))


def _device_removed(state: State, event: e.DeviceRemoved, _stamp: Stamp, _seq: int) -> State:
    left = {name: known for name, known in state.devices.items() if name != event.device}
    return replace(state, devices=left)


# --- tickets ----------------------------------------------------------------------------------


def _booked(state: State, event: e.AppointmentBooked, _stamp: Stamp, _seq: int) -> State:
    booked = Appointment(event.service, event.slot_ms)
    return replace(state, appointments=put(state.appointments, event.code, booked))


def _cancelled(state: State, event: e.AppointmentCancelled, _stamp: Stamp, _seq: int) -> State:
    kept = {code: a for code, a in state.appointments.items() if code != event.code}
    return replace(state, appointments=kept)


def _issued(state: State, event: e.TicketIssued, stamp: Stamp, seq: int) -> State:
    series, order = series_and_order(event.number)
    ticket = Ticket(
        number=event.number,
        services=event.services,
        phase="waiting",
        place=seq,
        issued=stamp,
        queued=stamp,
        since=stamp,
        early_ms=event.early_ms,
        priority=event.priority,
        appointment=event.appointment,
        language=event.language,
        on_paper=event.on_paper,
        ahead=event.ahead,
        expected_wait_min=event.expected_wait_min,
        slip="roll" if event.roll else "pending" if event.on_paper else "none",
        printer=event.printer,
    )
    appointments = state.appointments
    if event.appointment in appointments:
        used = replace(appointments[event.appointment], number=event.number)
        appointments = put(appointments, event.appointment, used)
    state = replace(
        state,
        tickets=put(state.tickets, event.number, ticket),
        orders=put(state.orders, series, max(order, state.orders.get(series, 0))),
        last_issue=stamp,
        appointments=appointments,
    )
    return count(state, issued=state.today.issued + 1)


def _printed(state: State, event: e.TicketPrinted, _stamp: Stamp, _seq: int) -> State:
    return settle_slip(state, event.number, event.copy, "printed")


def _sent(state: State, event: e.SlipSent, _stamp: Stamp, _seq: int) -> State:
    return settle_slip(state, event.number, event.copy, "sent")


def _print_failed(state: State, event: e.PrintFailed, _stamp: Stamp, _seq: int) -> State:
    outcome: SlipState = "unknown" if event.unknown else "failed"
    return settle_slip(state, event.number, event.copy, outcome)


def _reprint_ordered(state: State, event: e.ReprintOrdered, stamp: Stamp, _seq: int) -> State:
    return change_ticket(
        state,
        event.number,
        copies=event.copy,
        slip="pending",
        printer=event.printer,
        asked=stamp,
    )


def _started(state: State, event: e.ServiceStarted, stamp: Stamp, _seq: int) -> State:
    """The rating buttons are no longer about the citizen before."""
    state = change_ticket(state, event.number, phase="serving", since=stamp)
    return for_good(state, event.counter, since=stamp, rating=None)


def _returned(state: State, event: e.TicketReturned, stamp: Stamp, _seq: int) -> State:
    return change_ticket(state, event.number, phase="waiting", since=stamp, calls=0)


def _transferred(state: State, event: e.TicketTransferred, stamp: Stamp, _seq: int) -> State:
    ticket = state.tickets[event.number]
    services = (event.service, *(s for s in ticket.services[1:] if s != event.service))
    state = requeue(state, event.number, services, stamp, counter=event.to_counter)
    if event.service == event.from_service:
        worked = total(ticket.worked, event.service_time)
        state = change_ticket(
            state, event.number, worked=worked, wait_counted=True, rated=ticket.rated
        )
    return change_counter(state, event.counter, ticket=None, since=stamp)


def _parked(state: State, event: e.TicketParked, stamp: Stamp, _seq: int) -> State:
    state = change_ticket(
        state,
        event.number,
        phase="parked",
        since=stamp,
        park_reason=event.reason,
        due_ms=event.due_ms,
        worked=total(state.tickets[event.number].worked, event.service_time),
    )
    return change_counter(state, event.counter, ticket=None, since=stamp)


def _resumed(state: State, event: e.TicketResumed, stamp: Stamp, seq: int) -> State:
    counter = state.counters[event.counter]
    state = add_call(state, event.number, counter, stamp, seq, resumed=True)
    state = change_ticket(
        state, event.number, phase="called", since=stamp, calls=1, park_reason=None, due_ms=None
    )
    return for_good(state, event.counter, ticket=event.number, since=stamp)


def _service_added(state: State, event: e.ServiceAdded, _stamp: Stamp, _seq: int) -> State:
    services = (*state.tickets[event.number].services, event.service)
    return change_ticket(state, event.number, services=services)


def _service_removed(state: State, event: e.ServiceRemoved, _stamp: Stamp, _seq: int) -> State:
    present, *further = state.tickets[event.number].services
    left = (present, *(service for service in further if service != event.service))
    return change_ticket(state, event.number, services=left)


def _voided(state: State, event: e.TicketVoided, stamp: Stamp, _seq: int) -> State:
    """A ticket that nobody was told of may be at a counter, and give its appointment back."""
    for counter in state.counters.values():
        if counter.ticket == event.number:
            state = for_good(state, counter.id, ticket=None, since=stamp)
    code = state.tickets[event.number].appointment
    if code in state.appointments:
        booked = replace(state.appointments[code], number=None)
        state = replace(state, appointments=put(state.appointments, code, booked))
    return change_ticket(state, event.number, phase="void", since=stamp, counter=None)


# --- counters, staff, ratings -----------------------------------------------------------------


def _signed_in(state: State, event: e.StaffSignedIn, stamp: Stamp, _seq: int) -> State:
    if event.counter not in state.counters:
        fresh = Counter(event.counter, (), stamp, staff=event.staff)
        return replace(state, counters=put(state.counters, event.counter, fresh))
    counter = state.counters[event.counter]
    since = stamp if counter.phase == "closed" else counter.since
    return change_counter(state, event.counter, staff=event.staff, since=since)


def _signed_out(state: State, event: e.StaffSignedOut, _stamp: Stamp, _seq: int) -> State:
    return change_counter(state, event.counter, staff=None)


def _opened(state: State, event: e.CounterOpened, stamp: Stamp, _seq: int) -> State:
    known = state.counters.get(event.counter, Counter(event.counter, (), stamp))
    opened = replace(known, phase="open", services=event.services, since=stamp, pause_reason=None)
    return replace(state, counters=put(state.counters, event.counter, opened))


def _paused(state: State, event: e.CounterPaused, stamp: Stamp, _seq: int) -> State:
    return for_good(state, event.counter, phase="paused", since=stamp, pause_reason=event.reason)


def _closed(state: State, event: e.CounterClosed, stamp: Stamp, _seq: int) -> State:
    return for_good(state, event.counter, phase="closed", since=stamp, pause_reason=None)


def _assigned(state: State, event: e.ServicesAssigned, stamp: Stamp, _seq: int) -> State:
    known = state.counters.get(event.counter, Counter(event.counter, (), stamp))
    assigned = replace(known, services=event.services)
    return replace(state, counters=put(state.counters, event.counter, assigned))


def _roll_started(state: State, event: e.RollStarted, stamp: Stamp, _seq: int) -> State:
    series, order = series_and_order(event.number)
    return replace(
        state,
        orders=put(state.orders, series, max(order - 1, state.orders.get(series, 0))),
        last_issue=stamp,
        rolls=tuple(sorted({*state.rolls, series})),
    )


def _roll_ended(state: State, event: e.RollEnded, _stamp: Stamp, _seq: int) -> State:
    return replace(state, rolls=tuple(s for s in state.rolls if s != event.series))


def _rated(state: State, event: e.RatingGiven, _stamp: Stamp, _seq: int) -> State:
    due = state.counters[event.counter].rating
    rated = replace(due, rated=True) if due is not None else None
    state = change_counter(state, event.counter, rating=rated)
    return count(state, ratings=state.today.ratings + 1)


def _press_ignored(state: State, _event: e.RatingIgnored, _stamp: Stamp, _seq: int) -> State:
    return count(state, presses_ignored=state.today.presses_ignored + 1)


_CHANGES: dict[type[Any], Callable[[State, Any, Stamp, int], State]] = {
    e.DayOpened: open_day,
    e.DeviceLost: _device_lost,
    e.DeviceReturned: _device_returned,
    e.PaperLow: _paper_low,
    e.DeviceRemoved: _device_removed,
    e.AppointmentBooked: _booked,
    e.AppointmentCancelled: _cancelled,
    e.TicketIssued: _issued,
    e.TicketPrinted: _printed,
    e.SlipSent: _sent,
    e.PrintFailed: _print_failed,
    e.ReprintOrdered: _reprint_ordered,
    e.TicketCalled: call,
    e.TicketRecalled: call_again,
    e.CallTakenBack: take_back,
    e.ServiceStarted: _started,
    e.ServiceFinished: finish,
    e.ServiceReopened: reopen,
    e.NoShowMarked: absent,
    e.NoShowTakenBack: take_back_absence,
    e.TicketReturned: _returned,
    e.TicketTransferred: _transferred,
    e.TicketParked: _parked,
    e.TicketResumed: _resumed,
    e.ServiceAdded: _service_added,
    e.ServiceRemoved: _service_removed,
    e.TicketVoided: _voided,
    e.StaffSignedIn: _signed_in,
    e.StaffSignedOut: _signed_out,
    e.CounterOpened: _opened,
    e.CounterPaused: _paused,
    e.CounterClosed: _closed,
    e.ServicesAssigned: _assigned,
    e.RollStarted: _roll_started,
    e.RollEnded: _roll_ended,
    e.RatingGiven: _rated,
    e.RatingIgnored: _press_ignored,
}


def _concerns(state: State, event: e.AnyEvent) -> bool:
    """Whether ticket and counter of an event are in this house, or come into it by the event.

    A report about a slip may come after its day is over, and a journal that goes on from a
    damaged one may be read without the house that it began with.
    """
    if isinstance(event, _BRINGING):
        return True
    number: str | None = getattr(event, "number", None)
    counter: str | None = getattr(event, "counter", None)
    return (number is None or number in state.tickets) and (
        counter is None or counter in state.counters
    )
