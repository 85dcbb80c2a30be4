"""From an order to the events that carry it out, or to a refusal; nothing else decides."""

from collections.abc import Callable, Collection
from typing import Any

from contract import commands as c
from contract import events as e
from contract.ids import TicketNumber
from contract.refusals import Reason, Refused
from contract.site_rules import Rules, is_date
from contract.stamp import Stamp, span
from edge.core import calendar, counters, device_names, effects, rating, roll, taking_back, visit
from edge.core.case import Case, No
from edge.core.state import AT_COUNTER, ENDED, Device, State

_DEVICES_OF_AN_ACTOR = 64
_RESTLESS_AFTER_LOSSES = 20  # nobody changes a roll of paper so often
_RESTLESS_MS = 10 * 60_000
_LEFT = "citizen-left"
_ISSUING: frozenset[type[Any]] = frozenset({c.IssueTicket, c.CheckIn})
_AT_A_SEAT: frozenset[type[Any]] = frozenset(
    {
        c.SignOut,
        c.OpenCounter,
        c.PauseCounter,
        c.CloseCounter,
        c.CallNext,
        c.CallTicket,
        c.Recall,
        c.TakeBackCall,
        c.StartService,
        c.FinishService,
        c.ReopenService,
        c.MarkNoShow,
        c.TakeBackNoShow,
        c.TransferTicket,
        c.ParkTicket,
        c.ResumeTicket,
    }
)
_STAFF = (
    _ISSUING
    | _AT_A_SEAT
    | {
        c.SignIn,
        c.ReprintTicket,
        c.VoidTicket,
        c.ReturnTicket,
        c.AddService,
        c.RemoveService,
        c.UseRoll,
        c.LeaveRoll,
    }
)
_SUPERVISING: frozenset[type[Any]] = frozenset(
    {c.OpenDay, c.BookAppointment, c.CancelAppointment, c.AssignServices, c.RemoveDevice}
)
_MAY: dict[c.Role, frozenset[type[Any]]] = {
    "kiosk": _ISSUING,
    "greeter": _ISSUING,
    "clerk": _STAFF,
    "supervisor": _STAFF | _SUPERVISING,
    "keypad": frozenset({c.CallNext, c.Recall, c.MarkNoShow}),
    "pad": frozenset({c.Rate, c.ReportDevice}),
    "printer": frozenset({c.ReportPrint, c.ReportDevice}),
    "display": frozenset({c.ReportDevice}),
    "centre": frozenset({c.BookAppointment, c.CancelAppointment}),
    "hub": frozenset({c.ReportPrint, c.ReportDevice}),
}


def decide(
    rules: Rules, state: State, order: c.Order, stamp: Stamp
) -> tuple[e.AnyEvent, ...] | Refused:
    """The events that carry out `order`, perhaps none, or why it is refused."""
    case = Case(rules, state, order.actor, stamp)
    try:
        _check_authority(case, order.command)
        if isinstance(order.command, c.IssueTicket):
            return tuple(visit.issue(case, order.command, training=order.training))
        if isinstance(order.command, c.CheckIn):
            return tuple(visit.check_in(case, order.command, training=order.training))
        if isinstance(order.command, c.UseRoll):
            return tuple(roll.use(case, order.command, training=order.training))
        return tuple(_DECISIONS[type(order.command)](case, order.command))
    except No as no:
        return no.refused


def _check_authority(case: Case, command: c.AnyCommand) -> None:
    actor = case.actor
    if type(command) not in _MAY[actor.role]:
        raise No(Reason.NOT_ALLOWED, role=actor.role)
    at: str | None = getattr(command, "counter", None)
    bound = actor.counter is not None or actor.role in c.COUNTER_ROLES
    if bound and at is not None and actor.counter != at:
        raise No(Reason.NOT_YOUR_COUNTER, counter=at)
    seated = actor.role != "clerk" or at is None or case.counter(at).staff == actor.id
    if type(command) in _AT_A_SEAT and not seated:
        raise No(Reason.NOT_YOUR_COUNTER, counter=at)


def _open_day(case: Case, command: c.OpenDay) -> list[e.AnyEvent]:
    if command.of_day != case.state.day and (command.of_day or command.gone):
        raise No(Reason.DAY_CHANGED, current=case.state.day)
    gone = _gone(case, command.gone)
    if command.day == case.state.day:
        return [e.TicketVoided(number, _LEFT) for number in gone]
    clock_knows = calendar.trusted_wall_ms(case.state, case.stamp) is not None
    earlier = case.state.day_trusted and command.day < case.state.day
    if clock_knows or earlier or not is_date(command.day):
        raise No(Reason.DAY_NOT_LATER, day=command.day, current=case.state.day)
    return [calendar.opening(case.state, command.day, case.stamp, None, gone)]


def _gone(case: Case, numbers: Collection[TicketNumber]) -> list[TicketNumber]:
    """Those of `numbers` that are still in the house, but for who has come to a counter since."""
    return [
        ticket.number
        for ticket in case.state.tickets.values()
        if ticket.number in numbers
        and ticket.phase not in ENDED
        and not (
            ticket.phase in AT_COUNTER
            and not calendar.may_be_earlier(case.state, ticket.since, case.stamp)
        )
    ]


def _report_print(case: Case, command: c.ReportPrint) -> list[e.AnyEvent]:
    """A printer elsewhere speaks of nothing but the copies that it was asked for."""
    if case.actor.role == "printer":
        ticket = case.ticket(command.number)
        if command.ticket != ticket.id:
            raise No(Reason.UNKNOWN_TICKET, number=command.number)
        if ticket.printer != case.actor.id or command.copy > ticket.copies:
            raise No(Reason.NOT_ALLOWED, role=case.actor.role)
    if command.outcome == "printed":
        return [e.TicketPrinted(command.number, command.copy, command.proof)]
    if command.outcome == "sent":
        return [e.SlipSent(command.number, command.copy)]
    unknown = command.outcome != "failed"
    failed = e.PrintFailed(command.number, command.copy, command.reason, unknown)
    return [failed, *_again_if_interrupted(case, command)]


def _again_if_interrupted(case: Case, command: c.ReportPrint) -> list[e.AnyEvent]:
    ticket = case.state.tickets.get(command.number)
    if command.outcome != "interrupted" or ticket is None or command.copy != ticket.copies:
        return []
    if not effects.is_wanted(case.rules, case.state, ticket, case.stamp):
        return []
    return [effects.reprint(ticket)]


def _report_device(case: Case, command: c.ReportDevice) -> list[e.AnyEvent]:
    """What others than the hub report is named after them, and is limited: nobody speaks for
    another's device, nor keeps it from being heard. A printer of the site's rules has its own name.
    """
    device, known = command.device, case.state.devices
    printers = case.rules.prints_on.values() if case.actor.role == "printer" else ()
    itself = device == case.actor.id and device in printers
    if case.actor.role != "hub" and not itself:
        device = device_names.name_of(case.actor.id, device)
        others = sum(name.startswith(device_names.own(case.actor.id)) for name in known)
        if device not in known and others >= _DEVICES_OF_AN_ACTOR:
            raise No(Reason.NOT_ALLOWED, role=case.actor.role)
    condition = command.condition if command.state == "lost" else ""
    before = known.get(device)
    if before is not None and (
        (before.state, before.condition) == (command.state, condition)
        or _is_restless(before, case.stamp)
    ):
        return []
    if command.state == "lost":
        return [e.DeviceLost(device, command.condition)]
    if command.state == "paper-low":
        return [e.PaperLow(device)]
    return [e.DeviceReturned(device)]


def _is_restless(device: Device, now: Stamp) -> bool:
    """Whether a device that is lost again and again stays so for now, whatever it says: a loose
    cable must not fill the journal. It says it again."""
    if device.state != "lost" or device.losses <= _RESTLESS_AFTER_LOSSES:
        return False
    since = span(device.since, now)
    return since is not None and since.ms < _RESTLESS_MS


def _remove_device(case: Case, command: c.RemoveDevice) -> list[e.AnyEvent]:
    known = case.state.devices.get(command.device)
    if known is None:
        raise No(Reason.UNKNOWN_DEVICE, device=command.device)
    if known.state != "lost":
        raise No(Reason.DEVICE_NOT_LOST, device=command.device)
    return [e.DeviceRemoved(command.device)]


_DECISIONS: dict[type[Any], Callable[[Case, Any], list[e.AnyEvent]]] = {
    c.BookAppointment: visit.book,
    c.CancelAppointment: visit.cancel,
    c.ReprintTicket: visit.reprint,
    c.VoidTicket: visit.void,
    c.ReturnTicket: visit.return_,
    c.AddService: visit.add_service,
    c.RemoveService: visit.remove_service,
    c.SignIn: counters.sign_in,
    c.SignOut: counters.sign_out,
    c.OpenCounter: counters.open_,
    c.PauseCounter: counters.pause,
    c.CloseCounter: counters.close,
    c.AssignServices: counters.assign_services,
    c.CallNext: visit.call_next,
    c.CallTicket: visit.call_ticket,
    c.Recall: visit.recall,
    c.TakeBackCall: taking_back.call,
    c.StartService: visit.start,
    c.FinishService: visit.finish,
    c.ReopenService: taking_back.finish,
    c.MarkNoShow: visit.no_show,
    c.TakeBackNoShow: taking_back.no_show,
    c.TransferTicket: visit.transfer,
    c.ParkTicket: visit.park,
    c.ResumeTicket: visit.resume,
    c.Rate: rating.rate,
    c.OpenDay: _open_day,
    c.LeaveRoll: roll.leave,
    c.ReportPrint: _report_print,
    c.ReportDevice: _report_device,
    c.RemoveDevice: _remove_device,
}
