"""Opening a node's stores, whatever happened to them before."""

import hashlib
import logging
from pathlib import Path
from typing import NamedTuple

import msgspec

from contract.codec import ContractError, decode_entry
from edge.core.house import House, apply, moved_to_new_journal
from edge.high_water import HighWater, Mark
from edge.journal import Journal, JournalDamagedError, StoreError

logger = logging.getLogger(__name__)

_JOURNAL = "journal.db"
_STATE_VERSION = hashlib.sha256(
    msgspec.json.encode(msgspec.json.schema(House), order="deterministic")
).hexdigest()[:16]


class Stores(NamedTuple):
    """A node's journal and high-water mark, and the house that the journal tells of.

    `damage` says why an older journal was set aside, if one was.
    """

    journal: Journal
    high_water: HighWater
    house: House
    damage: str | None = None


class Rebuilt(NamedTuple):
    """The house after the rows that fit together, and what did not fit."""

    house: House
    damage: str | None


def open_stores(folder: Path) -> Stores:
    """Open the stores in `folder`, or create them.

    A journal that lost or changed rows is set aside, and a new one (a new epoch) goes on from
    its intact rows, above every number that the high-water mark knows. Raises StoreError when
    the folder cannot be used at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    high_water = HighWater(folder / "high-water")
    try:
        journal = Journal(folder / _JOURNAL)
    except JournalDamagedError as error:
        return _begin_anew(folder, high_water, Rebuilt(House(), str(error)))
    house, damage = rebuild(journal)
    damage = damage or _contradiction(journal, high_water.mark)
    if damage is None:
        return Stores(journal, high_water, house)
    journal.close()
    return _begin_anew(folder, high_water, Rebuilt(house, damage))


def rebuild(journal: Journal) -> Rebuilt:
    """Replay the journal, from its checkpoint if there is one, checking the chain on the way."""
    house = _kept_house(journal)
    try:
        for row in journal.checked_rows(after=house.seq):
            house = apply(house, decode_entry(row.body))
    except (JournalDamagedError, ContractError) as error:
        return Rebuilt(house, str(error))
    return Rebuilt(house, None)


def keep_checkpoint(journal: Journal, house: House) -> None:
    """Keep the house beside the journal, which shortens the next start."""
    journal.save_checkpoint(house.seq, _STATE_VERSION, msgspec.msgpack.encode(house))


def _kept_house(journal: Journal) -> House:
    try:
        kept = journal.checkpoint(_STATE_VERSION)
        if kept is not None and kept[0] <= journal.last_seq:
            return msgspec.msgpack.decode(kept[1], type=House)
    except (StoreError, msgspec.DecodeError) as error:
        logger.warning("The checkpoint cannot be used, the whole journal is read: %s", error)
    return House()


def _contradiction(journal: Journal, mark: Mark | None) -> str | None:
    if mark is None:
        return None
    if mark.epoch != journal.epoch:
        return f"the mark belongs to journal {mark.epoch}, this is {journal.epoch}"
    if mark.seq > journal.last_seq:
        return f"rows {journal.last_seq + 1} to {mark.seq} are gone"
    if journal.hash_at(mark.seq) != mark.hash:
        return f"row {mark.seq} is not the one that was written"
    return None


def _begin_anew(folder: Path, high_water: HighWater, rebuilt: Rebuilt) -> Stores:
    house, damage = rebuilt
    aside = _set_aside(folder)
    mark = high_water.mark
    house = moved_to_new_journal(house, mark.day if mark else "", mark.orders if mark else {})
    journal = Journal(folder / _JOURNAL)
    keep_checkpoint(journal, house)
    logger.error(
        "The journal is damaged (%s). It is kept as %s; a new one goes on from its intact rows, "
        "and no number is used again.",
        damage,
        aside,
    )
    return Stores(journal, high_water, house, damage)


def _set_aside(folder: Path) -> Path:
    taken = len(list(folder.glob("journal-damaged-*.db")))
    aside = folder / f"journal-damaged-{taken + 1}.db"
    for suffix in ("", "-wal", "-shm"):
        part = folder / f"{_JOURNAL}{suffix}"
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside
