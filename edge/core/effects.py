"""What the world must be made to look like after an event: which slips go to the printer.

Boards, hall screen and voice need no effect of their own: they follow the snapshot.
"""

from collections.abc import Collection
from typing import NamedTuple

from contract.events import AnyEvent, Entry, PrintFailed, ReprintOrdered, TicketIssued
from contract.site_rules import Rules
from contract.snapshot import SlipState
from contract.stamp import Stamp, span
from edge.core.numbering import series_and_order
from edge.core.state import ENDED, State, Ticket

_MS_PER_MIN = 60_000
_RESTARTED = "restarted"


class Slip(NamedTuple):
    """One copy of a ticket to print; copies after the first carry a mark."""

    number: str
    copy: int


def slip_to_print(entry: Entry) -> Slip | None:
    """The slip that a new journal row asks of the hub's own printer."""
    match entry.event:
        case TicketIssued(number=number, on_paper=True, printer=None):
            return Slip(number, 1)
        case ReprintOrdered(number=number, copy=copy, printer=None):
            return Slip(number, copy)
    return None


def slips_for(rules: Rules, state: State, printer: str, stamp: Stamp) -> tuple[Slip, ...]:
    """The slips that another machine's printer has yet to bring out, the oldest number first."""
    return tuple(
        Slip(ticket.number, ticket.copies)
        for ticket in state.tickets.values()
        if ticket.printer == printer
        and _is_missing(state, ticket)
        and _is_recent(rules, ticket.asked or ticket.issued, stamp)
    )


def slips_after_restart(
    rules: Rules, state: State, stamp: Stamp, at_printer: Collection[Slip] = ()
) -> tuple[AnyEvent, ...]:
    """What becomes of the slips of the hub's own printer that nobody saw before the hub stopped:
    that of a young number is ordered again, and of an older one staff are told.

    Not of those `at_printer`, which will still be reported.
    """
    return tuple(
        reprint(ticket)
        if _is_recent(rules, ticket.issued, stamp)
        else PrintFailed(ticket.number, ticket.copies, _RESTARTED, unknown=True)
        for ticket in state.tickets.values()
        if ticket.printer is None
        and (ticket.number, ticket.copies) not in at_printer
        and _is_missing(state, ticket)
    )


def reprint(ticket: Ticket) -> ReprintOrdered:
    """The order for one copy more, out of the same printer."""
    return ReprintOrdered(ticket.number, ticket.copies + 1, ticket.printer)


def is_wanted(rules: Rules, state: State, ticket: Ticket, stamp: Stamp) -> bool:
    """Whether the ticket's slip, of which nothing is known, should come out without being asked
    for again.

    Only for tickets in the house and young enough; one whose age no clock can tell counts as
    young, because a marked second slip does less harm than none. Not for a slip that was reported
    as unknown, which staff decide about, nor for a series that is on its roll.
    """
    return _is_missing(state, ticket) and _is_recent(rules, ticket.issued, stamp)


def slip_told(rules: Rules, state: State, ticket: Ticket, stamp: Stamp) -> SlipState:
    """What staff are told of the slip: "unknown", too, of one that should have come out long ago,
    and that no printer is asked for any more."""
    asked = ticket.asked or ticket.issued
    given_up = _is_missing(state, ticket) and not _is_recent(rules, asked, stamp)
    return "unknown" if given_up else ticket.slip


def _is_missing(state: State, ticket: Ticket) -> bool:
    """Whether a slip that somebody in the house should have has not been seen to come out."""
    if not ticket.print_pending or ticket.phase in ENDED:
        return False
    return series_and_order(ticket.number)[0] not in state.rolls


def _is_recent(rules: Rules, asked: Stamp, stamp: Stamp) -> bool:
    age = span(asked, stamp)
    return age is None or age.ms <= rules.reprint_within_min * _MS_PER_MIN
