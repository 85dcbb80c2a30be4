"""Taking a site over on a new card: its queue as the centre knows it, and no number again.

The centre's rows of the day are replayed into the base of a new journal, which is a new epoch;
they are not sent again. Numbers go on above the centre's and above the last slip on paper.
"""

import contextlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from contract.codec import CHAIN_START, ContractError, decode_entry
from contract.events import Entry
from contract.wire import SiteState
from edge.core.calendar import day_of
from edge.core.house import House, apply, moved_to_new_journal
from edge.core.numbering import number_of
from edge.core.state import ENDED
from edge.store.high_water import HighWater, Mark
from edge.store.journal import Journal, StoreError
from edge.store.recovery import JOURNAL, keep_checkpoint, rebuild
from edge.store.swap import new_file, swap_in
from runtime.folder_lock import FolderLock

_LAST_SLIP = re.compile(r"(?P<series>[1-9])=(?:0|(?P=series)(?P<order>[0-9]{3,4}))")


class AlreadyAtWorkError(Exception):
    """This card has given out numbers itself; `highest` are the last of each series."""

    def __init__(self, highest: Mapping[str, int]) -> None:
        super().__init__("this card has given out numbers")
        self.highest = _as_numbers(highest)


class Restored(NamedTuple):
    """The house that the centre's rows tell of, and how good they are.

    `as_of_ms` is the newest synchronised clock in them, None when there is none; `unread` counts
    rows that this software cannot read.
    """

    house: House
    as_of_ms: int | None
    unread: int


class TakenOver(NamedTuple):
    """What goes on, for those who stand at the counters.

    `waiting` are the tickets still in the house; `unknown` the first and last number of each
    series that paper tells of and the centre does not; `last` the highest number of each series.
    """

    day: str
    waiting: tuple[str, ...]
    as_of_ms: int | None
    missing: int
    unread: int
    unknown: tuple[tuple[str, str], ...]
    last: tuple[str, ...]


def orders_on_paper(text: str, known_series: Collection[str]) -> dict[str, int]:
    """Read `1=1042,2=2017,5=0`: the last slip of every series, 0 where there was none today.

    A new card's settings may lack a series that the old one gave out, so others may be named too.
    Raises ValueError when a known series is missing, one is named twice, or a number is none of it.
    """
    orders: dict[str, int] = {}
    for part in text.split(","):
        match = _LAST_SLIP.fullmatch(part.strip())
        if match is None or match["series"] in orders:
            raise ValueError(part.strip())
        orders[match["series"]] = int(match["order"] or 0)
    missing = sorted(set(known_series) - set(orders))
    if missing:
        raise ValueError(", ".join(f"{series}=?" for series in missing))
    return orders


def restored(state: SiteState) -> Restored:
    """Replay what the centre holds, journal after journal."""
    house, as_of_ms, unread = House(), None, 0
    for journal in state.journals:
        if house.seq:
            house = moved_to_new_journal(house, "", {})
        for row in journal.rows:
            try:
                entry: Entry = decode_entry(row)
            except ContractError:
                unread += 1
                continue
            house = apply(house, entry)
            if entry.stamp.synced:
                as_of_ms = max(as_of_ms or 0, entry.stamp.wall_ms)
    return Restored(house, as_of_ms, unread)


def check_unused(folder: Path) -> None:
    """Raise AlreadyAtWorkError when a number was given out here, and StoreError.

    A journal without a number is that of a card that was started too early.
    """
    with contextlib.closing(HighWater(folder / "high-water")) as high_water:
        given = high_water.mark.orders if high_water.mark else {}
    if (folder / JOURNAL).exists():
        with contextlib.closing(Journal(folder / JOURNAL)) as journal:
            house, damage, _ = rebuild(journal)
        if damage is not None:
            raise StoreError(damage)
        if any(folder.glob(f"{JOURNAL}-*")):
            raise StoreError(f"another program reads {folder / JOURNAL}; end it first")
        given = _highest(given, house.live.orders)
    if any(given.values()):
        raise AlreadyAtWorkError(given)


def take_over(
    folder: Path, state: SiteState, on_paper: Mapping[str, int], wall_ms: int
) -> TakenOver:
    """Begin a new journal in `folder` with the queue of `state`.

    `on_paper` is the order of the last slip of each series, 0 for none; `wall_ms` dates the queue
    when the centre knows of no day. A cut leaves the folder as it was or taken over. Raises
    AlreadyAtWorkError, FolderInUseError, StoreError or OSError; nothing is changed then.
    """
    with FolderLock(folder):
        check_unused(folder)
        found = restored(state)
        day = found.house.live.day or day_of(wall_ms)
        known = _highest(found.house.live.orders, state.orders)
        highest = _highest(known, on_paper)
        house = moved_to_new_journal(found.house, day, highest)
        _begin(folder, house)
    tickets = sorted(house.live.tickets.values(), key=lambda ticket: ticket.place)
    return TakenOver(
        day,
        tuple(ticket.number for ticket in tickets if ticket.phase not in ENDED),
        found.as_of_ms,
        state.missing,
        found.unread,
        tuple(
            (_number(series, known.get(series, 0) + 1), _number(series, order))
            for series, order in sorted(on_paper.items())
            if order > known.get(series, 0)
        ),
        _as_numbers(highest),
    )


def _begin(folder: Path, house: House) -> None:
    """Put a new journal with `house` at its base in the old one's place, in one step."""
    taken = len(list(folder.glob("journal-before-*.db")))
    with new_file(folder / JOURNAL) as new:
        with contextlib.closing(Journal(new)) as journal:
            keep_checkpoint(journal, house)
            epoch = journal.epoch
        swap_in(new, folder / JOURNAL, folder / f"journal-before-{taken + 1}.db")
    with contextlib.closing(HighWater(folder / "high-water")) as high_water:
        high_water.write(Mark(epoch, 0, CHAIN_START, house.live.day, house.live.orders))


def _highest(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {s: max(first.get(s, 0), second.get(s, 0)) for s in sorted({*first, *second})}


def _as_numbers(orders: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(_number(series, order) for series, order in sorted(orders.items()) if order)


def _number(series: str, order: int) -> str:
    return number_of(series, order, training=False)
