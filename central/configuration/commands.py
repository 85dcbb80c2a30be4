"""The commands of `thutu-central` about hubs' configurations."""

import argparse
from collections.abc import Callable
from pathlib import Path

from central.configuration.differences import differences
from central.configuration.shelf import Shelf
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.database import reading

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
    add("configurations", "list the hubs that run another configuration than decided", _list)


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
        found = differences(conn, shelf)
    lines = [f"{one.node}: {one.reported or 'nothing heard'}, not {one.wanted}" for one in found]
    return "\n".join(lines) or f"all {len(shelf.nodes())} hubs run what was decided"
