"""`thutu-image SITE`: write the boot files that make a blank card this site's hub.

The files go onto the boot partition of a card that Raspberry Pi Imager wrote, beside what is there.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from edge.settings import PREFIX, HubSettings
from provision.image.boot_partition import check_boot_partition, write
from provision.image.card import card_files
from provision.image.commands import (
    add_card_options,
    add_option,
    card_of,
    carry_out,
    secret,
    site_name,
    templates,
)
from provision.image.hub import HUB_SETTINGS, Hub, hub_files
from provision.image.refused import ImageError
from runtime.command_line import CommandLine, words_of
from runtime.settings import SettingsError, load_settings

_words = words_of("image_tool")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output and nothing written."""
    return carry_out("thutu-image", partial(_write, _parser().parse_args(arguments)))


def _write(chosen: argparse.Namespace) -> Iterator[str]:
    check_boot_partition(chosen.boot)
    hub = _hub(chosen)
    card, wheels = card_of(chosen, f"thutu-{hub.node}", ("hub",))
    ours = templates()
    template = ours["hub.toml.template"]
    if chosen.hub_template is not None:
        template = chosen.hub_template.read_text("utf-8")
    files = card_files(card, ours) | hub_files(hub, template)
    _check(files)
    write(files, wheels, chosen.boot)
    yield _words("ready", boot=chosen.boot, node=hub.node, name=hub.site_name)
    if hub.centre_key is None:
        yield _words("without_centre_key")
    if not hub.publisher_keys:
        yield _words("without_publisher_key")


def _hub(chosen: argparse.Namespace) -> Hub:
    return Hub(
        site=chosen.site,
        site_name=site_name(chosen),
        token=secret(chosen.token_file).strip(),
        centre=chosen.centre,
        brokers=tuple(chosen.broker),
        clock_chip=chosen.clock_chip,
        centre_key=chosen.centre_key,
        publisher_keys=tuple(chosen.publisher_key),
        centre_ca=None if chosen.centre_ca is None else chosen.centre_ca.read_text("ascii"),
    )


def _check(files: Mapping[str, str]) -> None:
    """Let the hub's own loader read its settings before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "hub.toml"
        settings.write_text(files[HUB_SETTINGS], "utf-8")
        try:
            load_settings(settings, HubSettings, PREFIX, environment={})
        except SettingsError as error:
            what = str(error).removeprefix(f"{settings}: ")
            raise ImageError("hub_settings", what=what) from error


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-image", description=_words("about"))
    parser.add_argument("site", help=_words("help_site"))
    add_option(parser, "token-file", type=Path, required=True)
    add_option(parser, "centre", required=True)
    add_option(parser, "broker", action="append", required=True)
    add_option(parser, "centre-key")
    add_option(parser, "publisher-key", action="append", default=[])
    add_option(parser, "centre-ca", type=Path)
    add_option(parser, "hub-template", type=Path)
    add_card_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
