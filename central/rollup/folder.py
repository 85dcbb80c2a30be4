"""Moves the fold's cursor over the stored events, in steps of one transaction each."""

import msgspec

from central.rollup.business_day import trusted_ms
from central.rollup.fold import FoldState, fold
from central.rollup.queue import follow
from central.store.protocol import Cursor, RollupStore, Unfolded
from contract.codec import decode_entry
from contract.events import Entry

_STEP_JOURNALS = 500
_STEP_EVENTS = 5_000
_STEP_EVENTS_OF_ONE = 1_000


class Folder:
    """Folds what has been committed, and only the contiguous prefix of each journal."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store

    def step(self) -> int:
        """Fold some thousands of events at most; returns how many, 0 when there is nothing to do.

        Raises StoreError when nothing of it could be stored.
        """
        todo = self._store.unfolded(_STEP_JOURNALS)
        folded = 0
        if todo:
            with self._store.transaction():
                for journal in todo:
                    folded += self._fold(journal, _STEP_EVENTS_OF_ONE)
                    if folded >= _STEP_EVENTS:
                        break
        return folded

    def rebuild(self) -> int:
        """Empty all cells and fold every event again; returns how many. May be interrupted:
        what is left is folded at the next step."""
        with self._store.transaction():
            self._store.reset_rollups()
        total = 0
        while folded := self.step():
            total += folded
        return total

    def _fold(self, journal: Unfolded, most: int) -> int:
        last = min(journal.watermark, journal.folded + most)
        entries = _understood(self._store.entries(journal.journal, journal.folded + 1, last))
        state, cells = fold(_load(journal.state), entries)
        self._store.add_cells(
            journal.journal, cells.quarters, cells.days, cells.counters, cells.ratings
        )
        queue = self._store.queue(journal.journal)
        self._store.save_queue(journal.journal, queue, follow(queue, entries))
        times_ms = [ms for entry in entries if (ms := trusted_ms(entry.stamp)) is not None]
        cursor = Cursor(
            folded=last,
            folded_ms=times_ms[-1] if times_ms else None,
            business_day=state.day,
            state=msgspec.msgpack.encode(state),
        )
        self._store.save_fold(journal.journal, cursor)
        return last - journal.folded


def _load(state: bytes) -> FoldState:
    return msgspec.msgpack.decode(state, type=FoldState) if state else FoldState()


def _understood(rows: list[bytes]) -> list[Entry]:
    """The entries this centre can read; what a newer hub added waits for a newer centre."""
    entries = []
    for row in rows:
        try:
            entries.append(decode_entry(row))
        except (ValueError, RecursionError):
            continue
    return entries
