"""One TOML file per process; environment variables override it; an unknown key is fatal."""

import os
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from unicodedata import normalize

import msgspec

_T = TypeVar("_T")


class SettingsError(ValueError):
    """Settings that cannot be used; the message names the file and the key."""


def load_settings(
    path: Path,
    kind: type[_T],
    prefix: str,
    environment: Mapping[str, str] = os.environ,
    instead: Mapping[str, Any] = MappingProxyType({}),
) -> _T:
    """Read settings of `kind` from a TOML file; `instead` holds keys that replace the file's.

    `PREFIX_SECTION__KEY=value` in the environment overrides `key` of `[section]`; the value is
    TOML where it parses as such, else a plain string. A relative path means one beside the file;
    text is brought to NFC. Structs of `kind` should forbid unknown fields. Raises SettingsError
    naming what is wrong.
    """
    try:
        table = tomllib.loads(normalize("NFC", path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    table.update(instead)
    names = sorted(name for name in environment if name.startswith(f"{prefix}_"))
    for name in names:
        keys = name.removeprefix(f"{prefix}_").lower().split("__")
        try:
            _override(table, keys, environment[name])
        except TypeError as error:
            raise SettingsError(f"{name} in the environment: {error}") from error
    try:
        return msgspec.convert(table, kind, dec_hook=partial(_beside, path.parent))
    except msgspec.ValidationError as error:
        overridden = f" with {', '.join(names)} from the environment" if names else ""
        raise SettingsError(f"{path}{overridden}: {error}") from error


def _beside(folder: Path, kind: type[Any], value: Any) -> Any:
    if kind is not Path:
        raise NotImplementedError(f"settings of type {kind.__name__}")
    if not isinstance(value, str):
        raise TypeError(f"Expected a path, got `{type(value).__name__}`")
    return folder / value


def _override(table: dict[str, Any], keys: list[str], value: str) -> None:
    *sections, key = keys
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise TypeError(f"{section!r} is no section")
    try:
        found = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        found = {}
    table[key] = found["value"] if found.keys() == {"value"} else value
