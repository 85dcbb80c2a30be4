"""A printer's profile as the lines that belong into a hub's settings."""

import json
from typing import Any

import msgspec

from edge.devices.printer_profile import PrinterProfile

_SECTION = "[printer.profile]"


def profile_toml(profile: PrinterProfile) -> str:
    """`[printer.profile]` with the keys in which `profile` differs from the usual one."""
    usual = msgspec.to_builtins(PrinterProfile())
    keys = msgspec.to_builtins(profile).items()
    lines = [f"{key} = {_value(value)}" for key, value in keys if value != usual[key]]
    return "\n".join((_SECTION, *lines)) + "\n"


def _value(value: Any) -> str:
    """Texts, numbers and truth values are written in TOML as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
