"""The 34 provinces and cities since 1 July 2025: official two-digit codes and names."""

import csv
from functools import cache
from importlib import resources


@cache
def provinces() -> dict[str, str]:
    """Names of provinces by code."""
    text = resources.files("central.registry").joinpath("provinces.csv").read_text("utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}


def province_name(code: str) -> str:
    """The name of a province, or its code when there is none such."""
    return provinces().get(code, code)
