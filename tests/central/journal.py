"""Journals for tests, built as a hub builds them."""

from dataclasses import dataclass, field

from msgspec import Raw

from contract.codec import CHAIN_START, chain, encode_entry, encode_message
from contract.events import AnyEvent, DayOpened, Entry
from contract.stamp import Stamp
from contract.topics import up
from contract.wire import VERSION, Batch, Health, SiteMachine, Status

NODE = "01-00097-01-h1"
OTHER_NODE = "48-20194-01-h1"
DAY = "2026-11-20"
MORNING_MS = 1_795_134_600_000
"""07:30 on DAY in Vietnam."""


@dataclass
class Journal:
    """One journal of a hub; `add` appends an event, `batch` gives a message of a run of rows."""

    node: str = NODE
    epoch: str = "00000000000000aa"
    entries: list[Entry] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=lambda: [CHAIN_START])

    def add(
        self,
        event: AnyEvent,
        after_ms: int = 0,
        *,
        training: bool = False,
        synced: bool = True,
        wall_ms: int | None = None,
    ) -> Entry:
        """Append an event that happened `after_ms` after 07:30."""
        stamp = Stamp(
            wall_ms=MORNING_MS + after_ms if wall_ms is None else wall_ms,
            mono_ns=(MORNING_MS + after_ms) * 1_000_000,
            boot="b0",
            synced=synced,
        )
        entry = Entry(len(self.entries) + 1, stamp, "k1", b"", training, event)
        self.entries.append(entry)
        self.add_bytes(encode_entry(entry))
        return entry

    def add_bytes(self, row: bytes) -> None:
        """Append the bytes of a row."""
        self.rows.append(row)
        self.hashes.append(chain(self.hashes[-1], (row,)))

    def open_day(self, day: str = DAY) -> Entry:
        """Append the beginning of a business day."""
        return self.add(DayOpened(day, trusted=True, last_orders={}))

    def batch(self, first: int, last: int) -> bytes:
        """The message of rows `first` to `last`."""
        return batch_of(
            self.rows[first - 1 : last],
            self.hashes[first - 1],
            first,
            node=self.node,
            epoch=self.epoch,
        )

    def all(self) -> bytes:
        """The message of all rows."""
        return self.batch(1, len(self.rows))

    def status(
        self,
        *,
        online: bool = True,
        wall_ms: int | None = None,
        unsent: int = 0,
        software: str = "0.1.0",
        config: str = "c1",
        machines: tuple[SiteMachine, ...] | None = None,
        health: Health | None = None,
        fingerprint: str | None = None,
    ) -> bytes:
        """A heartbeat as of the last row, or the will."""
        last = self.entries[-1].stamp.wall_ms if self.entries else MORNING_MS
        if not online:
            return encode_message(Status(VERSION, self.node, online=False, epoch=self.epoch))
        return encode_message(
            Status(
                VERSION,
                self.node,
                online=True,
                epoch=self.epoch,
                wall_ms=last if wall_ms is None else wall_ms,
                synced=True,
                software=software,
                config=config,
                last_seq=len(self.rows),
                unsent=unsent,
                health=health,
                machines=machines,
                fingerprint=fingerprint,
            )
        )

    @property
    def events_topic(self) -> str:
        """Where its batches are published."""
        return up(self.node, "events")

    @property
    def status_topic(self) -> str:
        """Where its status is published."""
        return up(self.node, "status")


def batch_of(
    rows: list[bytes],
    before: bytes,
    first: int = 1,
    *,
    node: str = NODE,
    epoch: str = "00000000000000aa",
    version: int = VERSION,
) -> bytes:
    """The message of any rows, with a chain that fits them."""
    raws = tuple(Raw(row) for row in rows)
    return encode_message(Batch(version, node, epoch, first, before, chain(before, raws), raws))
