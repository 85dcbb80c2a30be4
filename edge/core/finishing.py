"""How the end of a service changes the state, and how taking it back restores what was before."""

from contract.events import ServiceFinished, ServiceReopened
from contract.stamp import Stamp
from edge.core.change import change_counter, change_ticket, count, put, requeue
from edge.core.state import LastFinish, RatingDue, State

_RECENT_SERVICES = 20

_Times = dict[str, tuple[int, ...]]


def finish(state: State, event: ServiceFinished, stamp: Stamp, seq: int) -> State:
    """The state in which the visit has ended, or waits for its next service, and the counter is
    free and may be rated."""
    ticket = state.tickets[event.number]
    if len(ticket.services) > 1:
        state = requeue(state, event.number, ticket.services[1:], stamp, counter=None)
    else:
        state = change_ticket(state, event.number, phase="finished", since=stamp, counter=None)
        state = count(state, finished=state.today.finished + 1)
    state = change_counter(
        state,
        event.counter,
        ticket=None,
        since=stamp,
        rating=RatingDue(event.service, seq, stamp, rated=ticket.rated),
        last_finish=LastFinish(event, stamp, ticket),
    )
    today = state.today
    served = today.served.get(event.counter, 0) + 1
    return count(
        state,
        served=put(today.served, event.counter, served),
        recent_ms=_with(today.recent_ms, event),
    )


def reopen(state: State, event: ServiceReopened, _stamp: Stamp, _seq: int) -> State:
    """The state in which the service goes on; unchanged in a house that does not know its finish,
    because a damaged journal lost it.

    A rating that came meanwhile stays, and is the only one that this service gets.
    """
    counter = state.counters[event.counter]
    last = counter.last_finish
    if last is None or last.finish != event.finish:
        return state
    before = last.ticket
    ended = len(before.services) == 1
    state = change_ticket(
        state,
        event.number,
        services=before.services
        if ended
        else (event.service, *state.tickets[event.number].services),
        phase="serving",
        queued=before.queued,
        since=before.since,
        early_ms=before.early_ms,
        counter=event.counter,
        calls=before.calls,
        wait_counted=before.wait_counted,
        worked=before.worked,
        rated=counter.rating is not None and counter.rating.rated,
    )
    state = change_counter(
        state,
        event.counter,
        ticket=event.number,
        since=before.since,
        rating=None,
        last_finish=None,
    )
    today = state.today
    served = put(today.served, event.counter, today.served[event.counter] - 1)
    return count(
        state,
        finished=today.finished - ended,
        served={id_: n for id_, n in served.items() if n},
        recent_ms=_without(today.recent_ms, event.finish),
    )


def _with(recent: _Times, event: ServiceFinished) -> _Times:
    if event.worked is None:
        return recent
    times = (*recent.get(event.service, ()), event.worked.ms)[-_RECENT_SERVICES:]
    return put(recent, event.service, times)


def _without(recent: _Times, event: ServiceFinished) -> _Times:
    """Without the time of this finish: the last one of its length."""
    times = list(recent.get(event.service, ()))
    if event.worked is None or event.worked.ms not in times:
        return recent
    del times[len(times) - 1 - times[::-1].index(event.worked.ms)]
    others = {service: of for service, of in recent.items() if service != event.service}
    return {**others, event.service: tuple(times)} if times else others
