"""What ingest and rollup need of a store, whichever engine is behind it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from central.store.cells import (
    CellKey,
    CounterKey,
    CounterTally,
    InHouse,
    RatingKey,
    Tally,
)
from central.store.ledger import Ledger, Run
from central.store.rows import EventRow, Heard, Quarantined


class StoreError(Exception):
    """The store could not do what it was asked; nothing of the transaction was kept."""


class Unfolded(Struct, frozen=True):
    """A journal whose rows after `folded`, up to `watermark`, are in no rollup yet.

    `state` is what the fold left with `save_fold`, empty at first.
    """

    journal: int
    folded: int
    watermark: int
    state: bytes


class Cursor(Struct, frozen=True):
    """How far a journal is folded, and into which business day. `folded_ms` is the last trusted
    wall clock up to there, None for no news; `state` is for the fold's next step."""

    folded: int
    folded_ms: int | None
    business_day: str | None
    state: bytes


class Counts(Struct, frozen=True):
    """When a batch came (UTC milliseconds), and what it adds to the quality of its journal."""

    received_ms: int
    duplicates: int = 0
    contradictions: int = 0
    not_understood: int = 0


class IngestStore(Protocol):
    """Journals, their events, and what was refused. Used by one thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is done inside is durable when it ends, or is all undone when it raises.

        Raises StoreError, also for whatever the engine complains of inside.
        """
        ...

    def journal(self, node: str, epoch: str) -> int:
        """The key of a node's journal, which is made at the first mention."""
        ...

    def ledger(self, journal: int) -> Ledger:
        """What is held of a journal."""
        ...

    def save_ledger(self, journal: int, ledger: Ledger, counts: Counts) -> None:
        """Replace what is held, and add to its counts."""
        ...

    def entries(self, journal: int, first: int, last: int) -> list[bytes]:
        """The bytes of the rows held from `first` to `last`, in order."""
        ...

    def append(self, journal: int, rows: Sequence[EventRow]) -> None:
        """Add rows that are not held yet."""
        ...

    def evict(self, journal: int, run: Run, received_ms: int) -> None:
        """Take a run out of the events; its bytes go to quarantine."""
        ...

    def quarantine(self, refused: Quarantined, node: str | None, received_ms: int) -> None:
        """Keep refused bytes, up to 64 kB a message and a few thousand messages, and count them
        against the node on whose topic they came."""
        ...

    def save_status(self, heard: Heard) -> int:
        """Note what a node says of itself and return its journal's key; the same bytes again are
        a broker's redelivery and no news."""
        ...


class RollupStore(Protocol):
    """Cells and the cursor of the fold. Used by one thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """As in IngestStore."""
        ...

    def unfolded(self, limit: int) -> list[Unfolded]:
        """At most `limit` journals with rows to fold."""
        ...

    def entries(self, journal: int, first: int, last: int) -> list[bytes]:
        """As in IngestStore."""
        ...

    def queue(self, journal: int) -> dict[str, InHouse]:
        """Who is in the house according to the journal, by number."""
        ...

    def save_queue(
        self, journal: int, before: Mapping[str, InHouse], after: Mapping[str, InHouse]
    ) -> None:
        """Write what differs."""
        ...

    def add_cells(
        self,
        journal: int,
        quarters: Mapping[CellKey, Tally],
        days: Mapping[str, Tally],
        counters: Mapping[CounterKey, CounterTally],
        ratings: Mapping[RatingKey, int],
    ) -> None:
        """Add to the cells of the journal's site."""
        ...

    def save_fold(self, journal: int, cursor: Cursor) -> None:
        """Move the cursor of a journal."""
        ...

    def reset_rollups(self) -> None:
        """Empty all cells and put every cursor back to the start."""
        ...
