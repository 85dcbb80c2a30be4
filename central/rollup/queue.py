"""The pure fold of a journal's entries into who is in the house now."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from central.rollup.business_day import trusted_ms, within_calendar
from central.store.cells import InHouse
from contract import events as e
from contract.stamp import MS_PER_DAY

_Queue = dict[str, InHouse]
_Change = Callable[[_Queue, Any, int | None], None]


def follow(queue: Mapping[str, InHouse], entries: Iterable[e.Entry]) -> dict[str, InHouse]:
    """The tickets in the house after `entries`, by number. Training never enters."""
    now = dict(queue)
    for entry in entries:
        change = _CHANGE.get(type(entry.event))
        if change is not None and not entry.training:
            change(now, entry.event, trusted_ms(entry.stamp))
    return now


def _day_opened(queue: _Queue, event: e.DayOpened, _at_ms: int | None) -> None:
    """Who is carried over though nothing before told of them, lost in a gap that was written off,
    is known by number only; most of them wait."""
    for number in queue.keys() - set(event.carried):
        del queue[number]
    for ticket in event.brought:
        since_ms = None if ticket.since_ms is None else within_calendar(ticket.since_ms)
        queue[ticket.number] = InHouse(ticket.number, ticket.services, ticket.phase, since_ms)
    for number in event.carried:
        queue.setdefault(number, InHouse(number, (), "waiting", None))


def _issued(queue: _Queue, event: e.TicketIssued, at_ms: int | None) -> None:
    """Who has come before the slot of an appointment waits from the slot on."""
    early_ms = min(max(event.early_ms, 0), MS_PER_DAY)
    since_ms = None if at_ms is None else at_ms + early_ms
    queue[event.number] = InHouse(event.number, event.services, "waiting", since_ms)


def _voided(queue: _Queue, event: e.TicketVoided, _at_ms: int | None) -> None:
    queue.pop(event.number, None)


def _enter(phase: str) -> _Change:
    """What puts a ticket into a phase of its present service."""

    def change(queue: _Queue, event: Any, at_ms: int | None) -> None:
        services = (event.service,)
        known = queue.get(event.number)
        if known is not None and len(known.services) > 1:
            services += tuple(s for s in known.services[1:] if s != event.service)
        queue[event.number] = InHouse(event.number, services, phase, at_ms)

    return change


def _returned(queue: _Queue, event: e.TicketReturned, at_ms: int | None) -> None:
    known = queue.get(event.number)
    if known:
        queue[known.number] = InHouse(known.number, known.services, "waiting", at_ms)


def _no_show_taken_back(queue: _Queue, event: e.NoShowTakenBack, _at_ms: int | None) -> None:
    _enter("called")(queue, event, trusted_ms(event.since))


def _call_taken_back(queue: _Queue, event: e.CallTakenBack, _at_ms: int | None) -> None:
    """The wait that the call ended began at the slot where that was after `since`."""
    since_ms, called_ms = trusted_ms(event.since), trusted_ms(event.called)
    if since_ms is not None and called_ms is not None and event.wait is not None:
        since_ms = max(since_ms, called_ms - max(event.wait.ms, 0))
    _enter("waiting")(queue, event, since_ms)


def _service_added(queue: _Queue, event: e.ServiceAdded, _at_ms: int | None) -> None:
    known = queue.get(event.number)
    if known:
        services = (*known.services, event.service)
        queue[known.number] = InHouse(known.number, services, known.phase, known.since_ms)


def _service_removed(queue: _Queue, event: e.ServiceRemoved, _at_ms: int | None) -> None:
    known = queue.get(event.number)
    if known:
        further = (service for service in known.services[1:] if service != event.service)
        services = (*known.services[:1], *further)
        queue[known.number] = InHouse(known.number, services, known.phase, known.since_ms)


def _reopened(queue: _Queue, event: e.ServiceReopened, at_ms: int | None) -> None:
    known = queue.get(event.number)
    services = (event.service, *(known.services if known else ()))
    queue[event.number] = InHouse(event.number, services, "serving", at_ms)


def _finished(queue: _Queue, event: e.ServiceFinished, at_ms: int | None) -> None:
    known = queue.pop(event.number, None)
    if known and known.services[1:]:
        queue[known.number] = InHouse(known.number, known.services[1:], "waiting", at_ms)


_CHANGE: dict[type[e.Event], _Change] = {
    e.DayOpened: _day_opened,
    e.TicketIssued: _issued,
    e.TicketVoided: _voided,
    e.TicketCalled: _enter("called"),
    e.TicketResumed: _enter("called"),
    e.ServiceStarted: _enter("serving"),
    e.TicketParked: _enter("parked"),
    e.NoShowMarked: _enter("absent"),
    e.NoShowTakenBack: _no_show_taken_back,
    e.TicketTransferred: _enter("waiting"),
    e.TicketReturned: _returned,
    e.CallTakenBack: _call_taken_back,
    e.ServiceAdded: _service_added,
    e.ServiceRemoved: _service_removed,
    e.ServiceFinished: _finished,
    e.ServiceReopened: _reopened,
}
