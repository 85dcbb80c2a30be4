"""What the world must be made to look like after an event: which slips go to the printer.

Boards, hall screen and voice need no effect of their own: they follow the snapshot.
"""

from collections.abc import Collection
from typing import NamedTuple

from contract.events import AnyEvent, Entry, ReprintOrdered, TicketIssued
from contract.stamp import Stamp, span
from edge.core.numbering import series_and_order
from edge.core.rules import Rules
from edge.core.state import ENDED, State

_MS_PER_MIN = 60_000


class Slip(NamedTuple):
    """One copy of a ticket to print; copies after the first carry a mark."""

    number: str
    copy: int


def slip_to_print(entry: Entry) -> Slip | None:
    """The slip that a new journal row asks for."""
    match entry.event:
        case TicketIssued(number=number, on_paper=True):
            return Slip(number, 1)
        case ReprintOrdered(number=number, copy=copy):
            return Slip(number, copy)
    return None


def reprints_after_restart(
    rules: Rules, state: State, stamp: Stamp, at_printer: Collection[Slip] = ()
) -> tuple[AnyEvent, ...]:
    """Orders for the slips that nobody saw come out before the hub stopped.

    Only for tickets still in the house and young enough; one whose age no clock can tell counts
    as young, because a marked second slip does less harm than none. Not for a slip that was
    reported as unknown, which staff decide about, nor for a series that is on its roll, nor for
    those `at_printer`, which will still be reported.
    """
    limit_ms = rules.reprint_within_min * _MS_PER_MIN
    orders: list[AnyEvent] = []
    for ticket in state.tickets.values():
        if not ticket.print_pending or ticket.phase in ENDED:
            continue
        if (ticket.number, ticket.copies) in at_printer:
            continue
        if series_and_order(ticket.number)[0] in state.rolls:
            continue
        age = span(ticket.issued, stamp)
        if age is None or age.ms <= limit_ms:
            orders.append(ReprintOrdered(ticket.number, ticket.copies + 1))
    return tuple(orders)
