"""The commands of `thutu-central` about hubs' configurations."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from central.configuration.differences import Difference, differences, wanted
from central.configuration.shelf import Shelf
from central.scope import Scope
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.database import reading
from central.store.reader import NodeRow, Reader

_Say = Callable[[str], None]


def add_configuration_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: _Say
) -> None:
    """Add the commands; they say their answers to `say`."""

    def add(
        name: str,
        words: str,
        command: Callable[[CentralSettings, argparse.Namespace], str],
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=words)
        parser.set_defaults(command=lambda settings, given: say(command(settings, given)))
        return parser

    add("config-key", "print the public key that hubs need as centre_key", _key)
    publish = add("publish-config", "sign a site's configuration and give it to its hub", _publish)
    publish.add_argument("site", help="such as 01-00097-01")
    publish.add_argument("file", type=Path, help="TOML with [site], procedures or follow_url")
    add(
        "configurations",
        "list the hubs that do not run what was decided, or what most run",
        _list,
    )


def _key(settings: CentralSettings, _given: argparse.Namespace) -> str:
    return signing_key_of(settings.folder).public_key().public_bytes_raw().hex()


def _publish(settings: CentralSettings, given: argparse.Namespace) -> str:
    text = given.file.read_text("utf-8")
    node = f"{given.site}-h1"
    done = Shelf(settings.folder).put(signing_key_of(settings.folder), node, text)
    return f"{node}: configuration {done.label} goes out when the hub next reports"


def _list(settings: CentralSettings, _given: argparse.Namespace) -> str:
    shelf = Shelf(settings.folder)
    with reading(settings.database()) as conn:
        should = wanted(conn, shelf)
        hubs: dict[str, list[NodeRow]] = {
            node.rpartition("-")[0]: [] for node in should.configurations
        }
        for node in Reader(conn, Scope()).nodes():
            hubs.setdefault(node.site, []).append(node)
    lines = [line for one in differences(hubs, should) for line in _said(one)]
    return "\n".join(lines) or f"all {len(should.configurations)} hubs run what was decided"


def _said(one: Difference) -> Iterator[str]:
    if one.config_differs:
        decided = one.wanted_config or "what was decided, which cannot be read: publish it again"
        yield f"{one.node}: {one.config or 'nothing heard'}, not {decided}"
    if one.software_differs:
        yield f"{one.node}: software {one.software}, and most run {one.wanted_software}"
