"""The commands of `thutu-central` about hubs' configurations."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from central.catalogue.catalogue import catalogue_of
from central.catalogue.handled import Handled
from central.commands import Commands, words
from central.configuration.book import ConfigurationBook
from central.configuration.differences import Difference, differences, wanted
from central.rollup.business_day import day_of
from central.scope import Scope
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.database import reading, transaction, writing
from central.store.reader import NodeRow, Reader
from runtime.clock import SystemClock


def add_configuration_commands(commands: Commands) -> None:
    """Add the commands that decide what hubs run, and show which run something else."""

    commands.add("config-key", _key)
    publish = commands.add("publish-config", _publish)
    publish.add_argument("site", help=words("help_site"))
    publish.add_argument("file", type=Path, help=words("help_config_file"))
    commands.add("configurations", _list)


def _key(settings: CentralSettings, _given: argparse.Namespace) -> str:
    return signing_key_of(settings.folder).public_key().public_bytes_raw().hex()


def _publish(settings: CentralSettings, given: argparse.Namespace) -> str:
    text = given.file.read_text("utf-8")
    node = f"{given.site}-h1"
    key = signing_key_of(settings.folder)
    with writing(settings.database()) as db, transaction(db.conn):
        handled = Handled(catalogue_of(db.conn))
        done = ConfigurationBook(db.conn).put(key, node, text, handled)
    return words("config_published", node=node, label=done.label)


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
    decided = {*should.configurations}
    if should.has_catalogue:
        decided |= {node.node for nodes in hubs.values() for node in nodes}
    return "\n".join(lines) or words("configs_as_decided", count=len(decided))


def _said(one: Difference) -> Iterator[str]:
    if one.config_differs:
        yield words(
            "config_differs",
            node=one.node,
            runs=one.config or words("nothing_heard"),
            decided=one.wanted_config or words("config_unknown"),
        )
    if one.software_differs:
        yield words("software_differs", node=one.node, runs=one.software, told=one.wanted_software)
    for machine in one.machines:
        yield words(
            "machine_differs",
            node=one.node,
            machine=machine.device or machine.address,
            address=machine.address,
            runs=machine.software,
            hub=one.software,
        )
