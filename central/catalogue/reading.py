"""Reading a list of procedures that somebody made: CSV, or TOML as hubs have it."""

from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

import msgspec
import zstandard
from msgspec.structs import replace

from central.registry.lists import ListError, read_days, read_lines, read_name, refuse, take_rows
from contract.decoders import from_builtins
from contract.procedures import Procedure, WrittenProcedure, named_twice
from runtime.settings import SettingsError, load_settings
from runtime.wording import LANGUAGES

COLUMNS = ("code", "name_vi", "name_en", "service", "valid_from", "valid_to")
_MOST = 3000
_MOST_BYTES = 40_000
"""Compressed; with a site's settings that is less than the 64 KiB that our brokers let through."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    procedures: tuple[WrittenProcedure, ...]


def read_procedures(path: Path) -> tuple[Procedure, ...]:
    """Read a file of procedures, in TOML if its name ends so, else in CSV with COLUMNS.

    Raises ListError naming every fault; nothing of a faulty list should be used.
    """
    if path.suffix != ".toml":
        return parse_procedures(read_lines(path))
    try:
        found = load_settings(path, _File, prefix="", environment={}).procedures
    except SettingsError as error:
        raise ListError("toml", what=error) from error
    return checked(tuple(_plain(one) for one in found))


def parse_procedures(lines: list[str]) -> tuple[Procedure, ...]:
    """Read the lines of a list of procedures in CSV; see `read_procedures`."""
    found: list[Procedure] = []
    take_rows(lines, COLUMNS, lambda row: found.append(_procedure(row)))
    return checked(tuple(found))


def checked(procedures: tuple[Procedure, ...]) -> tuple[Procedure, ...]:
    """A list that can be published, ordered by code and days, its names in NFC and stripped.

    Raises ListError for an empty one, for one too large for a message, for a code with two entries
    for the same day, and for a name that is missing in Vietnamese, in another language, or not
    printable.
    """
    if not procedures:
        raise ListError("empty")
    if len(procedures) > _MOST:
        raise ListError("too_many", most=_MOST)
    procedures = tuple(_tidied(one) for one in procedures)
    faults = [ListError("overlap", code=code) for code in named_twice(procedures)]
    for one in procedures:
        try:
            _check_names(one)
        except ListError as fault:
            faults.append(ListError("of_code", code=one.code, fault=fault))
    refuse(faults)
    ordered = tuple(sorted(procedures, key=lambda one: (one.code, one.days)))
    size = len(zstandard.compress(msgspec.msgpack.encode(ordered)))
    if size > _MOST_BYTES:
        raise ListError("too_large", kb=size // 1000, most=_MOST_BYTES // 1000)
    return ordered


def _tidied(procedure: Procedure) -> Procedure:
    names = {key: normalize("NFC", name).strip() for key, name in procedure.name.items()}
    return replace(procedure, name=names)


def _check_names(procedure: Procedure) -> None:
    if "vi" not in procedure.name or not procedure.name.keys() <= {*LANGUAGES}:
        raise ListError("languages", languages=", ".join(LANGUAGES))
    for name in procedure.name.values():
        read_name(name)


def _procedure(row: Mapping[str, str]) -> Procedure:
    first, last = read_days(row["valid_from"], row["valid_to"])
    names = {language: row[f"name_{language}"] for language in LANGUAGES}
    found = Procedure(
        code=row["code"],
        name={language: name for language, name in names.items() if name},
        service=row["service"],
        valid_from=first,
        valid_to=last,
    )
    try:
        return _plain(found)
    except msgspec.ValidationError as error:
        raise ListError("of_code", code=repr(row["code"]), fault=error) from error


def _plain(found: Procedure) -> Procedure:
    """As a message has it. Raises msgspec.ValidationError."""
    return from_builtins(msgspec.to_builtins(found), Procedure)
