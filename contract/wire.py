"""The messages between a node and the centre."""

import hashlib
from typing import Annotated

from msgspec import Meta, Raw, Struct

from contract.ids import NodeId, Series, whole
from contract.stamp import Seq

Epoch = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9a-f]{16}"),
        description="Names one journal; a new journal (a new card) begins a new epoch.",
    ),
]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
RequestId = Annotated[bytes, Meta(min_length=16, max_length=16)]


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


class CertificateRequest(Struct, frozen=True, array_like=True):
    """A node asks for a certificate for a key of its own, by HTTPS to enrol, on `up/renew` after.

    `request` is a PKCS #10 (DER). `signer` says who vouches for it: the public key of a one-time
    token, or the SHA-256 of the certificate in use; `proof` is that key's signature over it.
    """

    version: int
    node: NodeId
    request: Annotated[bytes, Meta(min_length=1, max_length=4096)]
    signer: Digest
    proof: Annotated[bytes, Meta(min_length=1, max_length=128)]


class Certificate(Struct, frozen=True, array_like=True):
    """The centre's answer: certificates (DER), the node's own first, the root last."""

    version: int
    chain: Annotated[
        tuple[Annotated[bytes, Meta(max_length=8192)], ...], Meta(min_length=2, max_length=5)
    ]


class StateRequest(Struct, frozen=True, array_like=True):
    """A hub on a new card asks for what the centre holds of it; `request` names the asking."""

    version: int
    node: NodeId
    request: RequestId


class StatePart(Struct, frozen=True, array_like=True):
    """A piece of the answer: a signed SiteState, cut so that every broker will carry it."""

    version: int
    request: RequestId
    part: Annotated[int, Meta(ge=0)]
    parts: Annotated[int, Meta(ge=1, le=10_000)]
    data: bytes


class HeldRows(Struct, frozen=True, array_like=True):
    """The journal's own bytes of rows that the centre holds, in order, perhaps with gaps."""

    epoch: Epoch
    rows: tuple[Raw, ...]


class SiteState(Struct, frozen=True, array_like=True):
    """What the centre holds of a hub's day, for a new card: its journals, the oldest first.

    `orders` is the highest order of each series that it knows of; `missing` how many rows it knows
    to exist and does not have; `made_ms` (UTC milliseconds) when it was asked.
    """

    version: int
    node: NodeId
    made_ms: int
    missing: int
    orders: dict[Series, int]
    journals: tuple[HeldRows, ...]


class Export(Struct, frozen=True, array_like=True):
    """Rows `first_seq` to `last_seq` on their way by hand: the messages of their batches."""

    version: int
    node: NodeId
    epoch: Epoch
    first_seq: Annotated[int, Meta(ge=1)]
    last_seq: Seq
    made_ms: int
    batches: tuple[bytes, ...]


class Receipt(Struct, frozen=True, array_like=True):
    """The centre's answer to exports, on its way back by hand."""

    version: int
    node: NodeId
    acks: tuple[Ack, ...]


class Configuration(Struct, frozen=True, array_like=True):
    """The part of a hub's settings that the centre decides, as TOML; `number` only ever grows."""

    version: int
    node: NodeId
    number: Annotated[int, Meta(ge=1)]
    text: str

    @property
    def label(self) -> str:
        """Number and fingerprint, as the hub reports them while this is in force."""
        return f"{self.number}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


CONFIGURABLE = ("site", "procedures", "follow_url")
"""The keys that a configuration of the centre may hold; what belongs to the machine stays there."""

VERSION = 1
