"""Bytes of entries and messages: MessagePack arrays, zstd above a few hundred bytes."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
import zstandard

from contract.decoders import from_msgpack
from contract.events import Entry
from contract.known_ids import check_ids

MAX_MESSAGE_BYTES = 1_000_000
_COMPRESS_ABOVE_BYTES = 300
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

CHAIN_START = bytes(32)

# What decoders raise: deep nesting is a RecursionError, bad UTF-8 a ValueError.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError, zstandard.ZstdError)

_T = TypeVar("_T")
_entry_decoder = msgspec.msgpack.Decoder(Entry)
_entries_decoder = msgspec.msgpack.Decoder(list[Entry])
_encoder = msgspec.msgpack.Encoder()
_idle: list[zstandard.ZstdDecompressor] = []
"""Making one takes as long as using it twenty times, and one thread at a time may use it."""


class ContractError(ValueError):
    """Bytes that are not what the contract says."""


def encode_entry(entry: Entry) -> bytes:
    """The journal's bytes of one entry."""
    return _encoder.encode(entry)


def decode_entry(data: bytes | memoryview | msgspec.Raw) -> Entry:
    """Read one entry. Raises ContractError when it is not one, or of an unknown event."""
    return _read_entries(lambda: [_entry_decoder.decode(data)])[0]


def decode_entries(values: Sequence[bytes]) -> list[Entry]:
    """Read entries, each a value of MessagePack, all at once, which is quicker.

    Raises ContractError when one of them is not one, or of an unknown event.
    """
    array_head = b"\xdd" + len(values).to_bytes(4, "big")
    return _read_entries(lambda: _entries_decoder.decode(array_head + b"".join(values)))


def chain(before: bytes, entries: Iterable[bytes | memoryview | msgspec.Raw]) -> bytes:
    """The hash after `entries`: SHA-256 over the hash before each entry and its bytes."""
    return links(before, entries)[-1]


def links(before: bytes, entries: Iterable[bytes | memoryview | msgspec.Raw]) -> list[bytes]:
    """The chain's hash before the first entry and after each."""
    hashes = [before]
    for entry in entries:
        before = hashlib.sha256(before + entry).digest()
        hashes.append(before)
    return hashes


def encode_message(message: msgspec.Struct) -> bytes:
    """The bytes of a wire message, compressed where that pays."""
    data = _encoder.encode(message)
    return zstandard.compress(data, 3) if len(data) > _COMPRESS_ABOVE_BYTES else data


def decode_message(data: bytes, kind: type[_T]) -> _T:
    """Read a wire message of `kind`.

    Raises ContractError for anything else, and for what would unpack beyond MAX_MESSAGE_BYTES.
    """
    try:
        if data[:4] == _ZSTD_MAGIC:
            data = _decompress(data)
        return from_msgpack(data, kind)
    except _UNREADABLE as error:
        raise ContractError(f"not a {kind.__name__} message: {error}") from error


def _read_entries(decode: Callable[[], list[Entry]]) -> list[Entry]:
    try:
        entries = decode()
        check_ids(entries)
    except _UNREADABLE as error:
        raise ContractError(f"not a journal entry: {error}") from error
    return entries


def _decompress(data: bytes) -> bytes:
    size = zstandard.frame_content_size(data)
    if not 0 <= size <= MAX_MESSAGE_BYTES:
        raise ContractError(f"a message that unpacks to {size} bytes, above {MAX_MESSAGE_BYTES}")
    try:
        decompressor = _idle.pop()
    except IndexError:
        decompressor = zstandard.ZstdDecompressor()
    try:
        return decompressor.decompress(data, max_output_size=MAX_MESSAGE_BYTES)
    finally:
        _idle.append(decompressor)
