"""One TOML file per process; environment variables override it; an unknown key is fatal."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


class SettingsError(ValueError):
    """Settings that cannot be used; the message names the file and the key."""


def load_settings(
    path: Path, kind: type[_T], prefix: str, environment: Mapping[str, str] = os.environ
) -> _T:
    """Read settings of `kind` from a TOML file.

    `PREFIX_SECTION__KEY=value` in the environment overrides `key` of `[section]`; the value is
    TOML where it parses as such, else a plain string. Structs of `kind` should forbid unknown
    fields. Raises SettingsError naming what is wrong.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    for name, value in environment.items():
        if name.startswith(f"{prefix}_"):
            _override(table, name.removeprefix(f"{prefix}_").lower().split("__"), value)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from error


def _override(table: dict[str, Any], keys: list[str], value: str) -> None:
    *sections, key = keys
    for section in sections:
        table = table.setdefault(section, {})
    try:
        table[key] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        table[key] = value
