"""Provinces and cities under the central government, by their official two-digit codes."""

import re
from functools import cache
from importlib import resources
from pathlib import Path

from central.registry.dated_names import DatedNames, parse_names
from central.registry.lists import ListError, read_lines

_CODE = re.compile(r"[0-9]{2}")


@cache
def shipped_provinces() -> DatedNames:
    """The 34 provinces and cities since 1 July 2025."""
    text = resources.files("central.registry").joinpath("provinces.csv").read_text("utf-8")
    return parse_provinces(text.splitlines())


def read_provinces(path: Path) -> DatedNames:
    """Read a CSV file of dated names, in UTF-8. Raises ListError naming every fault; nothing of a
    faulty list should be used."""
    return parse_provinces(read_lines(path))


def parse_provinces(lines: list[str]) -> DatedNames:
    """Read the lines of a list of provinces; see `read_provinces`."""
    return parse_names(lines, _check_code)


def _check_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise ListError("province_code", province=repr(code))
