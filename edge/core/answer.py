"""What a client is told about its command, from nothing but the rows it left in the journal."""

from collections.abc import Iterable, Sequence

from contract.commands import Answer
from contract.events import (
    Entry,
    RatingIgnored,
    ServiceFinished,
    TicketCalled,
    TicketIssued,
    TicketResumed,
)
from contract.refusals import Reason, Refused


def answer(entries: Sequence[Entry], seq: int) -> Answer | Refused:
    """The answer to the command that wrote `entries`; `seq` when it had nothing to write."""
    if not entries:
        return Answer(seq)
    last = entries[-1]
    if isinstance(last.event, RatingIgnored):
        return Refused(Reason.RATING_NOT_DUE)
    if isinstance(last.event, TicketIssued):
        return _new_ticket(last.seq, last.event)
    return Answer(
        last.seq,
        number=getattr(last.event, "number", None),
        counter=getattr(last.event, "counter", None),
        called=_first(
            e.event.number for e in entries if isinstance(e.event, TicketCalled | TicketResumed)
        ),
        finished=_first(e.event.number for e in entries if isinstance(e.event, ServiceFinished)),
    )


def _new_ticket(seq: int, event: TicketIssued) -> Answer:
    return Answer(
        seq,
        event.number,
        ahead=event.ahead,
        expected_wait_min=event.expected_wait_min,
        services=event.services,
        slip="roll" if event.roll else "pending" if event.on_paper else "none",
    )


def _first(numbers: Iterable[str]) -> str | None:
    return next(iter(numbers), None)
