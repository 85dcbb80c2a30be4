"""What a client is told about its command, from nothing but the rows it left in the journal."""

from collections.abc import Sequence

from contract.commands import Answer
from contract.events import Entry, RatingIgnored, TicketIssued
from contract.refusals import Reason, Refused


def answer(entries: Sequence[Entry], seq: int) -> Answer | Refused:
    """The answer to the command that wrote `entries`; `seq` when it had nothing to write."""
    if not entries:
        return Answer(seq)
    last = entries[-1]
    if isinstance(last.event, RatingIgnored):
        return Refused(Reason.RATING_NOT_DUE)
    if isinstance(last.event, TicketIssued):
        return Answer(
            last.seq,
            last.event.number,
            ahead=last.event.ahead,
            expected_wait_min=last.event.expected_wait_min,
        )
    return Answer(
        last.seq,
        number=getattr(last.event, "number", None),
        counter=getattr(last.event, "counter", None),
    )
