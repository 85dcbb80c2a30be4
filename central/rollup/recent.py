"""Entries that were stored a moment ago, kept in memory so that the fold need not read them back.

It is only a shortcut: what is not here is in the store.
"""

from dataclasses import dataclass, field

from central.store.rows import Rows, Unread
from contract.events import Entry

_MOST_ENTRIES = 100_000


@dataclass(slots=True)
class _Tail:
    first: int
    entries: list[Entry | Unread] = field(default_factory=list)


class Recent:
    """The last contiguous run of each journal, a bounded number of entries in all."""

    def __init__(self) -> None:
        self._tails: dict[int, _Tail] = {}
        self._held = 0

    @property
    def held(self) -> int:
        """How many entries are kept."""
        return self._held

    def put(self, journal: int, rows: Rows) -> None:
        """Keep rows that were committed; those that do not continue the run replace it."""
        if self._held + len(rows.read) > _MOST_ENTRIES:
            self.clear()
        tail = self._tails.get(journal)
        if tail is None or tail.first + len(tail.entries) != rows.first:
            self.forget(journal)
            tail = self._tails[journal] = _Tail(rows.first)
        tail.entries += rows.read
        self._held += len(rows.read)

    def take(self, journal: int, first: int, last: int) -> list[Entry | Unread] | None:
        """The entries `first` to `last`, which are not kept any longer, nor those before them;
        None when not all of them are here."""
        tail = self._tails.get(journal)
        if tail is None or not tail.first <= first <= last < tail.first + len(tail.entries):
            return None
        taken = tail.entries[first - tail.first : last - tail.first + 1]
        tail.entries = tail.entries[last - tail.first + 1 :]
        self._held -= last - tail.first + 1
        tail.first = last + 1
        return taken

    def forget(self, journal: int) -> None:
        """Keep nothing of a journal."""
        tail = self._tails.pop(journal, None)
        if tail is not None:
            self._held -= len(tail.entries)

    def clear(self) -> None:
        """Keep nothing."""
        self._tails.clear()
        self._held = 0
