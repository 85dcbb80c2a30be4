"""Runs of a journal as the centre takes them, by whatever way they travel."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Raw

from contract.codec import encode_message
from contract.wire import VERSION, Batch
from edge.store.journal import Row

MOST_BATCH_BYTES = 20_000


class Packed(NamedTuple):
    """The bytes of a batch, and its last row."""

    payload: bytes
    last_seq: int


def pack(node: str, epoch: str, chain_before: bytes, rows: Sequence[Row]) -> Packed:
    """The batch of as many `rows`, from the first on, as every broker will carry.

    `chain_before` is the chain's hash before the first of them.
    """
    batch = Batch(
        version=VERSION,
        node=node,
        epoch=epoch,
        first_seq=rows[0].seq,
        chain_before=chain_before,
        chain_after=rows[-1].hash,
        entries=tuple(Raw(row.body) for row in rows),
    )
    payload = encode_message(batch)
    if len(payload) <= MOST_BATCH_BYTES or len(rows) == 1:
        return Packed(payload, rows[-1].seq)
    fitting = len(rows) * MOST_BATCH_BYTES * 9 // (len(payload) * 10)
    return pack(node, epoch, chain_before, rows[: max(fitting, 1)])
