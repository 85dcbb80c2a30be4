"""The messages between a node and the centre."""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct, json

from contract.ids import Name, NodeId, Series, ServiceId, whole
from contract.procedures import Procedure
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
Fingerprint = Annotated[
    str,
    Meta(
        pattern=whole(r"([0-9a-f]{12})?"),
        description="Of the software's files; empty where it was not installed from a wheel.",
    ),
]
Phase = Literal["preparing", "waiting", "trying", "done", "refused"]
MOST_MACHINES = 64
"""Of so many machines of its site a hub speaks at most."""


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

    `wear_percent` is how much of its life the disk has used, by its own word or, where it has none,
    by what was written to it; `free_mb` the room that is left for the journal.
    """

    temperature_c: int | None = None
    undervoltage: bool | None = None
    wear_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    free_mb: Annotated[int, Meta(ge=0)] | None = None


class UpdateState(Struct, frozen=True, array_like=True):
    """How far a node has come with the update that it was told of last.

    `order` is that Update's number, `release` the release it is about; `reason` says in words why
    it was refused, or what is waited for.
    """

    order: int
    release: int
    phase: Phase
    reason: str = ""


class SiteMachine(Struct, frozen=True, array_like=True):
    """A machine of the site, by its address there: the software with which its programs last spoke
    to the hub, and one of the devices on it by name, empty where only people spoke from there."""

    address: Annotated[str, Meta(max_length=64)]
    software: Annotated[str, Meta(max_length=64)]
    device: Annotated[str, Meta(max_length=64)] = ""


class Status(Struct, frozen=True, array_like=True):
    """A node's birth, heartbeat or (as the broker's will, `online` false) its death.

    `last_seq` and `unsent` tell the centre how much it does not have yet; `appointments` up to
    which of its changes of bookings the node has been told since its start; `machines` what runs
    beside the hub, and `fingerprint` of which files its software is, each None where that is as it
    was said before.
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
    update: UpdateState | None = None
    appointments: Annotated[int, Meta(ge=0)] = 0
    machines: Annotated[tuple[SiteMachine, ...], Meta(max_length=MOST_MACHINES)] | None = None
    fingerprint: Fingerprint | None = None


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
    to exist and does not have.
    """

    version: int
    node: NodeId
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
    batches: Annotated[tuple[bytes, ...], Meta(max_length=100_000)]


class Receipt(Struct, frozen=True, array_like=True):
    """The centre's answer to exports, on its way back by hand."""

    version: int
    node: NodeId
    acks: tuple[Ack, ...]


class Configuration(Struct, frozen=True, array_like=True):
    """The part of a hub's settings that the centre decides, as TOML, and of the nation's catalogue
    the procedures that its site handles, None before there is one; `number` only ever grows."""

    version: int
    node: NodeId
    number: Annotated[int, Meta(ge=1)]
    text: str
    catalogue: tuple[Procedure, ...] | None = None

    @property
    def label(self) -> str:
        """Number and fingerprint, as the hub reports them while this is in force."""
        found = b"" if self.catalogue is None else catalogue_digest(self.catalogue)
        return configuration_label(self.number, self.text, found)


def configuration_label(number: int, text: str, catalogue: bytes) -> str:
    """The label of a configuration whose catalogue has this digest; empty for none."""
    return f"{number}-{hashlib.sha256(text.encode() + catalogue).hexdigest()[:12]}"


def catalogue_digest(catalogue: tuple[Procedure, ...]) -> bytes:
    """What tells one part of the catalogue from another."""
    return hashlib.sha256(json.encode(catalogue, order="deterministic")).digest()


class Booking(Struct, frozen=True, array_like=True):
    """An appointment as it is now: `service` is None once it was cancelled, and `slot_ms` the
    start of the slot, UTC milliseconds since 1970. `code` is what the citizen shows."""

    code: Name
    service: ServiceId | None
    slot_ms: Seq


class Appointments(Struct, frozen=True, array_like=True):
    """What was booked, moved or cancelled at a hub's site by changes after `after`, up to `upto`,
    each as it was when this was made and later; sealed by the centre.

    It is for a hub that was told up to `after` or further, but not yet `upto`. Changes are
    numbered upwards, with gaps; one that was overtaken by another of the same code is left out.
    """

    version: int
    node: NodeId
    after: Annotated[int, Meta(ge=0)]
    upto: Annotated[int, Meta(ge=1)]
    bookings: Annotated[tuple[Booking, ...], Meta(max_length=200)]


class ReleaseFile(Struct, frozen=True, array_like=True):
    """A wheel of a release, and the machines that need it; sizes in bytes.

    A target is an interpreter and a processor, as `cp313-aarch64`.
    """

    name: Annotated[str, Meta(pattern=whole(r"[A-Za-z0-9_.+!]+(-[A-Za-z0-9_.+!]+){4,5}\.whl"))]
    sha256: Digest
    size: Annotated[int, Meta(ge=1)]
    unpacked: Annotated[int, Meta(ge=0)]
    targets: Annotated[
        tuple[Annotated[str, Meta(pattern=whole(r"cp3[0-9]+-[a-z0-9_]+"))], ...],
        Meta(min_length=1, max_length=100),
    ]

    @property
    def path(self) -> str:
        """Where it is in a wheelhouse, of whatever release, and on a node."""
        return f"wheels/{self.sha256.hex()}/{self.name}"


class Release(Struct, frozen=True, array_like=True):
    """A version of the software, sealed by its publisher; `number` only ever grows.

    `software` is what hubs report that run it, and so is the `fingerprint` of its files, empty in
    older releases. Whoever runs a release below `updates_from` needs
    one in between. It writes journals of the form `journal_writes`, and reads all up to
    `journal_reads`: only a node whose journal it reads may try it, and whose own software reads
    what it writes, for it may have to go back.
    """

    version: int
    number: Annotated[int, Meta(ge=1)]
    software: str
    updates_from: Annotated[int, Meta(ge=0)]
    journal_writes: Annotated[int, Meta(ge=1)]
    journal_reads: Annotated[int, Meta(ge=1)]
    files: Annotated[tuple[ReleaseFile, ...], Meta(min_length=1, max_length=2000)]
    fingerprint: Fingerprint = ""

    def files_for(self, target: str) -> tuple[ReleaseFile, ...]:
        """The wheels that a machine of this kind needs; none where it is not meant for it."""
        return tuple(file for file in self.files if target in file.targets)


class Update(Struct, frozen=True, array_like=True):
    """The centre says which release a node shall have; sealed by the centre, `number` only grows.

    It says which and when, never what: the release is its publisher's. `manifest` is the SHA-256
    of the sealed Release, `sources` are folders of wheelhouses, tried in turn; `release` 0 takes
    an order back. `urgent` waits for an empty house only, not for closing time. A release that was
    refused is tried again when a newer Update says so.
    """

    version: int
    node: NodeId
    number: Annotated[int, Meta(ge=1)]
    release: Annotated[int, Meta(ge=0)]
    manifest: Digest
    sources: Annotated[
        tuple[Annotated[str, Meta(pattern=whole(r"https?://[^\s?#]+"), max_length=500)], ...],
        Meta(max_length=10),
    ]
    urgent: bool = False


def release_file(number: int) -> str:
    """The name of a sealed Release in its wheelhouse."""
    return f"release-{number}.thutu"


JOURNAL_READS = 3
"""The highest form of a journal that this software reads (`tests/contract/golden`)."""

JOURNAL_WRITES = 3
"""The form of the journals that this software writes."""

CONFIGURABLE = ("site", "procedures", "follow_url")
"""The keys that a configuration of the centre may hold; what belongs to the machine stays there."""

VERSION = 1
