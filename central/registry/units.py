"""The 3,321 commune-level units since 1 July 2025: wards, communes and special zones, by their
official codes behind their province's, such as `01-00097`."""

import csv
from functools import cache
from importlib import resources


@cache
def units() -> dict[str, str]:
    """Names of units by code."""
    text = resources.files("central.registry").joinpath("units.csv").read_text("utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}


def unit_name(code: str) -> str:
    """The name of a unit, or its code when there is none such."""
    return units().get(code, code)
