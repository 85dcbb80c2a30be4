"""`thutu-image SITE`: write the boot files that make a blank card this site's hub.

The files go onto the boot partition of a card that Raspberry Pi Imager wrote, beside what is there.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from central.registry.sites import read_sites
from edge.settings import PREFIX, HubSettings
from provision.image.boot_files import FIRST_RUN, Machine, boot_files
from provision.image.network import Static, Wifi
from provision.image.refused import ImageError
from provision.image.wheels import wheels_for
from runtime.command_line import CommandLine, reader_language, words_of
from runtime.settings import SettingsError, load_settings
from runtime.worded_error import WordedError

_words = words_of("image_tool")
_TEMPLATES = Path(__file__).parents[2] / "firmware_config/boot"
_FIRMWARE_READS = ("config.txt", "cmdline.txt")
_SYSTEMS_READ = ("user-data", "network-config", "meta-data", "firstrun.sh")
_OURS = b"Written by thutu-image."
_NOT_ON_EVERY_CARD = ("thutu-clock.txt", "thutu/centre-ca.pem", "thutu/first-boot.log")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output and nothing written."""
    chosen = _parser().parse_args(arguments)
    try:
        _check_boot_partition(chosen.boot)
        found = chosen.wheels.glob("*.whl")
        wheels, version = wheels_for(chosen.system, chosen.processor, found, chosen.wheels)
        machine = Machine(
            site=chosen.site,
            site_name=_name(chosen.site, chosen.sites),
            system=chosen.system,
            ssh_keys=tuple(path.read_text("utf-8-sig").strip() for path in chosen.ssh_key),
            token=_secret(chosen.token_file).strip(),
            centre=chosen.centre,
            brokers=tuple(chosen.broker),
            version=version,
            network=_network(chosen),
            wifi=_wifi(chosen),
            clock_chip=chosen.clock_chip,
            centre_key=chosen.centre_key,
            publisher_keys=tuple(chosen.publisher_key),
            centre_ca=None if chosen.centre_ca is None else chosen.centre_ca.read_text("ascii"),
        )
        templates = {path.name: path.read_text("utf-8") for path in _TEMPLATES.iterdir()}
        if chosen.hub_template is not None:
            templates["hub.toml.template"] = chosen.hub_template.read_text("utf-8")
        files = boot_files(machine, templates)
        _check(files)
        _write(files, wheels, chosen.boot)
    except WordedError as error:
        return _refused(error.words(reader_language()))
    except (OSError, SettingsError, ValueError) as error:
        return _refused(_words("failed", what=error))
    print(_words("ready", boot=chosen.boot, node=machine.node, name=machine.site_name))
    if machine.centre_key is None:
        print(_words("without_centre_key"))
    if not machine.publisher_keys:
        print(_words("without_publisher_key"))
    return 0


def _refused(why: str) -> int:
    print(f"thutu-image: {why}", file=sys.stderr)
    return 1


def _check_boot_partition(boot: Path) -> None:
    if not all((boot / name).is_file() for name in _FIRMWARE_READS):
        raise ImageError("no_boot_partition", boot=boot)


def _write(files: dict[str, str], wheels: Sequence[Path], boot: Path) -> None:
    """Write beside what is there; each file is whole or not there. What an earlier run wrote for
    another choice goes."""
    for path in _left_over(files, wheels, boot):
        path.unlink()
    folder = boot / "thutu/wheels"
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        shutil.copyfile(wheel, folder / wheel.name)
    for name, text in files.items():
        _lay(boot / name, text)
    _lay(boot / "cmdline.txt", _command_line(boot, first_run="firstrun.sh" in files))
    os.sync()


def _left_over(files: dict[str, str], wheels: Sequence[Path], boot: Path) -> list[Path]:
    kept = {wheel.name for wheel in wheels}
    left = [path for path in (boot / "thutu/wheels").glob("*.whl") if path.name not in kept]
    for name in (*_NOT_ON_EVERY_CARD, *_SYSTEMS_READ):
        path = boot / name
        is_ours = path.is_file() and (name not in _SYSTEMS_READ or _OURS in path.read_bytes())
        if is_ours and name not in files:
            left.append(path)
    return left


def _command_line(boot: Path, *, first_run: bool) -> str:
    words = (boot / "cmdline.txt").read_text("ascii").split()
    ours = FIRST_RUN.split()
    if first_run:
        kept = [word for word in words if not word.startswith("systemd.")] + ours
    else:
        kept = [word for word in words if word not in ours]
    return " ".join(kept) + "\n"


def _lay(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, "utf-8", newline="\n")
    part.replace(path)


def _name(site: str, registry: Path) -> str:
    names = {known.site: known.name for known in read_sites(registry)}
    if site not in names:
        raise ImageError("unknown_site", site=site, file=registry)
    return names[site]


def _check(files: dict[str, str]) -> None:
    """Let the hub's own loader read its settings before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "hub.toml"
        settings.write_text(files["thutu/hub.toml"], "utf-8")
        load_settings(settings, HubSettings, PREFIX, environment={})


def _secret(path: Path) -> str:
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
    return Wifi.of(chosen.wifi, _secret(chosen.wifi_passphrase_file))


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-image", description=_words("about"))
    parser.add_argument("site", help=_words("help_site"))
    for name in ("sites", "boot", "wheels", "token-file"):
        parser.add_argument(f"--{name}", type=Path, required=True, help=_help(name))
    parser.add_argument("--centre", required=True, help=_help("centre"))
    parser.add_argument("--broker", action="append", required=True, help=_help("broker"))
    parser.add_argument("--centre-key", help=_help("centre-key"))
    keys = _help("publisher-key")
    parser.add_argument("--publisher-key", action="append", default=[], help=keys)
    parser.add_argument("--centre-ca", type=Path, help=_help("centre-ca"))
    parser.add_argument(
        "--ssh-key", type=Path, action="append", required=True, help=_help("ssh-key")
    )
    systems = ("trixie", "bookworm")
    parser.add_argument("--system", choices=systems, default="trixie", help=_help("system"))
    parser.add_argument("--processor", default="aarch64", help=_help("processor"))
    parser.add_argument("--hub-template", type=Path, help=_help("hub-template"))
    parser.add_argument("--clock-chip", action="store_true", help=_help("clock-chip"))
    parser.add_argument("--address", type=IPv4Interface, help=_help("address"))
    parser.add_argument("--gateway", type=IPv4Address, help=_help("gateway"))
    parser.add_argument("--name-server", type=IPv4Address, help=_help("name-server"))
    parser.add_argument("--wifi", metavar="SSID", help=_help("wifi"))
    passphrase = _help("wifi-passphrase-file")
    parser.add_argument("--wifi-passphrase-file", type=Path, help=passphrase)
    return parser


def _help(option: str) -> str:
    return _words(f"help_{option.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
