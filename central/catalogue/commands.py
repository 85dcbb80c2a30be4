"""The commands of `thutu-central` about the catalogue of procedures."""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from central.catalogue.catalogue import Changes, catalogue_of, compare, publish
from central.catalogue.reading import COLUMNS, read_procedures
from central.commands import Commands, invoking_user, words
from central.settings import CentralSettings
from central.store.database import reading, writing
from contract.procedures import Procedure
from runtime.clock import SystemClock


def add_catalogue_commands(commands: Commands) -> None:
    """Add the commands that print the catalogue, and put another into force."""
    commands.add("procedures", _print)
    importing = commands.add("import-procedures", _import)
    importing.add_argument("file", type=Path, help=words("help_procedures_file"))
    importing.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))


def _print(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        found = catalogue_of(conn)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(one) for one in found.procedures)
    return table.getvalue().rstrip("\n")


def _import(settings: CentralSettings, given: argparse.Namespace) -> str:
    procedures = read_procedures(given.file)
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        if given.dry_run:
            changes = compare(catalogue_of(db.conn).procedures, procedures)
        else:
            changes = publish(db, procedures, who=invoking_user(), address="", now_ms=now_ms)
        edition = catalogue_of(db.conn).edition
    summary = words(
        "procedures_compared" if given.dry_run else "procedures_imported",
        edition=edition,
        unchanged=changes.unchanged,
    )
    return "\n".join([*_told(changes), summary])


def _told(changes: Changes) -> Iterator[str]:
    for key, those in (
        ("procedure_added", changes.added),
        ("procedure_ended", changes.ended),
        ("procedure_changed", changes.changed),
        ("procedure_removed", changes.removed),
    ):
        for one in those:
            yield words(
                key,
                code=one.code,
                name=one.name["vi"],
                first=one.valid_from or "…",
                last=one.valid_to or "…",
            )


def _row(one: Procedure) -> tuple[object, ...]:
    names = (one.name.get("vi", ""), one.name.get("en", ""))
    return (one.code, *names, one.service, one.valid_from or "", one.valid_to or "")
