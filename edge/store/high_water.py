"""The highest row and numbers ever used, in a small file of its own beside the journal.

A flipped bit can make SQLite drop the end of its log without a word. This file, synced on its
own after every commit, notices that, and keeps the numbers of lost rows from being used again.
Two slots are written in turn, each with its checksum, so that a cut leaves the older one.
"""

import hashlib
import os
from pathlib import Path

import msgspec

from contract.decoders import from_msgpack
from edge.store.journal import StoreError

_SLOT_BYTES = 4096
_DIGEST_BYTES = 32
_LENGTH_BYTES = 4


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The end of the journal `epoch`: its last row, the chain's hash there, today's numbers."""

    epoch: str
    seq: int
    hash: bytes
    day: str
    orders: dict[str, int]


class _Slot(msgspec.Struct, frozen=True, array_like=True):
    turn: int
    mark: Mark


class HighWater:
    """The file of the mark. One thread writes."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path`. Raises StoreError when that cannot be done."""
        self._path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.posix_fallocate(self._file, 0, 2 * _SLOT_BYTES)
            os.fsync(self._file)
            slots = [self._read(0), self._read(1)]
        except OSError as error:
            raise StoreError(f"{path}: cannot be opened: {error.strerror}") from error
        newest = max(filter(None, slots), key=lambda slot: slot.turn, default=None)
        self._turn = newest.turn if newest else 0
        self.mark = newest.mark if newest else None

    def write(self, mark: Mark) -> None:
        """Make `mark` durable. Raises StoreError."""
        turn = self._turn + 1
        body = msgspec.msgpack.encode(_Slot(turn, mark))
        slot = hashlib.sha256(body).digest() + len(body).to_bytes(_LENGTH_BYTES) + body
        if len(slot) > _SLOT_BYTES:
            raise StoreError(f"{self._path}: a mark of {len(slot)} bytes does not fit")
        try:
            os.pwrite(self._file, slot, (turn % 2) * _SLOT_BYTES)
            os.fdatasync(self._file)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._turn, self.mark = turn, mark

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _read(self, index: int) -> _Slot | None:
        data = os.pread(self._file, _SLOT_BYTES, index * _SLOT_BYTES)
        digest, rest = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        body = rest[_LENGTH_BYTES:][: int.from_bytes(rest[:_LENGTH_BYTES])]
        if not body or hashlib.sha256(body).digest() != digest:
            return None
        return from_msgpack(body, _Slot)
