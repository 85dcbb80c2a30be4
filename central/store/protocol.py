"""What ingest and rollup need of a store, whichever engine is behind it."""

from collections.abc import Mapping, Set
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from central.rollup.counters import CounterNow
from central.rollup.devices import DeviceNow
from central.store.cells import (
    CellKey,
    CounterKey,
    CounterTally,
    InHouse,
    RatingKey,
    Tally,
    TotalKey,
)
from central.store.ledger import Ledger, Run
from central.store.rows import Heard, Quarantined, Rows
from runtime.worded_error import WordedError

MAX_EPOCHS = 50


class StoreError(Exception):
    """The store could not do what it was asked; nothing of the transaction was kept."""


class CopyLostError(StoreError):
    """A copy of the database went away while it was read; asked again, another answers."""


class StoreRefusedError(WordedError, StoreError):
    """The store, as it is, cannot be used so, and somebody has to act; nothing was changed."""

    section = "store_refused"


class OwnedElsewhereError(StoreRefusedError):
    """Another process has the part of the work that was asked for."""


class Unfolded(Struct, frozen=True):
    """A journal whose rows after `folded`, up to `watermark`, are in no rollup yet.

    Rows up to `counted` were in the rollups before these were emptied. `received_ms` is when the
    last of these rows came (UTC milliseconds): those that came before a midnight are a piece of
    their own. `counters_open` is None while it is unknown what one of the counters does. `state` is
    what the fold left with `save_fold`, empty at first.
    """

    journal: int
    province: str
    folded: int
    counted: int
    watermark: int
    received_ms: int
    counters_open: int | None
    state: bytes


class Cursor(Struct, frozen=True):
    """How far a journal is folded, and into which business day. `folded_ms` is the last trusted
    wall clock up to there, but not beyond when the row came, None for no news, and `began_ms` the
    first of this step; `state` is for the fold's next step."""

    folded: int
    folded_ms: int | None
    began_ms: int | None
    business_day: str | None
    state: bytes


class Counts(Struct, frozen=True):
    """When batches came, the last of them (UTC milliseconds), how many were `taken`, and what they
    add to the quality of their journal."""

    received_ms: int
    taken: int = 0
    duplicates: int = 0
    contradictions: int = 0
    not_understood: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            max(self.received_ms, more.received_ms),
            self.taken + more.taken,
            self.duplicates + more.duplicates,
            self.contradictions + more.contradictions,
            self.not_understood + more.not_understood,
        )


class IngestStore(Protocol):
    """Journals, their events, and what was refused. Used by one thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is done inside is durable when it ends, or is all undone when it raises.

        Raises StoreError, also for whatever the engine complains of inside.
        """
        ...

    def forget(self) -> None:
        """Remember no key: the connection may be another, to a database that knows less."""
        ...

    def journal(self, node: str, epoch: str) -> int | None:
        """The key of a node's journal, which is made at the first mention; None when the node
        has MAX_EPOCHS others."""
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

    def append(self, journal: int, rows: Rows, received_ms: int) -> None:
        """Add rows that are not held yet, and came at `received_ms` (UTC milliseconds)."""
        ...

    def evict(self, journal: int, run: Run, received_ms: int) -> None:
        """Take a run out of the events; its bytes go to quarantine."""
        ...

    def quarantine(self, refused: Quarantined, node: str | None, received_ms: int) -> None:
        """Keep refused bytes, up to 64 kB a message and a few thousand messages, and count them
        against the node on whose topic they came."""
        ...

    def save_status(self, journal: int, heard: Heard) -> None:
        """Note what a node says of itself and of its journal; the same bytes again are a
        broker's redelivery and no news."""
        ...


class RollupStore(Protocol):
    """Cells and the cursor of the fold. Used by one thread."""

    def transaction(self) -> AbstractContextManager[None]:
        """As in IngestStore."""
        ...

    def forget(self) -> None:
        """As in IngestStore."""
        ...

    def unfolded(self, limit: int, lanes: Set[int] | None = None) -> list[Unfolded]:
        """At most `limit` journals with rows to fold, of sites in these lanes or in all."""
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

    def devices(self, journal: int) -> dict[str, DeviceNow]:
        """The devices that the journal has spoken of, by name."""
        ...

    def save_devices(
        self, journal: int, before: Mapping[str, DeviceNow], after: Mapping[str, DeviceNow]
    ) -> None:
        """Keep what changed since an answer to `devices`."""
        ...

    def counters(self, journal: int) -> dict[int, CounterNow]:
        """What the journal last said of its counters, by number."""
        ...

    def save_counters(
        self, journal: int, before: Mapping[int, CounterNow], after: Mapping[int, CounterNow]
    ) -> None:
        """Keep what changed since an answer to `counters`, and how many are open and paused."""
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

    def add_totals(self, totals: Mapping[TotalKey, tuple[Tally, int]]) -> None:
        """Add what happened, and how many answers were given, to days of the nation and of
        provinces."""
        ...

    def restate(self, journal: int, received_ms: int, events: Mapping[str, int]) -> None:
        """Note how many events that came at `received_ms` changed which days that were over."""
        ...

    def save_fold(self, journal: int, cursor: Cursor) -> None:
        """Move the cursor of a journal."""
        ...

    def reset_rollups(self) -> None:
        """Empty all cells and put every cursor back to the start; what was restated stays."""
        ...
