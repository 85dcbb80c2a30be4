"""Commune-level units: wards, communes and special zones, by their official codes behind their
province's, such as `01-00097`."""

import re
from functools import cache
from importlib import resources
from pathlib import Path

from central.registry.dated_names import DatedNames, parse_names
from central.registry.lists import ListError, read_lines

_CODE = re.compile(r"[0-9]{2}-[0-9]{5}")


@cache
def shipped_units() -> DatedNames:
    """The 3,321 units since 1 July 2025."""
    text = resources.files("central.registry").joinpath("units.csv").read_text("utf-8")
    return parse_units(text.splitlines())


def read_units(path: Path) -> DatedNames:
    """Read a CSV file of dated names, in UTF-8. Raises ListError naming every fault; nothing of a
    faulty list should be used."""
    return parse_units(read_lines(path))


def parse_units(lines: list[str]) -> DatedNames:
    """Read the lines of a list of units; see `read_units`."""
    return parse_names(lines, _check_code)


def _check_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise ListError("unit", unit=repr(code))
