"""Events carried to the centre by hand, where no line is, and its answer carried back.

A file holds the batches that the uplink would send, sealed with the hub's own key. Sending them by
the network as well counts nothing twice: the centre knows every row by node, epoch and number.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import VERSION, Export, Receipt
from edge.store.journal import Journal
from edge.upstream.batches import Packed, pack
from runtime.sealed import seal, write_file

_ROWS_A_BATCH = 500


class NothingToExportError(Exception):
    """The centre has confirmed every row."""


class NotForThisJournalError(ValueError):
    """A receipt that speaks of another node, or only of other journals."""


class Exported(NamedTuple):
    """The file that was written, and its rows."""

    file: Path
    first: int
    last: int


class Acknowledged(NamedTuple):
    """Up to which row the centre has everything, and how many rows behind that it once confirmed:
    it was restored from a backup, or the receipt is an old one."""

    row: int
    lost: int


def export(journal: Journal, node: str, key: Ed25519PrivateKey, folder: Path) -> Exported:
    """Write what the centre has not confirmed into a new file in `folder`.

    The hub may run meanwhile. Raises NothingToExportError, StoreError, or OSError when the file
    cannot be written; then there is none.
    """
    first, last = journal.cursor + 1, journal.last_seq
    if first > last:
        raise NothingToExportError
    batches = tuple(packed.payload for packed in _batches(journal, node, first - 1, last))
    sealed = seal(key, Export(VERSION, node, journal.epoch, first, last, batches))
    file = folder / f"thutu-{node}-{journal.epoch}-{first}-{last}.thutu"
    write_file(file, sealed)
    return Exported(file, first, last)


def acknowledge(journal: Journal, node: str, receipt: Receipt) -> Acknowledged:
    """Take the centre's word on how far it got, also when that is less than it once confirmed:
    what it has twice, it counts once.

    A hub that runs goes by it after its next start, `export` at once. Raises
    NotForThisJournalError, StoreError.
    """
    mine = [ack.committed for ack in receipt.acks if ack.epoch == journal.epoch]
    if receipt.version != VERSION or receipt.node != node or not mine:
        raise NotForThisJournalError(f"for {receipt.node}, not for this journal of {node}")
    if max(mine) > journal.last_seq:
        raise NotForThisJournalError(f"row {max(mine)} is beyond the last row {journal.last_seq}")
    row, before = max(mine), journal.cursor
    journal.advance(row)
    journal.go_back(row)
    return Acknowledged(row, lost=max(0, before - row))


def _batches(journal: Journal, node: str, after: int, last: int) -> Iterator[Packed]:
    before = journal.hash_at(after)
    while after < last:
        rows = journal.read(after, min(_ROWS_A_BATCH, last - after))
        packed = pack(node, journal.epoch, before, rows)
        yield packed
        before = rows[packed.last_seq - after - 1].hash
        after = packed.last_seq
