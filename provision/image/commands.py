"""What the two commands that write cards have in common: their options, and how they end."""

import argparse
import sys
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

from central.registry.sites import read_sites
from provision.image.card import Card
from provision.image.network import Static, Wifi
from provision.image.refused import ImageError
from provision.image.wheels import wheels_for
from runtime.command_line import CommandLine, reader_language, words_of
from runtime.settings import SettingsError
from runtime.worded_error import WordedError

_TEMPLATES = Path(__file__).parents[2] / "firmware_config/boot"
_words = words_of("image_tool")


def carry_out(program: str, work: Callable[[], Iterable[str]]) -> int:
    """Do it, and print what it says; returns the exit status, 1 with words on the error output."""
    try:
        for line in work():
            print(line)  # noqa: T201 - what a command says
    except WordedError as error:
        why = error.words(reader_language())
    except SettingsError as error:
        why = _words("bad_settings", what=error)
    except (OSError, ValueError) as error:
        why = _words("failed", what=error)
    else:
        return 0
    print(f"{program}: {why}", file=sys.stderr)  # noqa: T201 - its last words
    return 1


def templates() -> dict[str, str]:
    """Those of firmware_config/boot, by name. Raises OSError."""
    return {path.name: path.read_text("utf-8") for path in _TEMPLATES.iterdir()}


def add_card_options(parser: CommandLine) -> None:
    """Add them; each is in the catalogue as `help_` and its name."""
    for name in ("sites", "boot", "wheels"):
        add_option(parser, name, type=Path, required=True)
    add_option(parser, "ssh-key", type=Path, action="append", required=True)
    add_option(parser, "system", choices=("trixie", "bookworm"), default="trixie")
    add_option(parser, "processor", default="aarch64")
    add_option(parser, "clock-chip", action="store_true")
    add_option(parser, "address", type=IPv4Interface)
    add_option(parser, "gateway", type=IPv4Address)
    add_option(parser, "name-server", type=IPv4Address)
    add_option(parser, "wifi", metavar="SSID")
    add_option(parser, "wifi-passphrase-file", type=Path)


def add_option(parser: CommandLine, name: str, **how: Any) -> None:
    """Add one, described from the catalogue."""
    parser.add_argument(f"--{name}", help=_words(f"help_{name.replace('-', '_')}"), **how)


def card_of(
    chosen: argparse.Namespace, hostname: str, roles: tuple[str, ...]
) -> tuple[Card, list[Path]]:
    """The card, and the wheels that go onto it. Raises ImageError or OSError."""
    found = chosen.wheels.glob("*.whl")
    wheels, version = wheels_for(chosen.system, chosen.processor, found, chosen.wheels)
    card = Card(
        hostname=hostname,
        roles=roles,
        system=chosen.system,
        ssh_keys=tuple(path.read_text("utf-8-sig").strip() for path in chosen.ssh_key),
        version=version,
        network=_network(chosen),
        wifi=_wifi(chosen),
        clock_chip=chosen.clock_chip,
    )
    return card, wheels


def site_name(chosen: argparse.Namespace) -> str:
    """The site's name in the list of sites. Raises ImageError when it is not there."""
    names = {known.site: known.name for known in read_sites(chosen.sites)}
    if chosen.site not in names:
        raise ImageError("unknown_site", site=chosen.site, file=chosen.sites)
    return names[chosen.site]


def secret(path: Path) -> str:
    """A secret comes in a file or as a line of standard input (-), never as an argument that
    others see."""
    text = sys.stdin.readline() if str(path) == "-" else path.read_text("utf-8-sig")
    return text.rstrip("\r\n")


def _network(chosen: argparse.Namespace) -> Static | None:
    fixed = (chosen.address, chosen.gateway, chosen.name_server)
    if all(part is None for part in fixed):
        return None
    if any(part is None for part in fixed):
        raise ImageError("half_an_address")
    return Static(*fixed)


def _wifi(chosen: argparse.Namespace) -> Wifi | None:
    if chosen.wifi is None and chosen.wifi_passphrase_file is None:
        return None
    if chosen.wifi is None or chosen.wifi_passphrase_file is None:
        raise ImageError("half_a_wifi")
    return Wifi.of(chosen.wifi, secret(chosen.wifi_passphrase_file))
