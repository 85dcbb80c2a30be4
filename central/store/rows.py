"""Values on their way into the store, and what SQL should find an event by."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, get_args

from msgspec import Struct

from contract.events import AnyEvent, Entry, Event, TicketIssued
from contract.stamp import Stamp
from contract.wire import Status

Found = tuple[str | None, str | None, str | None]
"""The ticket, the counter and the service of an event."""


class Unread(Struct, frozen=True):
    """An entry with an event of a newer hub, which is kept without being understood."""

    stamp: Stamp
    training: bool
    event: None = None


class Rows(Struct, frozen=True):
    """A run of journal rows from `first` on: the journal's own bytes, and what they say."""

    first: int
    entries: Sequence[bytes]
    read: Sequence[Entry | Unread]

    def cut(self, first: int, last: int) -> "Rows":
        """The rows `first` to `last`."""
        part = slice(first - self.first, last - self.first + 1)
        return Rows(first, self.entries[part], self.read[part])


class Quarantined(Struct, frozen=True):
    """Bytes that were refused, why, and what exactly was wrong."""

    topic: str
    payload: bytes
    reason: str
    detail: str = ""


class Heard(Struct, frozen=True):
    """A status message of a node, and when it came (UTC milliseconds since 1970)."""

    status: Status
    payload: bytes
    received_ms: int


def _finder(kind: type[Event]) -> Callable[[Any], Found]:
    """What takes ticket, counter and service out of an event of one kind."""
    fields = kind.__struct_fields__
    service = next((name for name in ("from_service", "service") if name in fields), None)
    has_number, has_counter = "number" in fields, "counter" in fields
    if has_number and has_counter and service:
        return attrgetter("number", "counter", service)

    def find(event: Any) -> Found:
        return (
            event.number if has_number else None,
            event.counter if has_counter else None,
            getattr(event, service) if service else None,
        )

    return find


def _of_issued(event: TicketIssued) -> Found:
    return event.number, None, event.services[0] if event.services else None


def _of_unread(_event: None) -> Found:
    return None, None, None


FIND: dict[type, Callable[[Any], Found]] = {
    **{kind: _finder(kind) for kind in get_args(AnyEvent)},
    TicketIssued: _of_issued,
    type(None): _of_unread,
}
"""By kind of event."""
