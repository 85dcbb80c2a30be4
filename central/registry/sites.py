"""Reading an operator's list of sites: all of it, or the faults with their lines."""

import csv
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from central.registry.provinces import provinces
from runtime.worded_error import WordedError


class SiteType(StrEnum):
    """What kind of place it is: a commune's centre, a point or branch of one, or a province's."""

    CENTRE = "centre"
    POINT = "point"
    BRANCH = "branch"
    PROVINCIAL = "provincial"


_COLUMNS = ("site", "name", "type", "national_code")
_SITE = re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{2}")
_NATIONAL_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,4}){0,4}")
_LONGEST_NAME = 200
_MOST_FAULTS = 50


class SiteListError(WordedError):
    """A list that cannot be used; every fault with its line, one to a line."""

    section = "site_list_refused"


class SiteRecord(Struct, frozen=True):
    """One site as the operator registers it; `national_code` is the agency's *mã định danh*."""

    site: str
    name: str
    type: SiteType
    national_code: str | None

    @property
    def province(self) -> str:
        """The province's code."""
        return self.site[:2]


def read_sites(path: Path) -> list[SiteRecord]:
    """Read a CSV file with the columns site, name, type and national_code, in UTF-8.

    Names are normalised to NFC. Raises SiteListError naming every fault with its line; nothing of
    a faulty list should be used.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SiteListError("unreadable", file=path, what=error.strerror) from error
    except UnicodeDecodeError as error:
        raise SiteListError("not_utf8", file=path) from error
    return parse_sites(lines)


def parse_sites(lines: list[str]) -> list[SiteRecord]:
    """Read the lines of a list of sites; see `read_sites`."""
    sites: dict[str, SiteRecord] = {}
    faults: list[SiteListError] = []
    reader = csv.DictReader(lines, strict=True)
    try:
        _check_columns(tuple(reader.fieldnames or ()))
        for row in reader:
            try:
                site = _read_row(row, sites)
                sites[site.site] = site
            except SiteListError as fault:
                faults.append(SiteListError("line", line=reader.line_num, fault=fault))
    except csv.Error as error:
        faults.append(SiteListError("line", line=reader.line_num, fault=error))
    if faults:
        raise SiteListError("faults", faults=tuple(faults[:_MOST_FAULTS]))
    return list(sites.values())


def _check_columns(columns: tuple[str, ...]) -> None:
    if sorted(columns) != sorted(_COLUMNS):
        wanted, found = ", ".join(_COLUMNS), ", ".join(columns)
        raise SiteListError("columns", wanted=wanted, found=found)


def _read_row(row: Mapping[str | None, str | None], known: Mapping[str, SiteRecord]) -> SiteRecord:
    if None in row or None in row.values():
        raise SiteListError("fields", count=len(_COLUMNS))
    site, name, kind, national_code = (
        unicodedata.normalize("NFC", row[column] or "").strip() for column in _COLUMNS
    )
    if not _SITE.fullmatch(site):
        raise SiteListError("site", site=repr(site))
    if site[:2] not in provinces():
        raise SiteListError("province", province=site[:2])
    if site in known:
        raise SiteListError("twice", site=site)
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise SiteListError("name", longest=_LONGEST_NAME)
    if kind not in {*SiteType}:
        raise SiteListError("kind", kind=repr(kind), kinds=", ".join(SiteType))
    if national_code and not _NATIONAL_CODE.fullmatch(national_code):
        raise SiteListError("national_code", code=repr(national_code))
    return SiteRecord(site, name, SiteType(kind), national_code or None)
