"""Moves the fold's cursor over the stored events, in steps of one transaction each."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from typing import NamedTuple

import msgspec

from central.rollup import counters, devices
from central.rollup.business_day import day_of, trusted_ms
from central.rollup.fold import Cells, FoldState, fold
from central.rollup.queue import follow
from central.rollup.recent import Recent
from central.store.cells import Tally, TotalKey, merge
from central.store.protocol import Cursor, RollupStore, StoreError, Unfolded
from contract.codec import decode_entry
from contract.decoders import from_msgpack
from contract.events import Entry

logger = logging.getLogger(__name__)

_STEP_JOURNALS = 500
_STEP_EVENTS = 20_000
_STEP_EVENTS_OF_ONE = 2_000
_TELL_EVERY_EVENTS = 1_000_000


class Folder:
    """Folds what has been committed, and only the contiguous prefix of each journal; what `recent`
    holds of it need not be read back from the store.

    A journal has a cursor of its own, and one process at a time that moves both its end and its
    cursor: `lanes()` are those of the sites that this one owns, None for all. So no row can become
    visible behind a cursor, whatever others commit meanwhile.

    A journal that meets what nobody thought of is said once and left alone until a restart, with
    its cursor where it was: its site's figures are not complete, and all others go on.
    """

    def __init__(
        self,
        store: RollupStore,
        recent: Recent | None = None,
        lanes: Callable[[], Set[int] | None] = lambda: None,
    ) -> None:
        self._store = store
        self._recent = recent or Recent()
        self._lanes = lanes
        self._again = 0
        self._left_alone: set[int] = set()

    def step(self) -> int:
        """Fold some thousands of events at most; returns how many, 0 when there is nothing to do.

        Raises StoreError when nothing of it could be stored.
        """
        while True:
            found = self._store.unfolded(_STEP_JOURNALS + len(self._left_alone), self._lanes())
            todo = [one for one in found if one.journal not in self._left_alone]
            folded = self._fold_some(todo) if todo else _Folded()
            if folded is not None:
                self._tell(folded.again)
                return folded.events

    def forget(self) -> None:
        """Ask the store for every key anew at the next step, as `Intake.forget`."""
        self._store.forget()

    def rebuild(self) -> int:
        """Empty all cells and fold every event again; returns how many. May be interrupted:
        what is left is folded at the next step."""
        self._recent.clear()
        self._left_alone.clear()
        with self._store.transaction():
            self._store.reset_rollups()
        total = 0
        while folded := self.step():
            total += folded
        return total

    def _fold_some(self, todo: Sequence[Unfolded]) -> "_Folded | None":
        """Fold some of these journals, in one transaction; None, and nothing is changed, when one
        of them is to be left alone from now on."""
        totals, events, again = _Totals(), 0, 0
        at: Unfolded | None = None
        try:
            with self._store.transaction():
                for at in todo:
                    done = self._fold(at, totals)
                    events += done
                    again += done if at.folded < at.counted else 0
                    if events >= _STEP_EVENTS:
                        break
                at = None
                self._store.add_totals(totals.summed())
        except StoreError:
            raise
        except Exception:
            if at is None:
                raise
            self._left_alone.add(at.journal)
            self._recent.forget(at.journal)
            logger.exception(
                "journal %d cannot be counted, and is left alone until the next start: its events "
                "are kept, and its site's figures stay as they are. Give the log to who makes this "
                "software",
                at.journal,
            )
            return None
        return _Folded(events, again)

    def _tell(self, again: int) -> None:
        """Say how many events are in the figures once more, and when all are."""
        before, self._again = self._again, self._again + again
        if before and not again:
            logger.info("all %d events are in the figures again", before)
            self._again = 0
        elif before // _TELL_EVERY_EVENTS < self._again // _TELL_EVERY_EVENTS:
            logger.info("%d events are in the figures again", self._again)

    def _fold(self, journal: Unfolded, totals: "_Totals") -> int:
        last = min(journal.watermark, journal.folded + _STEP_EVENTS_OF_ONE)
        if journal.folded < journal.counted:
            last = min(last, journal.counted)
        entries = self._entries(journal.journal, journal.folded + 1, last)
        before = _load(journal.state)
        state, cells = fold(before, entries)
        self._store.add_cells(
            journal.journal, cells.quarters, cells.days, cells.counters, cells.ratings
        )
        totals.add(journal.province, cells)
        if last > journal.counted:
            over = {day: n for day, n in cells.counted.items() if day < day_of(journal.received_ms)}
            self._store.restate(journal.journal, journal.received_ms, over)
        queue = self._store.queue(journal.journal)
        self._store.save_queue(journal.journal, queue, follow(queue, entries))
        kinds = {type(entry.event) for entry in entries}
        if journal.counters_open is None or not kinds.isdisjoint(counters.SAID):
            self._follow_counters(journal.journal, entries, opened=before.day is not None)
        if not kinds.isdisjoint(devices.SAID):
            self._follow_devices(journal.journal, entries)
        cursor = Cursor(
            folded=last,
            folded_ms=_first_trusted_ms(reversed(entries), journal.received_ms),
            began_ms=_first_trusted_ms(entries, journal.received_ms),
            business_day=state.day,
            state=msgspec.msgpack.encode(state),
        )
        self._store.save_fold(journal.journal, cursor)
        return last - journal.folded

    def _follow_counters(self, journal: int, entries: list[Entry], *, opened: bool) -> None:
        before = self._store.counters(journal)
        after = counters.follow(before, entries, opened=opened)
        if after != before:
            self._store.save_counters(journal, before, after)

    def _follow_devices(self, journal: int, entries: list[Entry]) -> None:
        before = self._store.devices(journal)
        self._store.save_devices(journal, before, devices.follow(before, entries))

    def _entries(self, journal: int, first: int, last: int) -> list[Entry]:
        """The entries this centre can read; what a newer hub added waits for a newer centre."""
        held = self._recent.take(journal, first, last)
        if held is not None:
            return [entry for entry in held if isinstance(entry, Entry)]
        return _understood(self._store.entries(journal, first, last))


class _Folded(NamedTuple):
    """How many events were folded, and how many of them had been before."""

    events: int = 0
    again: int = 0


class _Totals:
    """What a step adds to the days of provinces and of the nation."""

    def __init__(self) -> None:
        self._tallies: defaultdict[TotalKey, list[Tally]] = defaultdict(list)
        self._answers: Counter[TotalKey] = Counter()

    def add(self, province: str, cells: Cells) -> None:
        for scope in ("", province):
            for day, tally in cells.days.items():
                self._tallies[TotalKey(day, scope)].append(tally)
            for key, n in cells.ratings.items():
                if key.level:
                    self._answers[TotalKey(key.day, scope)] += n

    def summed(self) -> dict[TotalKey, tuple[Tally, int]]:
        keys = self._tallies.keys() | self._answers.keys()
        return {key: (merge(self._tallies[key]), self._answers[key]) for key in sorted(keys)}


def _load(state: bytes) -> FoldState:
    return from_msgpack(state, FoldState) if state else FoldState()


def _first_trusted_ms(entries: Iterable[Entry], received_ms: int) -> int | None:
    """A hub whose clock is ahead has still told nothing of the time after it was heard."""
    times_ms = (trusted_ms(entry.stamp) for entry in entries)
    return next((min(ms, received_ms) for ms in times_ms if ms is not None), None)


def _understood(rows: list[bytes]) -> list[Entry]:
    entries = []
    for row in rows:
        try:
            entries.append(decode_entry(row))
        except (ValueError, RecursionError):
            continue
    return entries
