"""Reading an operator's list of sites: all of it, or the faults with their lines."""

import csv
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from central.registry.provinces import provinces


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


class SiteListError(ValueError):
    """A list that cannot be used; every fault with its line, one to a line."""


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
        raise SiteListError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SiteListError(f"{path}: not UTF-8; save it as CSV UTF-8 and try again") from error
    return parse_sites(lines)


def parse_sites(lines: list[str]) -> list[SiteRecord]:
    """Read the lines of a list of sites; see `read_sites`."""
    sites: dict[str, SiteRecord] = {}
    faults: list[str] = []
    reader = csv.DictReader(lines, strict=True)
    try:
        _check_columns(tuple(reader.fieldnames or ()))
        for row in reader:
            try:
                site = _read_row(row, sites)
                sites[site.site] = site
            except SiteListError as fault:
                faults.append(f"line {reader.line_num}: {fault}")
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: {error}")
    if faults:
        raise SiteListError("\n".join(faults[:_MOST_FAULTS]))
    return list(sites.values())


def _check_columns(columns: tuple[str, ...]) -> None:
    if sorted(columns) != sorted(_COLUMNS):
        wanted, found = ", ".join(_COLUMNS), ", ".join(columns)
        raise SiteListError(f"line 1: the columns must be {wanted}, not {found}")


def _read_row(row: Mapping[str | None, str | None], known: Mapping[str, SiteRecord]) -> SiteRecord:
    if None in row or None in row.values():
        raise SiteListError(f"there must be {len(_COLUMNS)} fields")
    site, name, kind, national_code = (
        unicodedata.normalize("NFC", row[column] or "").strip() for column in _COLUMNS
    )
    if not _SITE.fullmatch(site):
        raise SiteListError(f"{site!r} is no site such as 01-00097-01")
    if site[:2] not in provinces():
        raise SiteListError(f"there is no province {site[:2]!r}")
    if site in known:
        raise SiteListError(f"{site} is there already")
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise SiteListError(f"the name must have 1 to {_LONGEST_NAME} printable characters")
    if kind not in {*SiteType}:
        raise SiteListError(f"type {kind!r} is none of {', '.join(SiteType)}")
    if national_code and not _NATIONAL_CODE.fullmatch(national_code):
        raise SiteListError(f"{national_code!r} is no agency code such as H44.100")
    return SiteRecord(site, name, SiteType(kind), national_code or None)
