"""Putting a list of sites into the database."""

from collections.abc import Sequence

from msgspec import Struct

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
    """What `register` would change."""
    known = {
        code: tuple(rest)
        for code, *rest in db.execute(
            """SELECT code, type, national_code, (SELECT name FROM names
            WHERE kind = 'site' AND names.code = sites.code ORDER BY from_day DESC LIMIT 1)
            FROM sites WHERE registered = 1"""
        )
    }
    new, changed, unchanged = [], [], []
    for site in sites:
        before = known.get(site.site)
        if before is None:
            new.append(site.site)
        elif before == (site.type, site.national_code, site.name):
            unchanged.append(site.site)
        else:
            changed.append(site.site)
    return Registration(tuple(new), tuple(changed), tuple(unchanged))


def register(db: Database, sites: Sequence[SiteRecord], day: str) -> Registration:
    """Register sites; a changed name is valid from `day` on, and the old one stays for the past.

    Sites missing from the list stay registered. Raises StoreError when nothing was stored.
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
            db.execute(
                """INSERT INTO names (kind, code, from_day, name) VALUES ('site', ?, ?, ?)
                ON CONFLICT (kind, code, from_day) DO UPDATE SET name = excluded.name""",
                (site.site, _ALWAYS if site.site in changes.new else day, site.name),
            )
    return changes
