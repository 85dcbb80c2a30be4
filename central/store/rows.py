"""Values on their way into the store."""

from msgspec import Struct

from contract.wire import Status


class EventRow(Struct, frozen=True):
    """One journal entry with what SQL should find it by; `entry` are the journal's own bytes.

    `kind` is empty for an event of a newer hub, which this centre keeps without understanding it.
    """

    seq: int
    wall_ms: int
    kind: str
    ticket: str | None
    counter: int | None
    service: str | None
    training: bool
    entry: bytes


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
