"""Reading an operator's list of sites: all of it, or the faults with their lines."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType

from central.registry.lists import ListError, read_days, read_lines, read_name, take_rows


class SiteType(StrEnum):
    """What kind of place it is: a commune's centre, a point or branch of one, or a province's."""

    CENTRE = "centre"
    POINT = "point"
    BRANCH = "branch"
    PROVINCIAL = "provincial"


_COLUMNS = ("site", "name", "type", "national_code")
_LAST_DAY = "valid_to"
_SITE = re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{2}")
_NATIONAL_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,4}){0,4}")


class SiteRecord(Struct, frozen=True):
    """One site as the operator registers it; `national_code` is the agency's *mã định danh*,
    `valid_to` its last day, None until further notice, unset where the list does not say."""

    site: str
    name: str
    type: SiteType
    national_code: str | None
    valid_to: date | UnsetType | None = UNSET

    @property
    def province(self) -> str:
        """The province's code."""
        return self.site[:2]


def read_sites(path: Path, check_place: Callable[[str], None] | None = None) -> list[SiteRecord]:
    """Read a CSV file with the columns site, name, type, national_code and, where sites end,
    valid_to, in UTF-8.

    Names are normalised to NFC. `check_place` raises ListError for a site that cannot be where its
    code says. Raises ListError naming every fault with its line; nothing of a faulty list should be
    used.
    """
    return parse_sites(read_lines(path), check_place)


def parse_sites(
    lines: list[str], check_place: Callable[[str], None] | None = None
) -> list[SiteRecord]:
    """Read the lines of a list of sites; see `read_sites`."""
    sites: dict[str, SiteRecord] = {}

    def take(row: Mapping[str, str]) -> None:
        site = _read_row(row, sites)
        if check_place is not None:
            check_place(site.site)
        sites[site.site] = site

    take_rows(lines, _COLUMNS, take, optional=(_LAST_DAY,))
    return list(sites.values())


def _read_row(row: Mapping[str, str], known: Mapping[str, SiteRecord]) -> SiteRecord:
    site, name, kind, national_code = (row[column] for column in _COLUMNS)
    if not _SITE.fullmatch(site):
        raise ListError("site", site=repr(site))
    if site in known:
        raise ListError("twice", code=site)
    read_name(name)
    if kind not in {*SiteType}:
        raise ListError("kind", kind=repr(kind), kinds=", ".join(SiteType))
    if national_code and not _NATIONAL_CODE.fullmatch(national_code):
        raise ListError("national_code", code=repr(national_code))
    last = read_days("", row[_LAST_DAY])[1] if _LAST_DAY in row else UNSET
    return SiteRecord(site, name, SiteType(kind), national_code or None, last)
