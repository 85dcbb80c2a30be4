"""Putting a list of sites into the database."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from msgspec import Struct, UnsetType

from central.access.audit import Deed, record
from central.appointments.withdrawal import withdraw
from central.registry.lists import ListError, refuse
from central.registry.published_names import provinces_of, units_of
from central.registry.sites import SiteRecord
from central.rollup.business_day import day_of
from central.scope import Scope, unit_of
from central.store.appointments import Appointments, Withdrawal
from central.store.connection import Connection, Database
from central.store.database import transaction

_ALWAYS = "0001-01-01"


class Withdrawn(Struct, frozen=True):
    """Appointments of a site after its last day, by code and day, in the order of days."""

    site: str
    last: str
    appointments: tuple[tuple[str, str], ...]


class Registration(Struct, frozen=True):
    """What registering a list changes: the codes of sites that are new, changed, or as before, and
    which appointments there is no site for any more."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    withdrawn: tuple[Withdrawn, ...]


def place_check(conn: Connection) -> Callable[[str], None]:
    """What raises ListError for the code of a site in a province or unit that there is none of, by
    the lists in force."""
    provinces, units = provinces_of(conn), units_of(conn)

    def check(site: str) -> None:
        if site[:2] not in provinces:
            raise ListError("province", province=site[:2])
        if unit_of(site) not in units:
            raise ListError("no_unit", unit=unit_of(site))

    return check


def compare(db: Database, sites: Sequence[SiteRecord], today: str) -> Registration:
    """What `register` would change. Raises ListError for sites in provinces or units that there
    are none of."""
    refuse(list(_misplaced(sites, place_check(db.conn))))
    known = {
        code: tuple(rest)
        for code, *rest in db.execute(
            """SELECT code, valid_to, type, national_code, (SELECT name FROM names
            WHERE kind = 'site' AND names.code = sites.code ORDER BY from_day DESC LIMIT 1)
            FROM sites WHERE registered = 1"""
        )
    }
    new, changed, unchanged = [], [], []
    for site in sites:
        before = known.get(site.site)
        if before is None:
            new.append(site.site)
        elif before == (_last_day(site, before[0]), site.type, site.national_code, site.name):
            unchanged.append(site.site)
        else:
            changed.append(site.site)
    withdrawn = tuple(_withdrawn(db, sites, today))
    return Registration(tuple(new), tuple(changed), tuple(unchanged), withdrawn)


def register(db: Database, sites: Sequence[SiteRecord], *, who: str, now_ms: int) -> Registration:
    """Register sites; a changed name is valid from now on, and the old one stays for the past, as
    do the figures of a site that ends. Appointments after its last day are cancelled, which their
    sites' hubs are told. Both leave a line in the audit log.

    Sites missing from the list stay registered. Raises ListError as `compare` does, and StoreError;
    then nothing was stored.
    """
    today = day_of(now_ms)
    with transaction(db.conn):
        changes = compare(db, sites, today)
        for site in sites:
            if site.site in changes.unchanged:
                continue
            db.execute(
                """INSERT INTO sites (code, province, type, national_code, registered)
                VALUES (?, ?, ?, ?, 1) ON CONFLICT (code) DO UPDATE SET
                type = excluded.type, national_code = excluded.national_code, registered = 1""",
                (site.site, site.province, site.type, site.national_code),
            )
            if not isinstance(site.valid_to, UnsetType):
                db.execute(
                    "UPDATE sites SET valid_to = ? WHERE code = ?",
                    (_last_day(site, None), site.site),
                )
            db.execute(
                """INSERT INTO names (kind, code, from_day, name) VALUES ('site', ?, ?, ?)
                ON CONFLICT (kind, code, from_day) DO UPDATE SET name = excluded.name""",
                (site.site, _ALWAYS if site.site in changes.new else today, site.name),
            )
        if changes.new or changes.changed:
            said = f"{len(changes.new)} new, {len(changes.changed)} changed"
            record(db.conn, Deed(who, "sites-imported", said), now_ms)
        for ended in changes.withdrawn:
            withdraw(
                db.conn,
                ended.site,
                [code for code, _ in ended.appointments],
                Withdrawal.SITE_ENDED,
                said=f"after {ended.last}",
                who=who,
                now_ms=now_ms,
            )
    return changes


def _misplaced(sites: Sequence[SiteRecord], check: Callable[[str], None]) -> Iterator[ListError]:
    for site in sites:
        try:
            check(site.site)
        except ListError as fault:
            yield ListError("of_code", code=site.site, fault=fault)


def _withdrawn(db: Database, sites: Sequence[SiteRecord], today: str) -> Iterator[Withdrawn]:
    book = Appointments(db.conn, Scope())
    for site in sites:
        if isinstance(site.valid_to, date):
            last = site.valid_to.isoformat()
            to_come = book.to_come(site.site, today)
            if beyond := tuple((one.code, one.slot.day) for one in to_come if one.slot.day > last):
                yield Withdrawn(site.site, last, beyond)


def _last_day(site: SiteRecord, before: str | None) -> str | None:
    """As the database has it; a list that does not say leaves it as it was."""
    if isinstance(site.valid_to, UnsetType):
        return before
    return site.valid_to.isoformat() if site.valid_to else None
