"""The pure check of one message from a node: what it says, or why it is refused."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from central.store.ledger import Slice
from central.store.rows import EventRow, Quarantined
from contract.codec import chain, decode_entry, decode_message
from contract.events import AnyEvent, TicketIssued, TicketTransferred
from contract.stamp import Stamp
from contract.topics import Source, parse_up
from contract.wire import VERSION, Batch, Status

_MOST_SEQ = 2**53
_Message = TypeVar("_Message", Batch, Status)


class CheckedBatch(Struct, frozen=True):
    """A batch that is whole in itself: contiguous, and its chain is the hash of its bytes."""

    node: str
    epoch: str
    rows: Sequence[EventRow]
    slice: Slice


def check(topic: str, payload: bytes) -> CheckedBatch | Status | Quarantined:
    """Read a message. Never raises, whatever the bytes."""
    try:
        source = _source(topic)
        if source.what == "events":
            return _check_batch(source.node, _decode(payload, Batch))
        return _check_status(source.node, _decode(payload, Status))
    except _RefusedError as refused:
        return Quarantined(topic, payload, refused.reason, refused.detail)


class _RefusedError(Exception):
    """Why a message is refused."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class _Head(Struct, frozen=True, array_like=True):
    """An entry whose event is left unread."""

    seq: int
    stamp: Stamp
    actor: str
    command_id: bytes
    training: bool
    event: Raw


_head_decoder = msgspec.msgpack.Decoder(_Head)


def _source(topic: str) -> Source:
    try:
        source = parse_up(topic)
    except ValueError as error:
        raise _RefusedError("topic", str(error)) from error
    if source.what not in {"events", "status"}:
        raise _RefusedError("topic", f"nothing is known of {source.what!r}")
    return source


def _decode(payload: bytes, kind: type[_Message]) -> _Message:
    try:
        return decode_message(payload, kind)
    except (ValueError, RecursionError) as error:
        raise _RefusedError("malformed", str(error)) from error


def _check_batch(node: str, batch: Batch) -> CheckedBatch:
    _check_sender(node, batch)
    if batch.first_seq > _MOST_SEQ:
        raise _RefusedError("out-of-range", f"first_seq {batch.first_seq}")
    rows: list[EventRow] = []
    hashes = [batch.chain_before]
    for seq, raw in enumerate(batch.entries, batch.first_seq):
        entry = bytes(raw)
        rows.append(_row(seq, entry))
        hashes.append(chain(hashes[-1], (entry,)))
    if hashes[-1] != batch.chain_after:
        raise _RefusedError("chain-wrong", "chain_after is not the hash of these entries")
    return CheckedBatch(node, batch.epoch, rows, Slice(batch.first_seq, hashes))


def _check_status(node: str, status: Status) -> Status:
    _check_sender(node, status)
    numbers = (status.wall_ms, status.last_seq, status.unsent)
    if not all(0 <= number <= _MOST_SEQ for number in numbers):
        raise _RefusedError("out-of-range", f"wall_ms, last_seq, unsent: {numbers}")
    return status


def _check_sender(node: str, message: Batch | Status) -> None:
    if message.version != VERSION:
        raise _RefusedError("version", f"version {message.version}, not {VERSION}")
    if message.node != node:
        raise _RefusedError("forged", f"{message.node} on the topic of {node}")


def _row(seq: int, data: bytes) -> EventRow:
    try:
        entry = decode_entry(data)
    except (ValueError, RecursionError):
        return _unread_row(seq, data)
    _check_seq(seq, entry.seq)
    event = entry.event
    counter = getattr(event, "counter", None)
    return EventRow(
        seq=seq,
        wall_ms=entry.stamp.wall_ms,
        kind=type(event).__name__,
        ticket=getattr(event, "number", None),
        counter=None if counter is None else int(counter),
        service=_service(event),
        training=entry.training,
        entry=data,
    )


def _unread_row(seq: int, data: bytes) -> EventRow:
    try:
        head = _head_decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _RefusedError("malformed", f"entry {seq}: {error}") from error
    _check_seq(seq, head.seq)
    return EventRow(
        seq=seq,
        wall_ms=head.stamp.wall_ms,
        kind="",
        ticket=None,
        counter=None,
        service=None,
        training=head.training,
        entry=data,
    )


def _check_seq(expected: int, found: int) -> None:
    if found != expected:
        raise _RefusedError("not-contiguous", f"entry {found} in the place of {expected}")


def _service(event: AnyEvent) -> str | None:
    if isinstance(event, TicketIssued):
        return event.services[0] if event.services else None
    if isinstance(event, TicketTransferred):
        return event.from_service
    return getattr(event, "service", None)
