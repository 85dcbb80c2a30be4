"""The catalogue in force, and publishing another."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from central.access.audit import Deed, record
from central.store.connection import Connection, Database
from central.store.database import transaction
from central.store.editions import Edition, Editions
from contract.decoders import from_json
from contract.procedures import Procedure
from runtime.worded_error import WordedError

PROCEDURES = "procedures"


class CatalogueError(WordedError):
    """A catalogue that cannot be published; nothing was stored."""

    section = "catalogue_refused"


class Catalogue(Struct, frozen=True):
    """The procedures of an edition, by code and days; edition 0 is none yet. `at_ms` is UTC
    milliseconds since 1970."""

    edition: int = 0
    at_ms: int = 0
    procedures: tuple[Procedure, ...] = ()


class Changes(Struct, frozen=True):
    """What another list changes: entries that are new, whose end was set or moved, that say
    something else, that are gone; and how many are as before. An entry is known by its code and
    its first day."""

    added: tuple[Procedure, ...]
    ended: tuple[Procedure, ...]
    changed: tuple[Procedure, ...]
    removed: tuple[Procedure, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.ended or self.changed or self.removed)


def catalogue_of(conn: Connection) -> Catalogue:
    """The catalogue in force."""
    found = Editions(conn, PROCEDURES).newest()
    return Catalogue() if found is None else catalogue_in(found)


def catalogue_in(edition: Edition) -> Catalogue:
    """The catalogue of an edition."""
    procedures = from_json(edition.content, tuple[Procedure, ...])
    return Catalogue(edition.edition, edition.at_ms, procedures)


def compare(old: Sequence[Procedure], new: Sequence[Procedure]) -> Changes:
    """What publishing `new` over `old` would change."""
    before = {(one.code, one.valid_from): one for one in old}
    after = {(one.code, one.valid_from): one for one in new}
    other = [one for key, one in after.items() if key in before and before[key] != one]
    ended = [one for one in other if one.valid_to != before[one.code, one.valid_from].valid_to]
    return Changes(
        added=tuple(one for key, one in after.items() if key not in before),
        ended=tuple(ended),
        changed=tuple(one for one in other if one not in ended),
        removed=tuple(one for key, one in before.items() if key not in after),
        unchanged=sum(before.get(key) == one for key, one in after.items()),
    )


def publish(
    db: Database,
    procedures: tuple[Procedure, ...],
    *,
    who: str,
    address: str,
    now_ms: int,
    edited: int | None = None,
) -> Changes:
    """Put a list that was checked into force as the next edition, with a line in the audit log;
    one that changes nothing makes no edition.

    `edited` is the edition that was edited; any when None. Raises CatalogueError when another came
    meanwhile, and StoreError; then nothing was stored.
    """
    with transaction(db.conn):
        before = catalogue_of(db.conn)
        if edited not in (None, before.edition):
            raise CatalogueError("edited_meanwhile", edited=edited, found=before.edition)
        changes = compare(before.procedures, procedures)
        if changes:
            number = before.edition + 1
            content = msgspec.json.encode(procedures).decode()
            Editions(db.conn, PROCEDURES).add(Edition(number, now_ms, who, content))
            record(
                db.conn,
                Deed(who, "catalogue-published", _summary(number, changes), address),
                now_ms,
            )
    return changes


def _summary(number: int, changes: Changes) -> str:
    return (
        f"edition {number}: {len(changes.added)} added, {len(changes.changed)} changed, "
        f"{len(changes.ended)} ended, {len(changes.removed)} removed"
    )
