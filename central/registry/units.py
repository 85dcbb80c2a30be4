"""Commune-level units: wards, communes and special zones, by their official codes behind their
province's, such as `01-00097`, each with its names and the days on which they are in force."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import groupby, pairwise
from pathlib import Path

from msgspec import Struct

from central.registry.lists import ListError, read_days, read_lines, read_name, refuse, take_rows
from central.registry.provinces import provinces

COLUMNS = ("code", "name", "valid_from", "valid_to")
_CODE = re.compile(r"[0-9]{2}-[0-9]{5}")


class Unit(Struct, frozen=True, omit_defaults=True):
    """A unit under one name, from its first day in force to its last; None: until further notice.

    One that is renamed has several, one after the other without a gap.
    """

    code: str
    name: str
    valid_from: date
    valid_to: date | None = None

    def is_in_force(self, day: date) -> bool:
        """Whether it is there, under this name, on a day."""
        return self.valid_from <= day <= (self.valid_to or date.max)


class Units:
    """All units there are and were."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.all = tuple(units)
        self._by_code: dict[str, list[Unit]] = {
            code: list(found) for code, found in groupby(self.all, key=lambda unit: unit.code)
        }

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def in_force(self, day: date) -> list[Unit]:
        """The units of a day, by code."""
        return [unit for unit in self.all if unit.is_in_force(day)]

    def name(self, code: str, day: date) -> str:
        """The name of a unit on a day; its first name before it was there, its last when it is
        over, and its code when there is none such."""
        known = self._by_code.get(code)
        if known is None:
            return code
        begun = [unit for unit in known if unit.valid_from <= day]
        return begun[-1].name if begun else known[0].name


@cache
def shipped_units() -> Units:
    """The 3,321 units since 1 July 2025."""
    text = resources.files("central.registry").joinpath("units.csv").read_text("utf-8")
    return Units(parse_units(text.splitlines()))


def read_units(path: Path) -> tuple[Unit, ...]:
    """Read a CSV file with COLUMNS, in UTF-8. Raises ListError naming every fault; nothing of a
    faulty list should be used."""
    return parse_units(read_lines(path))


def parse_units(lines: list[str]) -> tuple[Unit, ...]:
    """Read the lines of a list of units, in the order of codes and days; see `read_units`."""
    found: list[Unit] = []
    take_rows(lines, COLUMNS, lambda row: found.append(_read_row(row)))
    if not found:
        raise ListError("empty")
    found.sort(key=lambda unit: (unit.code, unit.valid_from))
    refuse([fault for one, following in pairwise(found) for fault in _between(one, following)])
    return tuple(found)


def _read_row(row: Mapping[str, str]) -> Unit:
    code = row["code"]
    if not _CODE.fullmatch(code):
        raise ListError("unit", unit=repr(code))
    if code[:2] not in provinces():
        raise ListError("province", province=code[:2])
    first, last = read_days(row["valid_from"], row["valid_to"])
    if first is None:
        raise ListError("no_first_day")
    return Unit(code, read_name(row["name"]), first, last)


def _between(one: Unit, following: Unit) -> Iterable[ListError]:
    if one.code != following.code:
        return
    if one.valid_to is None or one.valid_to >= following.valid_from:
        yield ListError("overlap", code=one.code)
    elif one.valid_to + timedelta(days=1) != following.valid_from:
        yield ListError("gap", code=one.code, last=one.valid_to, first=following.valid_from)
