"""`thutu-image-machine SITE NAME`: write the boot files of a satellite, a display or a terminal.

Its settings are written beforehand and checked here. Its tokens are made here and lie on the card
alone; the hub gets a list of the devices, from which nobody can make a token.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from edge.access import new_token
from provision.image.boot_partition import check_boot_partition, write
from provision.image.card import card_files
from provision.image.commands import (
    add_card_options,
    add_option,
    card_of,
    carry_out,
    site_name,
    templates,
)
from provision.image.machine import KINDS, Machine, Program, device_list, machine_files
from provision.image.refused import ImageError
from runtime.command_line import CommandLine, words_of
from runtime.settings import load_settings

_words = words_of("image_tool")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output and nothing written."""
    return carry_out("thutu-image-machine", partial(_write, _parser().parse_args(arguments)))


def _write(chosen: argparse.Namespace) -> Iterator[str]:
    check_boot_partition(chosen.boot)
    site = site_name(chosen)
    machine = Machine(
        site=chosen.site,
        name=chosen.name,
        programs=_programs(chosen.settings),
        site_ca=None if chosen.site_ca is None else chosen.site_ca.read_text("ascii"),
        address=chosen.address,
    )
    card, wheels = card_of(chosen, machine.hostname, machine.roles)
    tokens = {file: new_token() for file in machine.devices}
    files = card_files(card, templates()) | machine_files(machine, tokens)
    listed = chosen.devices or Path(f"{machine.hostname}.devices.json")
    beside = listed.with_name(f"{listed.name}.part")
    if tokens:  # before the card, which without its list is of no use
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(device_list(machine, tokens))))
    write(files, wheels, chosen.boot)
    yield _words("ready", boot=chosen.boot, node=machine.hostname, name=site)
    if tokens:
        beside.replace(listed)
        yield from (f"  {actor.id} ({actor.role})" for actor in machine.devices.values())
        yield _words("let_in", file=listed, site=chosen.site)


def _programs(paths: Sequence[Path]) -> dict[str, Program]:
    found = {}
    for path in paths:
        kind = KINDS.get(path.stem) if path.suffix == ".toml" else None
        if kind is None or path.stem in found:
            names = ", ".join(f"{name}.toml" for name in KINDS)
            raise ImageError("settings", file=path, names=names)
        settings = load_settings(path, kind, prefix="", environment={})
        found[path.stem] = Program(path, path.read_text("utf-8"), settings)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-image-machine", description=_words("about_machine"))
    parser.add_argument("site", help=_words("help_site"))
    parser.add_argument("name", help=_words("help_name"))
    add_option(parser, "settings", type=Path, action="append", required=True)
    add_option(parser, "site-ca", type=Path)
    add_option(parser, "devices", type=Path)
    add_card_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
