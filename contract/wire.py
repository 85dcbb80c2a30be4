"""The messages between a node and the centre."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from contract.ids import NodeId, whole
from contract.stamp import Seq

Epoch = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9a-f]{16}"),
        description="Names one journal; a new journal (a new card) begins a new epoch.",
    ),
]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Batch(Struct, frozen=True, array_like=True):
    """A contiguous run of one journal, `first_seq` first.

    `entries` are the journal's own bytes. `chain_before` is the chain's hash before the first
    entry and `chain_after` after the last, so that nothing can be altered or left out unseen.
    """

    version: int
    node: NodeId
    epoch: Epoch
    first_seq: Annotated[int, Meta(ge=1)]
    chain_before: Digest
    chain_after: Digest
    entries: Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=1000)]


class Ack(Struct, frozen=True, array_like=True):
    """The centre's promise: everything of this epoch up to `committed` is durable there."""

    version: int
    epoch: Epoch
    committed: Seq


class Health(Struct, frozen=True, array_like=True):
    """How a node's machine fares; None for what it cannot tell.

    `wear_percent` is how much of its life the disk has used, `free_mb` the room that is left for
    the journal.
    """

    temperature_c: int | None = None
    undervoltage: bool | None = None
    wear_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    free_mb: Annotated[int, Meta(ge=0)] | None = None


class Status(Struct, frozen=True, array_like=True):
    """A node's birth, heartbeat or (as the broker's will, `online` false) its death.

    `last_seq` and `unsent` tell the centre how much it does not have yet.
    """

    version: int
    node: NodeId
    online: bool
    epoch: Epoch
    wall_ms: int = 0
    synced: bool = False
    software: str = ""
    config: str = ""
    last_seq: int = 0
    unsent: int = 0
    health: Health | None = None


VERSION = 1
