"""The commands of `thutu-central` about provinces, units, sites and their nodes."""

import argparse
import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from central.commands import Commands, invoking_user, words
from central.registry.dated_names import COLUMNS, DatedNames
from central.registry.nodes import await_nodes, compare_nodes, node_check, read_nodes
from central.registry.provinces import read_provinces
from central.registry.published_names import (
    Changes,
    compare_provinces,
    compare_units,
    provinces_of,
    publish_provinces,
    publish_units,
    units_of,
)
from central.registry.register import Withdrawn, compare, place_check, register
from central.registry.sites import read_sites
from central.registry.units import read_units
from central.rollup.business_day import day_of
from central.settings import CentralSettings
from central.store.database import reading, writing
from runtime.clock import SystemClock


def add_registry_commands(commands: Commands) -> None:
    """Add the commands that import provinces, units, sites and nodes, and print the former two."""
    commands.add("provinces", _print_provinces)
    provinces = commands.add("import-provinces", _import_provinces)
    provinces.add_argument("file", type=Path, help=words("help_provinces_file"))
    provinces.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))

    commands.add("units", _print_units)
    units = commands.add("import-units", _import_units)
    units.add_argument("file", type=Path, help=words("help_units_file"))
    units.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    units.add_argument("--keep-sites", action="store_true", help=words("help_keep_sites"))

    sites = commands.add("import-sites", _import_sites)
    sites.add_argument("file", type=Path, help=words("help_sites_file"))
    sites.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))

    nodes = commands.add("import-nodes", _import_nodes)
    nodes.add_argument("file", type=Path, help=words("help_nodes_file"))
    nodes.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))


def _print_provinces(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        return _table(provinces_of(conn))


def _import_provinces(settings: CentralSettings, given: argparse.Namespace) -> str:
    provinces, now_ms = read_provinces(given.file), SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        if given.dry_run:
            changes = compare_provinces(db.conn, provinces)
        else:
            changes = publish_provinces(db, provinces, who=invoking_user(), now_ms=now_ms)
    return _told(changes, dry_run=given.dry_run)


def _print_units(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        return _table(units_of(conn))


def _import_units(settings: CentralSettings, given: argparse.Namespace) -> str:
    units, keep = read_units(given.file), given.keep_sites
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        if given.dry_run:
            changes = compare_units(db.conn, units, keep_sites=keep)
        else:
            changes = publish_units(db, units, who=invoking_user(), now_ms=now_ms, keep_sites=keep)
    return _told(changes, dry_run=given.dry_run)


def _table(names: DatedNames) -> str:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    for name in names.all:
        rows.writerow((name.code, name.name, name.valid_from, name.valid_to or ""))
    return table.getvalue().rstrip("\n")


def _told(changes: Changes, *, dry_run: bool) -> str:
    summary = words("names_compared" if dry_run else "names_imported", unchanged=changes.unchanged)
    return "\n".join([*_lines(changes), summary])


def _lines(changes: Changes) -> Iterator[str]:
    for name in changes.opened:
        yield words("name_opened", code=name.code, name=name.name, first=name.valid_from)
    for name in changes.ended:
        yield words("name_ended", code=name.code, name=name.name, last=name.valid_to or "…")
    for name in changes.renamed:
        yield words("name_renamed", code=name.code, name=name.name, first=name.valid_from)


def _import_sites(settings: CentralSettings, given: argparse.Namespace) -> str:
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        sites = read_sites(given.file, place_check(db.conn))
        if given.dry_run:
            changes = compare(db, sites, day_of(now_ms))
        else:
            changes = register(db, sites, who=invoking_user(), now_ms=now_ms)
    summary = words(
        "sites_compared" if given.dry_run else "sites_imported",
        new=len(changes.new),
        changed=len(changes.changed),
        unchanged=len(changes.unchanged),
    )
    return "\n".join([*_beyond(changes.withdrawn, dry_run=given.dry_run), summary])


def _import_nodes(settings: CentralSettings, given: argparse.Namespace) -> str:
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db:
        nodes = read_nodes(given.file, node_check(db.conn))
        if given.dry_run:
            changes = compare_nodes(db.conn, nodes, day_of(now_ms))
        else:
            changes = await_nodes(db, nodes, who=invoking_user(), now_ms=now_ms)
    return words(
        "nodes_compared" if given.dry_run else "nodes_imported",
        new=len(changes.new),
        changed=len(changes.changed),
        unchanged=changes.unchanged,
        heard=changes.heard,
    )


def _beyond(withdrawn: Iterable[Withdrawn], *, dry_run: bool) -> Iterator[str]:
    for one in withdrawn:
        days = [day for _, day in one.appointments]
        yield words(
            "appointments_beyond" if dry_run else "appointments_withdrawn",
            site=one.site,
            last=one.last,
            count=len(days),
            first=days[0],
            latest=days[-1],
        )
