"""The pure check of one message from a node: what it says, or why it is refused."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from central.store.ledger import Slice
from central.store.rows import Quarantined, Rows, Unread
from contract.codec import ContractError, decode_entries, decode_entry, decode_message, links
from contract.events import Entry
from contract.stamp import Stamp
from contract.topics import Source, parse_up
from contract.wire import VERSION, Batch, Status

_MOST_SEQ = 2**53
_Message = TypeVar("_Message", Batch, Status)


class CheckedBatch(Struct, frozen=True):
    """A batch that is whole in itself: contiguous, and its chain is the hash of its bytes."""

    node: str
    epoch: str
    rows: Rows
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
    except ContractError as error:
        raise _RefusedError("malformed", str(error)) from error


def _check_batch(node: str, batch: Batch) -> CheckedBatch:
    _check_sender(node, batch)
    if batch.first_seq > _MOST_SEQ:
        raise _RefusedError("out-of-range", f"first_seq {batch.first_seq}")
    entries = [bytes(raw) for raw in batch.entries]
    read = _read_all(batch.first_seq, entries)
    hashes = links(batch.chain_before, entries)
    if hashes[-1] != batch.chain_after:
        raise _RefusedError("chain-wrong", "chain_after is not the hash of these entries")
    rows = Rows(batch.first_seq, entries, read)
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


def _read_all(first: int, entries: Sequence[bytes]) -> Sequence[Entry | Unread]:
    """What a run of rows says; all at once, which is quicker, unless one cannot be read."""
    try:
        read = decode_entries(entries)
    except ContractError:
        return [_read(seq, entry) for seq, entry in enumerate(entries, first)]
    for seq, entry in enumerate(read, first):
        if entry.seq != seq:
            raise _not_contiguous(entry.seq, seq)
    return read


def _read(seq: int, data: bytes) -> Entry | Unread:
    try:
        entry: Entry | _Head = decode_entry(data)
    except ContractError:
        try:
            entry = _head_decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise _RefusedError("malformed", f"entry {seq}: {error}") from error
    if entry.seq != seq:
        raise _not_contiguous(entry.seq, seq)
    return entry if isinstance(entry, Entry) else Unread(entry.stamp, entry.training)


def _not_contiguous(found: int, expected: int) -> _RefusedError:
    return _RefusedError("not-contiguous", f"entry {found} in the place of {expected}")
