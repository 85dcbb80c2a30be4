"""The pure fold of a journal's entries into who is in the house now."""

from collections.abc import Iterable, Mapping

from central.rollup.business_day import trusted_ms
from central.store.cells import InHouse
from contract import events as e


def follow(queue: Mapping[str, InHouse], entries: Iterable[e.Entry]) -> dict[str, InHouse]:
    """The tickets in the house after `entries`, by number. Training never enters."""
    now = dict(queue)
    for entry in entries:
        if not entry.training:
            _follow_one(now, entry.event, trusted_ms(entry.stamp))
    return now


def _follow_one(queue: dict[str, InHouse], event: e.AnyEvent, at_ms: int | None) -> None:
    match event:
        case e.DayOpened():
            for number in queue.keys() - set(event.carried):
                del queue[number]
        case e.TicketIssued():
            queue[event.number] = InHouse(event.number, event.services, "waiting", at_ms)
        case e.TicketVoided():
            queue.pop(event.number, None)
        case e.TicketCalled() | e.TicketResumed():
            _put(queue, event.number, event.service, "called", at_ms)
        case e.ServiceStarted():
            _put(queue, event.number, event.service, "serving", at_ms)
        case e.TicketParked():
            _put(queue, event.number, event.service, "parked", at_ms)
        case e.NoShowMarked():
            _put(queue, event.number, event.service, "absent", at_ms)
        case e.TicketTransferred():
            _put(queue, event.number, event.service, "waiting", at_ms)
        case _:
            _follow_visit(queue, event, at_ms)


def _follow_visit(queue: dict[str, InHouse], event: e.AnyEvent, at_ms: int | None) -> None:
    if not isinstance(event, e.TicketReturned | e.ServiceAdded | e.ServiceFinished):
        return
    known = queue.get(event.number)
    if known is None:
        return
    match event:
        case e.TicketReturned():
            queue[known.number] = InHouse(known.number, known.services, "waiting", at_ms)
        case e.ServiceAdded():
            services = (*known.services, event.service)
            queue[known.number] = InHouse(known.number, services, known.phase, known.since_ms)
        case e.ServiceFinished():
            further = known.services[1:]
            if further:
                queue[known.number] = InHouse(known.number, further, "waiting", at_ms)
            else:
                del queue[known.number]


def _put(
    queue: dict[str, InHouse], number: str, service: str, phase: str, at_ms: int | None
) -> None:
    known = queue.get(number)
    further = known.services[1:] if known else ()
    queue[number] = InHouse(number, (service, *further), phase, at_ms)
