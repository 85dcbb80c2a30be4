"""The lists of provinces and of units in force, and putting others into force."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from central.access.audit import Deed, record
from central.registry.dated_names import DatedName, DatedNames
from central.registry.lists import ListError, refuse
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.scope import unit_of
from central.store.connection import Connection, Database
from central.store.database import transaction
from central.store.editions import Edition, Editions
from contract.decoders import from_json

PROVINCES, UNITS = "provinces", "units"


class Changes(Struct, frozen=True):
    """What another list changes: places that are new, whose last day was set or moved, and that are
    otherwise named, each as it is at last; and how many are as before."""

    opened: tuple[DatedName, ...]
    ended: tuple[DatedName, ...]
    renamed: tuple[DatedName, ...]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.opened or self.ended or self.renamed)


def provinces_of(conn: Connection) -> DatedNames:
    """The provinces in force: the list imported last, or else the one that is shipped."""
    found = Editions(conn, PROVINCES).newest()
    return shipped_provinces() if found is None else names_in(found)


def units_of(conn: Connection) -> DatedNames:
    """The units in force: the list imported last, or else the one that is shipped."""
    found = Editions(conn, UNITS).newest()
    return shipped_units() if found is None else names_in(found)


def names_in(edition: Edition) -> DatedNames:
    """The list of an edition."""
    return DatedNames(from_json(edition.content, tuple[DatedName, ...]))


def compare_provinces(conn: Connection, new: DatedNames) -> Changes:
    """What importing `new` would change.

    Raises ListError for a list without a province that there is or was, and for one that ends a
    province before its units.
    """
    changes = _compare(provinces_of(conn), new)
    refuse(_outlasting(units_of(conn), new))
    return changes


def publish_provinces(db: Database, new: DatedNames, *, who: str, now_ms: int) -> Changes:
    """Put a list into force as the next edition, with a line in the audit log; one that changes
    nothing makes none. Raises ListError as `compare_provinces` does, and StoreError; then nothing
    was stored."""
    with transaction(db.conn):
        changes = compare_provinces(db.conn, new)
        _add(db.conn, PROVINCES, new, changes, who=who, now_ms=now_ms)
    return changes


def compare_units(conn: Connection, new: DatedNames, *, keep_sites: bool) -> Changes:
    """What importing `new` would change.

    Raises ListError for a list without a unit that there is or was, with one outside its
    province's days, and, unless `keep_sites`, for one that ends a unit in which sites go
    on, naming them.
    """
    changes = _compare(units_of(conn), new)
    refuse(_outlasting(new, provinces_of(conn)))
    if not keep_sites:
        refuse(_left(conn, changes.ended))
    return changes


def publish_units(
    db: Database, new: DatedNames, *, who: str, now_ms: int, keep_sites: bool
) -> Changes:
    """Put a list into force as `publish_provinces` does. Raises ListError as `compare_units` does,
    and StoreError; then nothing was stored."""
    with transaction(db.conn):
        changes = compare_units(db.conn, new, keep_sites=keep_sites)
        _add(db.conn, UNITS, new, changes, who=who, now_ms=now_ms)
    return changes


def _compare(old: DatedNames, new: DatedNames) -> Changes:
    before, after = old.by_code, new.by_code
    refuse([ListError("missing", code=code) for code in sorted(before.keys() - after.keys())])
    both = [(before[code], found) for code, found in after.items() if code in before]
    return Changes(
        opened=tuple(found[-1] for code, found in after.items() if code not in before),
        ended=tuple(found[-1] for was, found in both if was[-1].valid_to != found[-1].valid_to),
        renamed=tuple(found[-1] for was, found in both if _names(was) != _names(found)),
        unchanged=sum(was == found for was, found in both),
    )


def _add(
    conn: Connection, of: str, new: DatedNames, changes: Changes, *, who: str, now_ms: int
) -> None:
    if not changes:
        return
    editions = Editions(conn, of)
    number = editions.number() + 1
    editions.add(Edition(number, now_ms, who, msgspec.json.encode(new.all).decode()))
    said = (
        f"edition {number}: {len(changes.opened)} opened, {len(changes.ended)} ended, "
        f"{len(changes.renamed)} renamed"
    )
    record(conn, Deed(who, f"{of}-imported", said), now_ms)


def _outlasting(units: DatedNames, provinces: DatedNames) -> list[ListError]:
    """Units without a province, or that go on when theirs is over."""
    faults = []
    for code, unit in units.by_code.items():
        province = provinces.by_code.get(code[:2])
        if province is None:
            unknown = ListError("province", province=code[:2])
            faults.append(ListError("of_code", code=code, fault=unknown))
            continue
        last = province[-1].valid_to
        if last is not None and (unit[-1].valid_to is None or unit[-1].valid_to > last):
            faults.append(ListError("outlasts", code=code, province=code[:2], last=last))
    return faults


def _left(conn: Connection, ended: Iterable[DatedName]) -> list[ListError]:
    last = {unit.code: unit.valid_to.isoformat() for unit in ended if unit.valid_to is not None}
    registered = conn.execute(
        """SELECT code, (SELECT name FROM names WHERE kind = 'site' AND names.code = sites.code
        ORDER BY from_day DESC LIMIT 1), valid_to
        FROM sites WHERE registered = 1 ORDER BY code"""
    )
    return [
        ListError("site_left", site=site, name=name, unit=unit_of(site), last=last[unit_of(site)])
        for site, name, valid_to in registered
        if unit_of(site) in last and (valid_to is None or valid_to > last[unit_of(site)])
    ]


def _names(names: Iterable[DatedName]) -> list[tuple[object, str]]:
    return [(name.valid_from, name.name) for name in names]
