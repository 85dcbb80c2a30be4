"""Decisions to take back what was done a moment ago, while nobody has gone on since."""

from collections.abc import Sequence

from contract import commands as c
from contract import events as e
from contract.refusals import Reason
from contract.stamp import Stamp
from edge.core.case import Case, No
from edge.core.state import AT_COUNTER


def call(case: Case, command: c.TakeBackCall) -> list[e.AnyEvent]:
    """Let the called number wait on in its old place, unless its citizen has come."""
    ticket = case.called_at(command.counter)
    last = case.counter(command.counter).last_call
    if last is None or not _is_moments_ago(case, last.at):
        raise No(Reason.CALL_STAYS, number=ticket.number, seconds=c.REOPEN_WITHIN_S)
    called = last.call
    return [
        e.CallTakenBack(
            called.number,
            called.counter,
            called.service,
            wait=called.wait,
            idle=called.idle,
            called=last.at,
            since=last.ticket.since,
        )
    ]


def no_show(case: Case, command: c.TakeBackNoShow) -> list[e.AnyEvent]:
    """Let the counter call the number on, while neither it nor the citizen has gone on."""
    counter = case.free_counter(command.counter)
    last = counter.last_no_show
    ticket = None if last is None else case.state.tickets.get(last.ticket.number)
    if (
        last is None
        or ticket is None
        or (ticket.phase, ticket.since) != ("absent", last.at)
        or not _is_moments_ago(case, last.at)
    ):
        raise No(Reason.NO_SHOW_STAYS, counter=counter.id, seconds=c.REOPEN_WITHIN_S)
    marked = last.no_show
    return [
        e.NoShowTakenBack(
            marked.number,
            marked.counter,
            marked.service,
            walk=marked.walk,
            marked=last.at,
            since=last.ticket.since,
        )
    ]


def finish(case: Case, command: c.ReopenService) -> list[e.AnyEvent]:
    """Take back the last finish, and a call since, while neither the counter nor the citizen has
    gone on."""
    counter = case.counter(command.counter)
    calling: Sequence[e.AnyEvent] = ()
    if counter.last_finish is not None and counter.last_call is not None:
        calling = call(case, c.TakeBackCall(counter.id))
        case = case.after(calling)
    counter = case.free_counter(command.counter)
    last = counter.last_finish
    if last is None:
        raise No(Reason.NOTHING_TO_REOPEN, counter=counter.id)
    if not _is_moments_ago(case, last.at):
        raise No(Reason.REOPEN_TOO_LATE, number=last.ticket.number, seconds=c.REOPEN_WITHIN_S)
    ticket = case.ticket(last.ticket.number)
    if ticket.phase in AT_COUNTER:
        raise No(Reason.TICKET_AT_COUNTER, number=ticket.number, counter=ticket.counter)
    if ticket.phase == "void":
        raise No(Reason.TICKET_ENDED, number=ticket.number)
    if ticket.phase not in ("finished", "waiting") or ticket.since != last.at:
        raise No(Reason.NOTHING_TO_REOPEN, counter=counter.id)
    return [*calling, e.ServiceReopened(last.finish, last.at)]


def _is_moments_ago(case: Case, done: Stamp) -> bool:
    ago = case.since(done)
    return ago is not None and ago.ms <= c.REOPEN_WITHIN_S * 1000
