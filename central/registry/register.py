"""Putting a list of sites into the database."""

from collections.abc import Sequence

from msgspec import Struct, UnsetType

from central.registry.lists import ListError, refuse
from central.registry.published_names import provinces_of
from central.registry.sites import SiteRecord
from central.store.connection import Database
from central.store.database import transaction

_ALWAYS = "0001-01-01"


class Registration(Struct, frozen=True):
    """What registering a list changes: the codes of sites that are new, changed, or as before."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def compare(db: Database, sites: Sequence[SiteRecord]) -> Registration:
    """What `register` would change. Raises ListError for sites in provinces that there are none
    of."""
    provinces = provinces_of(db.conn)
    refuse(
        [
            ListError(
                "of_code", code=site.site, fault=ListError("province", province=site.province)
            )
            for site in sites
            if site.province not in provinces
        ]
    )
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
    return Registration(tuple(new), tuple(changed), tuple(unchanged))


def register(db: Database, sites: Sequence[SiteRecord], day: str) -> Registration:
    """Register sites; a changed name is valid from `day` on, and the old one stays for the past, as
    do the figures of a site that ends.

    Sites missing from the list stay registered. Raises ListError as `compare` does, and StoreError;
    then nothing was stored.
    """
    with transaction(db.conn):
        changes = compare(db, sites)
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
                (site.site, _ALWAYS if site.site in changes.new else day, site.name),
            )
    return changes


def _last_day(site: SiteRecord, before: str | None) -> str | None:
    """As the database has it; a list that does not say leaves it as it was."""
    if isinstance(site.valid_to, UnsetType):
        return before
    return site.valid_to.isoformat() if site.valid_to else None
