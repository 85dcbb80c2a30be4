"""One order before the state: what the decisions share."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from contract.commands import Actor
from contract.events import AnyEvent, Entry
from contract.refusals import Reason, Refused
from contract.site_rules import Rules
from contract.stamp import Span, Stamp, span
from edge.core.calendar import hours
from edge.core.evolve import evolve
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
        """The counter as it is now; one that the rules no longer have, while it is in use."""
        known = self.state.counters.get(id_, Counter(id_, (), self.stamp))
        rule = self.rules.counter(id_)
        if rule is not None:
            return replace(known, services=known.services or rule.services)
        if known.phase == "closed" and known.staff is None:
            raise No(Reason.UNKNOWN_COUNTER, counter=id_)
        return known

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

    def called_at(self, id_: str) -> Ticket:
        """The ticket that the counter calls, and whose citizen has not come yet."""
        ticket = self.ticket_at(id_)
        if ticket.phase != "called":
            raise No(Reason.ALREADY_STARTED, number=ticket.number)
        return ticket

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

    def after(self, events: Iterable[AnyEvent]) -> "Case":
        """The same case once `events` have happened."""
        state = self.state
        for event in events:
            state = evolve(state, Entry(0, self.stamp, self.actor.id, b"", False, event))
        return dataclasses.replace(self, state=state)

    def hours(self) -> str:
        """Today's hours, in words."""
        return hours(self.rules, self.state.day)
