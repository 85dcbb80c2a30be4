"""The commands of `thutu-central` about hubs' configurations."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from central.access.audit import Deed, record
from central.appointments.commands import named, slot_rule
from central.appointments.withdrawal import unfit, withdraw
from central.catalogue.catalogue import catalogue_of
from central.catalogue.handled import Handled
from central.commands import Commands, invoking_user, words
from central.configuration.book import ConfigurationBook, ConfigurationError
from central.configuration.differences import Difference, Wanted, differences, wanted
from central.configuration.hubs import hubs_named
from central.configuration.site_rules import why_not_taken
from central.rollup.business_day import day_of
from central.scope import Scope
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.appointments import Withdrawal
from central.store.connection import Connection
from central.store.database import reading, transaction, writing
from central.store.reader import NodeRow, Reader
from contract.ids import split_node
from contract.wire import Configuration
from runtime.clock import SystemClock


class _TriedError(Exception):
    """What a dry run did is taken back."""


def add_configuration_commands(commands: Commands) -> None:
    """Add the commands that decide what hubs run, and show which run something else."""

    commands.add("config-key", _key)
    publish = commands.add("publish-config", _publish)
    publish.add_argument("place", metavar="SITE|NODE", help=words("help_site_or_node"))
    publish.add_argument("file", type=Path, help=words("help_config_file"))
    publish.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    commands.add("configurations", _list)


def _key(settings: CentralSettings, _given: argparse.Namespace) -> str:
    return signing_key_of(settings.folder).public_key().public_bytes_raw().hex()


def _publish(settings: CentralSettings, given: argparse.Namespace) -> str:
    text, lines = _read(given.file), list[str]()
    with writing(settings.database()) as db, suppress(_TriedError), transaction(db.conn):
        done = _put(db.conn, settings, hubs_named(db.conn, given.place), text)
        for one in done:
            deed = Deed(invoking_user(), "configuration-published", f"{one.node}: {one.label}")
            record(db.conn, deed, SystemClock().stamp().wall_ms)
        lines += [
            words(
                "config_compared" if given.dry_run else "config_published",
                node=one.node,
                label=one.label,
            )
            for one in done
        ]
        lines += _withdrawn(db.conn, settings, done[0], dry_run=given.dry_run)
        if given.dry_run:
            raise _TriedError
    return "\n".join(lines)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("not_utf8", file=file) from error


def _put(
    conn: Connection, settings: CentralSettings, nodes: Sequence[str], text: str
) -> list[Configuration]:
    book, handled = ConfigurationBook(conn), Handled(catalogue_of(conn))
    key = signing_key_of(settings.folder)
    return [book.put(key, node, text, handled) for node in nodes]


def _withdrawn(
    conn: Connection, settings: CentralSettings, done: Configuration, *, dry_run: bool
) -> Iterator[str]:
    """Take back what does not fit the site any more, and say so."""
    site, now_ms = split_node(done.node).site, SystemClock().stamp().wall_ms
    gone = unfit(conn, site, slot_rule(settings), now_ms)
    withdraw(
        conn,
        site,
        [one.code for one in gone],
        Withdrawal.NOT_OFFERED,
        said=f"by {done.node} {done.label}",
        who=invoking_user(),
        now_ms=now_ms,
    )
    return named("appointments_unfit" if dry_run else "appointments_not_offered", site, gone)


def _list(settings: CentralSettings, _given: argparse.Namespace) -> str:
    today = day_of(SystemClock().stamp().wall_ms)
    with reading(settings.database()) as conn:
        should = wanted(conn, today)
        hubs: dict[str, list[NodeRow]] = {
            node.rpartition("-")[0]: [] for node in should.configurations
        }
        for node in Reader(conn, Scope()).nodes():
            if node.site not in should.over:
                hubs.setdefault(node.site, []).append(node)
    lines = [line for one in differences(hubs, should) for line in _said(one)]
    lines += _not_taken(should)
    decided = {*should.configurations}
    if should.has_catalogue:
        decided |= {node.node for nodes in hubs.values() for node in nodes}
    return "\n".join(lines) or words("configs_as_decided", count=len(decided))


def _not_taken(should: Wanted) -> Iterator[str]:
    for node, decided in sorted(should.configurations.items()):
        if (why := why_not_taken(decided.text, node)) is not None:
            yield words("config_not_taken", node=node, what=why)


def _said(one: Difference) -> Iterator[str]:
    if one.config_differs:
        yield words(
            "config_differs",
            node=one.node,
            runs=one.config or words("nothing_heard"),
            decided=one.wanted_config or words("config_unknown"),
        )
    if one.version_differs:
        yield words("software_differs", node=one.node, runs=one.software, told=one.wanted_software)
    if one.files_differ:
        yield words(
            "files_differ",
            node=one.node,
            runs=one.software,
            fingerprint=one.fingerprint,
            published=one.published,
        )
    for machine in one.machines:
        yield words(
            "machine_differs",
            node=one.node,
            machine=machine.device or machine.address,
            address=machine.address,
            runs=machine.software,
            hub=one.software,
        )
