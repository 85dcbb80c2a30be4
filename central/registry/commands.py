"""The commands of `thutu-central` about units and sites."""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from central.access.accounts import OPERATORS_COMMAND
from central.commands import Commands, words
from central.registry.register import compare, register
from central.registry.sites import read_sites
from central.registry.unit_editions import UnitChanges, compare_units, publish_units, units_of
from central.registry.units import COLUMNS, read_units
from central.rollup.business_day import day_of
from central.settings import CentralSettings
from central.store.database import reading, writing
from runtime.clock import SystemClock


def add_registry_commands(commands: Commands) -> None:
    """Add the commands that import units and sites, and print units."""
    commands.add("units", _print_units)
    units = commands.add("import-units", _import_units)
    units.add_argument("file", type=Path, help=words("help_units_file"))
    units.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    units.add_argument("--keep-sites", action="store_true", help=words("help_keep_sites"))

    sites = commands.add("import-sites", _import_sites)
    sites.add_argument("file", type=Path, help=words("help_sites_file"))
    sites.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))


def _print_units(settings: CentralSettings, _given: argparse.Namespace) -> str:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    with reading(settings.database()) as conn:
        for unit in units_of(conn).all:
            rows.writerow((unit.code, unit.name, unit.valid_from, unit.valid_to or ""))
    return table.getvalue().rstrip("\n")


def _import_units(settings: CentralSettings, given: argparse.Namespace) -> str:
    units, keep = read_units(given.file), given.keep_sites
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        if given.dry_run:
            changes = compare_units(db.conn, units, keep_sites=keep)
        else:
            changes = publish_units(
                db, units, who=OPERATORS_COMMAND, now_ms=now_ms, keep_sites=keep
            )
    summary = words(
        "units_compared" if given.dry_run else "units_imported", unchanged=changes.unchanged
    )
    return "\n".join([*_told(changes), summary])


def _told(changes: UnitChanges) -> Iterator[str]:
    for unit in changes.opened:
        yield words("unit_opened", code=unit.code, name=unit.name, first=unit.valid_from)
    for unit in changes.ended:
        yield words("unit_ended", code=unit.code, name=unit.name, last=unit.valid_to or "…")
    for unit in changes.renamed:
        yield words("unit_renamed", code=unit.code, name=unit.name, first=unit.valid_from)


def _import_sites(settings: CentralSettings, given: argparse.Namespace) -> str:
    sites = read_sites(given.file)
    today = day_of(SystemClock().stamp().wall_ms)
    with writing(settings.database()) as db:
        changes = compare(db, sites) if given.dry_run else register(db, sites, today)
    return words(
        "sites_compared" if given.dry_run else "sites_imported",
        new=len(changes.new),
        changed=len(changes.changed),
        unchanged=len(changes.unchanged),
    )
