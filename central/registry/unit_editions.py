"""The list of units in force, and putting another into force."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from central.access.audit import Deed, record
from central.registry.lists import ListError, refuse
from central.registry.units import Unit, Units, shipped_units
from central.store.connection import Connection, Database
from central.store.database import transaction
from central.store.editions import Edition, Editions

UNITS = "units"


class UnitChanges(Struct, frozen=True):
    """What another list changes: units that are new, whose last day was set or moved, and that are
    otherwise named, each as it is at last; and how many are as before."""

    opened: tuple[Unit, ...]
    ended: tuple[Unit, ...]
    renamed: tuple[Unit, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.opened or self.ended or self.renamed)


def units_of(conn: Connection) -> Units:
    """The list in force: the one imported last, or else the one that is shipped."""
    found = Editions(conn, UNITS).newest()
    return shipped_units() if found is None else units_in(found)


def units_in(edition: Edition) -> Units:
    """The list of an edition."""
    return Units(msgspec.json.decode(edition.content, type=tuple[Unit, ...]))


def compare_units(conn: Connection, new: Sequence[Unit], *, keep_sites: bool) -> UnitChanges:
    """What importing `new` would change.

    Raises ListError for a list without a unit that there is or was, and, unless `keep_sites`, for
    one that ends a unit in which sites are registered, naming them.
    """
    before, after = _by_code(units_of(conn).all), _by_code(new)
    faults = [ListError("missing", code=code) for code in sorted(before.keys() - after.keys())]
    refuse(faults)
    both = [(before[code], found) for code, found in after.items() if code in before]
    ended = [found[-1] for was, found in both if was[-1].valid_to != found[-1].valid_to]
    if not keep_sites:
        refuse(_left(conn, {unit.code: unit for unit in ended if unit.valid_to is not None}))
    return UnitChanges(
        opened=tuple(found[-1] for code, found in after.items() if code not in before),
        ended=tuple(ended),
        renamed=tuple(found[-1] for was, found in both if _names(was) != _names(found)),
        unchanged=sum(was == found for was, found in both),
    )


def publish_units(
    db: Database, new: Sequence[Unit], *, who: str, now_ms: int, keep_sites: bool
) -> UnitChanges:
    """Put a list into force as the next edition, with a line in the audit log; one that changes
    nothing makes none. Raises ListError as `compare_units` does, and StoreError; then nothing was
    stored."""
    with transaction(db.conn):
        changes = compare_units(db.conn, new, keep_sites=keep_sites)
        if changes:
            editions = Editions(db.conn, UNITS)
            number = editions.number() + 1
            editions.add(Edition(number, now_ms, who, msgspec.json.encode(new).decode()))
            said = (
                f"edition {number}: {len(changes.opened)} opened, {len(changes.ended)} ended, "
                f"{len(changes.renamed)} renamed"
            )
            record(db.conn, Deed(who, "units-imported", said), now_ms)
    return changes


def _left(conn: Connection, ended: dict[str, Unit]) -> list[ListError]:
    registered = conn.execute(
        """SELECT code, (SELECT name FROM names WHERE kind = 'site' AND names.code = sites.code
        ORDER BY from_day DESC LIMIT 1) FROM sites WHERE registered = 1 ORDER BY code"""
    )
    return [
        ListError("site_left", site=site, name=name, unit=site[:8], last=ended[site[:8]].valid_to)
        for site, name in registered
        if site[:8] in ended
    ]


def _by_code(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        found[unit.code].append(unit)
    return found


def _names(units: Sequence[Unit]) -> list[tuple[object, str]]:
    return [(unit.valid_from, unit.name) for unit in units]
