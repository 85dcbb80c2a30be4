"""One order before the state: what the decisions share."""

from dataclasses import dataclass

from contract.commands import Actor
from contract.refusals import Reason, Refused
from contract.stamp import Span, Stamp, span
from edge.core.calendar import hours
from edge.core.rules import Rules
from edge.core.state import Counter, State, Ticket


class No(Exception):  # noqa: N818 - it carries a domain "no" up to `decide`, and is not an error
    """Ends a decision with a refusal."""

    def __init__(self, reason: Reason, **detail: object) -> None:
        super().__init__(reason)
        self.refused = Refused(reason, {key: str(value) for key, value in detail.items()})


@dataclass(frozen=True, slots=True)
class Case:
    """The rules, the state, who asks, and when."""

    rules: Rules
    state: State
    actor: Actor
    stamp: Stamp

    def counter(self, id_: str) -> Counter:
        """The counter, with its rules' services if it was never opened."""
        known = self.state.counters.get(id_)
        rule = next((c for c in self.rules.counters if c.id == id_), None)
        if rule is None:
            raise No(Reason.UNKNOWN_COUNTER, counter=id_)
        return known or Counter(id_, rule.services, self.stamp)

    def open_counter(self, id_: str) -> Counter:
        """The counter, if it takes citizens now."""
        counter = self.counter(id_)
        if counter.phase == "closed":
            raise No(Reason.COUNTER_CLOSED, counter=id_)
        if counter.phase == "paused":
            raise No(Reason.COUNTER_PAUSED, counter=id_)
        return counter

    def free_counter(self, id_: str) -> Counter:
        """The open counter, if it neither calls nor serves anyone."""
        counter = self.open_counter(id_)
        if counter.ticket is not None:
            raise No(Reason.COUNTER_BUSY, counter=id_, number=counter.ticket)
        return counter

    def ticket_at(self, id_: str) -> Ticket:
        """The ticket that the counter calls or serves."""
        counter = self.counter(id_)
        if counter.ticket is None:
            raise No(Reason.COUNTER_EMPTY, counter=id_)
        return self.state.tickets[counter.ticket]

    def serving_at(self, id_: str) -> Ticket:
        """The ticket that the counter serves."""
        ticket = self.ticket_at(id_)
        if ticket.phase != "serving":
            raise No(Reason.NOT_STARTED, number=ticket.number)
        return ticket

    def ticket(self, number: str) -> Ticket:
        """The ticket of today with this number."""
        ticket = self.state.tickets.get(number)
        if ticket is None:
            raise No(Reason.UNKNOWN_TICKET, number=number)
        return ticket

    def known_service(self, service: str) -> str:
        """The service, if the site has it."""
        if self.rules.service(service) is None:
            raise No(Reason.UNKNOWN_SERVICE, service=service)
        return service

    def idle(self, counter: Counter) -> Span | None:
        """How long an open counter has had nobody; None when it was not idle."""
        if counter.phase != "open" or counter.ticket is not None:
            return None
        return self.since(counter.since)

    def since(self, start: Stamp) -> Span | None:
        """The time from `start` to now."""
        return span(start, self.stamp)

    def hours(self) -> str:
        """Today's hours, in words."""
        return hours(self.rules, self.state.day)
