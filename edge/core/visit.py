"""Decisions about tickets, from the button to the last finish."""

from collections.abc import Sequence

from msgspec.structs import replace

from contract import commands as c
from contract import events as e
from contract.local_time import local_time
from contract.refusals import Reason
from contract.stamp import Span, total
from edge.core import calendar, estimate, policy
from edge.core.case import Case, No
from edge.core.numbering import number_of, series_and_order
from edge.core.state import AT_COUNTER, ENDED, Counter, Ticket

_MS_PER_MIN = 60_000
_STAFF = ("clerk", "supervisor")


# --- numbers ----------------------------------------------------------------------------------


def issue(case: Case, command: c.IssueTicket, *, training: bool) -> list[e.AnyEvent]:
    """Give out the next number of the first service's series."""
    known = {priority.id for priority in case.rules.priorities}
    if command.priority is not None and command.priority not in known:
        raise No(Reason.UNKNOWN_PRIORITY, priority=command.priority)
    services = tuple(dict.fromkeys(case.known_service(s) for s in command.services))
    _check_hours(case, training=training)
    return [_issued(case, command, services, command.priority, training=training)]


def check_in(case: Case, command: c.CheckIn, *, training: bool) -> list[e.AnyEvent]:
    """Give out a number for an appointment; the wait counts from the slot, if that is later."""
    booked = case.state.appointments.get(command.code)
    if booked is None:
        raise No(Reason.UNKNOWN_APPOINTMENT, code=command.code)
    if booked.number is not None:
        raise No(Reason.APPOINTMENT_TAKEN, code=command.code)
    if case.state.day_trusted and calendar.day_of(booked.slot_ms) != case.state.day:
        slot = local_time(booked.slot_ms).strftime("%H:%M %d/%m/%Y")
        raise No(Reason.APPOINTMENT_OTHER_DAY, code=command.code, slot=slot)
    _check_hours(case, training=training)
    issued = _issued(case, command, (booked.service,), policy.APPOINTMENT, training=training)
    wall_ms = calendar.trusted_wall_ms(case.state, case.stamp)
    early_ms = 0 if wall_ms is None else max(0, booked.slot_ms - wall_ms)
    return [replace(issued, appointment=command.code, early_ms=early_ms)]


def book(case: Case, command: c.BookAppointment) -> list[e.AnyEvent]:
    """Note a slot; the same booking again changes nothing, and another of the same code moves it:
    the centre's only, which sees every booking, and not once it has become a number."""
    booked = case.state.appointments.get(command.code)
    if booked is not None:
        if (booked.service, booked.slot_ms) == (command.service, command.slot_ms):
            return []
        if booked.number is not None or case.actor.role != "centre":
            raise No(Reason.APPOINTMENT_TAKEN, code=command.code)
    case.known_service(command.service)
    return [e.AppointmentBooked(command.code, command.service, command.slot_ms)]


def cancel(case: Case, command: c.CancelAppointment) -> list[e.AnyEvent]:
    """Forget a slot that has not become a number."""
    booked = case.state.appointments.get(command.code)
    if booked is None:
        raise No(Reason.UNKNOWN_APPOINTMENT, code=command.code)
    if booked.number is not None:
        raise No(Reason.APPOINTMENT_TAKEN, code=command.code)
    return [e.AppointmentCancelled(command.code)]


def reprint(case: Case, command: c.ReprintTicket) -> list[e.AnyEvent]:
    """Order a further copy of a ticket that is still in the house, from the asker's own printer
    or else the one before."""
    ticket = _in_the_house(case, command.number)
    series, _ = series_and_order(ticket.number)
    if series in case.state.rolls:
        raise No(Reason.ROLL_IN_USE, series=series)
    printer = case.rules.prints_on.get(case.actor.id, ticket.printer)
    return [e.ReprintOrdered(ticket.number, ticket.copies + 1, printer)]


def void(case: Case, command: c.VoidTicket) -> list[e.AnyEvent]:
    """Take a ticket out of the queue, unless it is at a counter."""
    ticket = _in_the_house(case, command.number)
    if ticket.phase in AT_COUNTER:
        raise No(Reason.TICKET_AT_COUNTER, number=ticket.number, counter=ticket.counter)
    return [e.TicketVoided(ticket.number, command.reason)]


def return_(case: Case, command: c.ReturnTicket) -> list[e.AnyEvent]:
    """Let an absent citizen wait again, in the old place."""
    ticket = _in_the_house(case, command.number)
    if ticket.phase != "absent":
        raise No(Reason.NOT_ABSENT, number=ticket.number)
    return [e.TicketReturned(ticket.number)]


def add_service(case: Case, command: c.AddService) -> list[e.AnyEvent]:
    """Let a further service follow the present ones."""
    ticket = _in_the_house(case, command.number)
    if case.known_service(command.service) in ticket.services:
        raise No(Reason.SERVICE_ALREADY_THERE, number=ticket.number)
    _check_served_somewhere(case, command.service)
    return [e.ServiceAdded(ticket.number, command.service)]


def remove_service(case: Case, command: c.RemoveService) -> list[e.AnyEvent]:
    """Take a further service that has not begun off the visit again."""
    ticket = _in_the_house(case, command.number)
    if case.known_service(command.service) not in ticket.services[1:]:
        raise No(Reason.SERVICE_NOT_TO_COME, number=ticket.number)
    return [e.ServiceRemoved(ticket.number, command.service)]


# --- calls ------------------------------------------------------------------------------------


def call_next(case: Case, command: c.CallNext) -> list[e.AnyEvent]:
    """Call whoever is next, after ending the present service if that is asked."""
    counter = case.open_counter(command.counter)
    finishing: Sequence[e.AnyEvent] = ()
    if command.finish_current and counter.ticket is not None:
        finishing = _end_present(case, counter.id)
        case = case.after(finishing)
        counter = case.counter(counter.id)
    elif counter.ticket is not None:
        raise No(Reason.COUNTER_BUSY, counter=counter.id, number=counter.ticket)
    ticket = policy.next_ticket(case.rules, case.state, counter, case.stamp)
    if ticket is None and not finishing:
        raise No(Reason.NOBODY_WAITING, counter=counter.id)
    calling = [] if ticket is None else [_call(case, counter, ticket)]
    return [*finishing, *calling]


def call_ticket(case: Case, command: c.CallTicket) -> list[e.AnyEvent]:
    """Call one waiting ticket out of turn; who and why are kept."""
    counter = case.free_counter(command.counter)
    ticket = _in_the_house(case, command.number)
    if ticket.phase in AT_COUNTER:
        raise No(Reason.TICKET_AT_COUNTER, number=ticket.number, counter=ticket.counter)
    if ticket.phase != "waiting":
        raise No(Reason.NOT_WAITING, number=ticket.number, phase=ticket.phase)
    return [_call(case, counter, ticket, command.reason)]


def recall(case: Case, command: c.Recall) -> list[e.AnyEvent]:
    """Call the present ticket once more."""
    ticket = case.called_at(command.counter)
    return [e.TicketRecalled(ticket.number, command.counter, ticket.calls + 1)]


def no_show(case: Case, command: c.MarkNoShow) -> list[e.AnyEvent]:
    """The called citizen did not come."""
    ticket = case.called_at(command.counter)
    walk = case.since(ticket.since)
    return [e.NoShowMarked(ticket.number, command.counter, ticket.service, walk)]


# --- service ----------------------------------------------------------------------------------


def start(case: Case, command: c.StartService) -> list[e.AnyEvent]:
    """The called citizen has come."""
    ticket = case.called_at(command.counter)
    walk = case.since(ticket.since)
    return [e.ServiceStarted(ticket.number, command.counter, ticket.service, walk)]


def finish(case: Case, command: c.FinishService) -> list[e.AnyEvent]:
    """End the present service; the visit ends with its last service."""
    ticket = case.serving_at(command.counter)
    service_time = case.since(ticket.since)
    return [
        e.ServiceFinished(
            ticket.number,
            command.counter,
            ticket.service,
            service_time=service_time,
            worked=total(ticket.worked, service_time),
            visit=case.since(ticket.issued) if len(ticket.services) == 1 else None,
            dossier=command.dossier,
            visit_ended=len(ticket.services) == 1,
        )
    ]


def transfer(case: Case, command: c.TransferTicket) -> list[e.AnyEvent]:
    """Send the present citizen to another service or counter; number and place are kept."""
    ticket = case.ticket_at(command.counter)
    case.known_service(command.service)
    if command.to_counter is not None:
        target = case.counter(command.to_counter)
        if command.service not in target.services or target.id == command.counter:
            raise No(Reason.SERVICE_NOT_THERE, service=command.service)
    elif command.service == ticket.service:
        raise No(Reason.SERVICE_NOT_THERE, service=command.service)
    else:
        _check_served_somewhere(case, command.service)
    came = start(case, c.StartService(command.counter)) if ticket.phase == "called" else []
    return [
        *came,
        e.TicketTransferred(
            ticket.number,
            command.counter,
            from_service=ticket.service,
            service=command.service,
            to_counter=command.to_counter,
            service_time=Span(0) if came else case.since(ticket.since),
        ),
    ]


def park(case: Case, command: c.ParkTicket) -> list[e.AnyEvent]:
    """Let the present service rest for a signature or for papers."""
    ticket = case.serving_at(command.counter)
    wall_ms = calendar.trusted_wall_ms(case.state, case.stamp)
    due = command.due_in_min
    return [
        e.TicketParked(
            ticket.number,
            command.counter,
            ticket.service,
            command.reason,
            due_ms=None if due is None or wall_ms is None else wall_ms + due * _MS_PER_MIN,
            service_time=case.since(ticket.since),
        )
    ]


def resume(case: Case, command: c.ResumeTicket) -> list[e.AnyEvent]:
    """Call a parked citizen to go on."""
    counter = case.free_counter(command.counter)
    ticket = _in_the_house(case, command.number)
    if ticket.phase != "parked":
        raise No(Reason.NOT_PARKED, number=ticket.number)
    return [
        e.TicketResumed(
            ticket.number,
            counter.id,
            ticket.service,
            "papers" if ticket.park_reason == "papers" else "signature",
            second_wait=case.since(ticket.since),
            idle=case.idle(counter),
        )
    ]


def _check_served_somewhere(case: Case, service: str) -> None:
    """Nobody is sent where no counter serves the citizen, today or usually."""
    for rule in case.rules.counters:
        if service in {*rule.services, *case.counter(rule.id).services}:
            return
    raise No(Reason.SERVICE_NOT_THERE, service=service)


def _check_hours(case: Case, *, training: bool) -> None:
    if training or case.actor.role in _STAFF:
        return
    issuing = calendar.issuing(case.rules, case.state, case.stamp)
    if issuing == "closed":
        raise No(Reason.CLOSED_NOW, hours=case.hours())
    if issuing == "after-last-ticket":
        raise No(Reason.AFTER_LAST_TICKET, hours=case.hours())


def _issued(
    case: Case,
    command: c.IssueTicket | c.CheckIn,
    services: tuple[str, ...],
    priority: str | None,
    *,
    training: bool,
) -> e.TicketIssued:
    series = _series(case, services[0])
    roll = series in case.state.rolls
    return e.TicketIssued(
        number_of(series, case.state.orders.get(series, 0) + 1, training=training),
        services,
        priority=priority,
        language=command.language,
        on_paper=command.on_paper and not roll,
        ahead=estimate.ahead(case.state, services[0]),
        expected_wait_min=estimate.expected_wait_min(case.rules, case.state, services[0]),
        roll=roll,
        printer=case.rules.prints_on.get(case.actor.id),
    )


def _series(case: Case, service: str) -> str:
    rule = case.rules.service(service)
    if rule is None:
        raise No(Reason.UNKNOWN_SERVICE, service=service)
    return rule.series


def _in_the_house(case: Case, number: str) -> Ticket:
    ticket = case.ticket(number)
    if ticket.phase in ENDED:
        raise No(Reason.TICKET_ENDED, number=number)
    return ticket


def _end_present(case: Case, counter: str) -> Sequence[e.AnyEvent]:
    """A keypad has no key for a service's start: its next call ends whoever was called, too.

    Since nobody said when that citizen came, all the time is walk, and no service time is known.
    """
    if case.actor.role != "keypad" or case.ticket_at(counter).phase != "called":
        return finish(case, c.FinishService(counter))
    came = start(case, c.StartService(counter))
    (finished,) = finish(case.after(came), c.FinishService(counter))
    return [*came, replace(finished, service_time=None, worked=None)]


def _call(
    case: Case, counter: Counter, ticket: Ticket, reason: str | None = None
) -> e.TicketCalled:
    returned = ticket.wait_counted and ticket.queued != ticket.since
    waited = None if ticket.wait_counted else case.since(ticket.queued)
    if waited is not None and ticket.early_ms:
        waited = Span(max(0, waited.ms - ticket.early_ms), waited.approximate)
    return e.TicketCalled(
        ticket.number,
        counter.id,
        ticket.service,
        wait=waited,
        idle=case.idle(counter),
        how="chosen" if reason is not None else "returned" if returned else "next",
        reason=reason,
        priority=ticket.priority if policy.has_priority(case.state, ticket, case.stamp) else None,
    )
