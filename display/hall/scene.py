"""What the hall screen shows: the public part of a snapshot, nothing about staff. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from contract.snapshot import CallView, Snapshot

RECENT_CALLS = 4
NEXT_NUMBERS = 2


class Call(Struct, frozen=True):
    """A number and where to go; `seq` tells a new call, or the same one called again."""

    number: str
    counter: str
    seq: int
    priority: bool


class Waiting(Struct, frozen=True):
    """How many wait for a service, how long a new one would, and who came first of them."""

    service: str
    waiting: int
    expected_wait_min: int | None
    next: tuple[str, ...] = ()


class Scene(Struct, frozen=True):
    """One picture of the hall screen; `now_ms` is None when no clock can be trusted."""

    site_name: str
    now_ms: int | None
    calling: tuple[Call, ...]
    recent: tuple[Call, ...]
    waiting: tuple[Waiting, ...]
    notices: tuple[str, ...] = ()


def scene(
    snapshot: Snapshot, service_names: Mapping[str, str], notices: tuple[str, ...] = ()
) -> Scene:
    """What the hall should see; a service whose name is not known shows its id."""
    awaited = {
        (view.ticket.number, view.counter)
        for view in snapshot.counters
        if view.ticket is not None and view.ticket.phase == "called"
    }
    newest: dict[str, CallView] = {}
    for call in snapshot.calls:
        newest.setdefault(call.number, call)
    calls = [
        (Call(call.number, call.counter, call.seq, call.priority), (call.number, call.counter))
        for call in newest.values()
    ]
    return Scene(
        site_name=snapshot.site_name,
        now_ms=snapshot.now_ms if snapshot.clock_trusted else None,
        calling=tuple(call for call, place in calls if place in awaited),
        recent=tuple(call for call, place in calls if place not in awaited)[:RECENT_CALLS],
        waiting=tuple(
            Waiting(
                service_names.get(view.service, view.service),
                view.waiting,
                view.expected_wait_min,
                _next_numbers(snapshot, view.service),
            )
            for view in snapshot.services
        ),
        notices=notices,
    )


def _next_numbers(snapshot: Snapshot, service: str) -> tuple[str, ...]:
    """Those who came first of all who wait for a service; a citizen with priority may precede."""
    waiting = [ticket.number for ticket in snapshot.waiting if ticket.service == service]
    return tuple(waiting[:NEXT_NUMBERS])
