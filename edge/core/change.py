"""Changing one thing in a frozen state."""

from typing import Any, TypeVar

from msgspec.structs import replace

from contract.snapshot import SlipState
from contract.stamp import Span, Stamp, span
from edge.core.state import Call, Counter, Device, State

_CALLS_SHOWN = 12
_QUIET_MS = 20 * 60_000

_K = TypeVar("_K")
_V = TypeVar("_V")


def put(mapping: dict[_K, _V], key: _K, value: _V) -> dict[_K, _V]:
    """A copy of `mapping` with one more or another value."""
    return {**mapping, key: value}


def change_ticket(state: State, number: str, **changes: Any) -> State:
    """The state with these fields of a ticket changed."""
    ticket = replace(state.tickets[number], **changes)
    return replace(state, tickets=put(state.tickets, number, ticket))


def change_counter(state: State, id_: str, **changes: Any) -> State:
    """The state with these fields of a counter changed."""
    counter = replace(state.counters[id_], **changes)
    return replace(state, counters=put(state.counters, id_, counter))


def without_way_back(counter: Counter) -> Counter:
    """A counter that has gone on: what it did before cannot be taken back."""
    return replace(counter, last_finish=None, last_call=None, last_no_show=None)


def for_good(state: State, counter: str, **changes: Any) -> State:
    """The state in which the counter has gone on, and changed so."""
    gone_on = without_way_back(state.counters[counter])
    return replace(state, counters=put(state.counters, counter, replace(gone_on, **changes)))


def change_device(state: State, id_: str, now: Device) -> State:
    """The state with a device as it is now; one that is as it was keeps its time."""
    before = state.devices.get(id_)
    if before is not None and (before.state, before.condition) == (now.state, now.condition):
        return state
    losses = 0 if before is None or _was_quiet(before, now.since) else before.losses
    now = replace(now, losses=losses + (now.state == "lost"))
    return replace(state, devices=put(state.devices, id_, now))


def _was_quiet(device: Device, now: Stamp) -> bool:
    since = span(device.since, now)
    return since is None or since.ms > _QUIET_MS


def count(state: State, **changes: Any) -> State:
    """The state with these counts of the day changed."""
    return replace(state, today=replace(state.today, **changes))


def settle_slip(state: State, number: str, copy: int, outcome: SlipState) -> State:
    """The state once it is known what became of a slip; news of an older copy is none."""
    if copy < state.tickets[number].copies:
        return state
    return change_ticket(state, number, copies=copy, slip=outcome)


def requeue(
    state: State, number: str, services: tuple[str, ...], stamp: Stamp, counter: str | None
) -> State:
    """The state in which a ticket begins to wait for the first of `services`."""
    return change_ticket(
        state,
        number,
        services=services,
        phase="waiting",
        queued=stamp,
        since=stamp,
        early_ms=0,
        counter=counter,
        calls=0,
        wait_counted=False,
        worked=Span(0),
        rated=False,
    )


def add_call(
    state: State,
    number: str,
    counter: Counter,
    stamp: Stamp,
    seq: int,
    *,
    times: int = 1,
    priority: bool | None = None,
    resumed: bool = False,
) -> State:
    """The state with a call more, which replaces an earlier one of the same ticket.

    Without `priority` it is called with as much as before.
    """
    state = change_ticket(state, number, counter=counter.id)
    if priority is None:
        before = (past.priority for past in state.calls if past.number == number)
        priority = next(before, state.tickets[number].priority is not None)
    call = Call(
        seq=seq,
        number=number,
        counter=counter.id,
        at=stamp,
        times=times,
        priority=priority,
        resumed=resumed,
    )
    earlier = [past for past in state.calls if past.number != number]
    return replace(state, calls=(call, *earlier)[:_CALLS_SHOWN])
