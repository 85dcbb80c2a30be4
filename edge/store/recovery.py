"""Opening a node's stores, whatever happened to them before."""

import contextlib
import hashlib
import logging
import sqlite3
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from contract.codec import ContractError, chain, decode_entries, decode_entry
from contract.decoders import from_msgpack
from contract.events import Entry
from edge.core.house import House, apply, moved_to_new_journal
from edge.store.high_water import HighWater, Mark
from edge.store.journal import Journal, JournalDamagedError, StoreError
from edge.store.sealing import seal_older_rows
from edge.store.swap import check_whole, new_file
from runtime.private_file import sync_folder

logger = logging.getLogger(__name__)

JOURNAL = "journal.db"
_NEXT = "journal-next.db"
_REPLAYED_AT_ONCE = 1000
_STATE_VERSION = hashlib.sha256(
    msgspec.json.encode(msgspec.json.schema(House), order="deterministic")
).hexdigest()[:16]


class Stores(NamedTuple):
    """A node's journal and high-water mark, and the house that the journal tells of.

    `replayed` rows were read to know it; `damage` says why an older journal was set aside, if one
    was.
    """

    journal: Journal
    high_water: HighWater
    house: House
    replayed: int = 0
    damage: str | None = None


class Rebuilt(NamedTuple):
    """The house after the rows that fit together, what did not fit, and how many were read."""

    house: House
    damage: str | None
    replayed: int = 0


def open_stores(folder: Path) -> Stores:
    """Open the stores in `folder`, or create them.

    A journal that lost or changed rows is set aside, and a new one (a new epoch) goes on from
    its intact rows, above every number that the high-water mark knows. Raises StoreError when
    the folder cannot be used at all.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    high_water = HighWater(folder / "high-water")
    try:
        _put_in_place(folder)
        broken_pages = _broken_pages(folder / JOURNAL)
        journal = Journal(folder / JOURNAL)
    except JournalDamagedError as error:
        return _begin_anew(folder, high_water, Rebuilt(House(), str(error)))
    house, damage, replayed = check(journal, high_water.mark)
    damage = broken_pages or damage
    if damage is None:
        seal_older_rows(journal)
        return Stores(journal, high_water, house, replayed)
    journal.close()
    return _begin_anew(folder, high_water, Rebuilt(house, damage))


def check(journal: Journal, mark: Mark | None) -> Rebuilt:
    """Rebuild the house and hold the journal against the high-water mark."""
    house, damage, replayed = rebuild(journal)
    damage = damage or _contradiction(journal, mark) or _damage_among_unsent(journal, house)
    return Rebuilt(house, damage, replayed)


def rebuild(journal: Journal) -> Rebuilt:
    """Replay the journal, from its checkpoint if there is one, checking the chain on the way.

    Where there is none, and the sealed rows are gone or damaged, the others do: the opening of the
    day is among them, and what it leaves of the days before is in it.
    """
    rebuilt = _replayed(journal, _kept_house(journal))
    if rebuilt.damage is None or rebuilt.house.seq >= journal.base_seq:
        return rebuilt
    logger.error("%s; what is behind row %d is replayed", rebuilt.damage, journal.base_seq)
    return _replayed(journal, House(seq=journal.base_seq))


def unanswered(journal: Journal, mark: Mark | None) -> Iterator[Entry]:
    """The rows behind `mark`. A command is answered once its rows and the mark are stored: whoever
    asked for these was told that nothing is, or was told nothing. Raises StoreError."""
    if mark is not None:
        for row in journal.rows(after=mark.seq):
            yield decode_entry(row.body)


def keep_checkpoint(journal: Journal, house: House) -> None:
    """Keep the house beside the journal, which shortens the next start."""
    journal.save_checkpoint(house.seq, _STATE_VERSION, msgspec.msgpack.encode(house))


def _replayed(journal: Journal, kept: House) -> Rebuilt:
    house = kept
    try:
        rows = journal.checked_rows(after=kept.seq)
        while chunk := list(islice(rows, _REPLAYED_AT_ONCE)):
            for entry in decode_entries([row.body for row in chunk]):
                house = apply(house, entry)
    except (JournalDamagedError, ContractError) as error:
        return Rebuilt(_up_to_the_damage(journal, house), str(error))
    return Rebuilt(house, None, house.seq - kept.seq)


def _up_to_the_damage(journal: Journal, house: House) -> House:
    # What cannot be read takes the rows that were read with it along: now one by one.
    with contextlib.suppress(StoreError, ContractError, KeyError):
        before = journal.hash_at(house.seq)
        for row in journal.rows(after=house.seq, chunk=1):
            before = chain(before, (row.body,))
            if (row.seq, row.hash) != (house.seq + 1, before):
                break
            house = apply(house, decode_entry(row.body))
    return house


def _kept_house(journal: Journal) -> House:
    try:
        kept = journal.checkpoint(_STATE_VERSION)
        if kept is not None and kept[0] <= journal.last_seq:
            return from_msgpack(kept[1], House)
    except (StoreError, msgspec.DecodeError) as error:
        logger.warning("The checkpoint cannot be used, the whole journal is read: %s", error)
    return House()


def _broken_pages(path: Path) -> str | None:
    # The chain vouches for rows, not for the pages and the index that the next one needs.
    if not path.exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except (sqlite3.Error, UnicodeDecodeError):
        return None  # opening the journal tells a bad disk from a damaged file
    return None if found == "ok" else found


def _contradiction(journal: Journal, mark: Mark | None) -> str | None:
    if mark is None:
        return None
    if mark.epoch != journal.epoch:
        return f"the mark belongs to journal {mark.epoch}, this is {journal.epoch}"
    if mark.seq > journal.last_seq:
        return f"rows {journal.last_seq + 1} to {mark.seq} are gone"
    try:
        hash_there = journal.hash_at(mark.seq)
    except (KeyError, StoreError) as error:
        return f"row {mark.seq} cannot be read: {error}"
    return None if hash_there == mark.hash else f"row {mark.seq} is not the one that was written"


def _damage_among_unsent(journal: Journal, house: House) -> str | None:
    # Rows before the checkpoint were not replayed, and until the centre has them nobody else has.
    try:
        after = max(journal.base_seq, min(journal.cursor, house.seq))
        for row in journal.checked_rows(after=after):
            if row.seq >= house.seq:
                break
    except StoreError as error:
        return str(error)
    return None


def _begin_anew(folder: Path, high_water: HighWater, rebuilt: Rebuilt) -> Stores:
    """The damaged journal stays where it is until the new one holds its house, so that a start
    that ends in between, for want of room or power, loses nobody."""
    house, damage, _ = rebuilt
    mark = high_water.mark
    house = moved_to_new_journal(house, mark.day if mark else "", mark.orders if mark else {})
    with new_file(folder / JOURNAL) as new:
        with contextlib.closing(Journal(new)) as begun:
            keep_checkpoint(begun, house)
        check_whole(new)
        new.rename(folder / _NEXT)
    sync_folder(folder)
    aside = _put_in_place(folder)
    journal = Journal(folder / JOURNAL)
    logger.error(
        "The journal is damaged (%s). It is kept as %s; a new one goes on from its intact rows, "
        "and no number is used again.",
        damage,
        aside,
    )
    return Stores(journal, high_water, house, damage=damage)


def _put_in_place(folder: Path) -> Path | None:
    """Let the journal that is to be the next take over, if there is one, and say where the one
    before is kept; what was cut off in the middle is done to its end by doing it again."""
    following = folder / _NEXT
    if not following.exists():
        return None
    aside = _set_aside(folder)
    following.rename(folder / JOURNAL)
    sync_folder(folder)
    return aside


def _set_aside(folder: Path) -> Path:
    # The log goes first: after a cut, none lies beside another journal.
    parts = [part for part in ("-wal", "-shm", "") if (folder / f"{JOURNAL}{part}").exists()]
    names = (folder / f"journal-damaged-{number}.db" for number in count(1))
    # A log that a cut left alone goes on with its journal, unless that has another by now.
    aside = next(
        path
        for path in names
        if not any(path.with_name(f"{path.name}{part}").exists() for part in {*parts, ""})
    )
    for part in parts:
        (folder / f"{JOURNAL}{part}").rename(f"{aside}{part}")
    return aside
