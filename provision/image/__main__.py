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

from central.registry.sites import SiteListError, read_sites
from edge.settings import HubSettings
from provision.image.boot_files import FIRST_RUN, Machine, Static, boot_files
from runtime.settings import SettingsError, load_settings

_TEMPLATES = Path(__file__).parents[2] / "firmware_config/boot"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output and nothing written."""
    chosen = _parser().parse_args(arguments)
    try:
        wheels = sorted(chosen.wheels.glob("*.whl"))
        machine = Machine(
            site=chosen.site,
            site_name=_name(chosen.site, chosen.sites),
            system=chosen.system,
            ssh_keys=tuple(path.read_text("utf-8").strip() for path in chosen.ssh_key),
            token=_token(chosen.token_file),
            centre=chosen.centre,
            broker=chosen.broker,
            version=_version(wheels, chosen.wheels),
            network=_network(chosen),
            clock_chip=chosen.clock_chip,
        )
        templates = {path.name: path.read_text("utf-8") for path in _TEMPLATES.iterdir()}
        if chosen.hub_template is not None:
            templates["hub.toml.template"] = chosen.hub_template.read_text("utf-8")
        files = boot_files(machine, templates)
        _check(files)
        _write(files, wheels, chosen.boot)
    except (OSError, SettingsError, SiteListError, ValueError) as error:
        print(f"thutu-image: {error}", file=sys.stderr)
        return 1
    print(f"{chosen.boot}: ready to start as {machine.node}, {machine.site_name}")
    return 0


def _write(files: dict[str, str], wheels: Sequence[Path], boot: Path) -> None:
    """Write beside what is there; each file is whole or not there."""
    folder = boot / "thutu"
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        part = (boot / name).with_name(f"{Path(name).name}.part")
        part.write_text(text, "utf-8", newline="\n")
        part.replace(boot / name)
    for wheel in wheels:
        shutil.copyfile(wheel, folder / "wheels" / wheel.name)
    command_line = boot / "cmdline.txt"
    if "firstrun.sh" in files and command_line.exists():
        words = command_line.read_text("ascii").split()
        kept = [word for word in words if not word.startswith("systemd.")]
        command_line.write_text(" ".join([*kept, FIRST_RUN]) + "\n", "ascii")
    os.sync()


def _name(site: str, registry: Path) -> str:
    names = {known.site: known.name for known in read_sites(registry)}
    if site not in names:
        raise ValueError(f"{site} is not in {registry}; nothing was written")
    return names[site]


def _check(files: dict[str, str]) -> None:
    """Let the hub's own loader read its settings before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "hub.toml"
        settings.write_text(files["thutu/hub.toml"], "utf-8")
        load_settings(settings, HubSettings, "THUTU_HUB", environment={})


def _token(path: Path) -> str:
    """A token comes in a file or on standard input (-), never as an argument that others see."""
    text = sys.stdin.read() if str(path) == "-" else path.read_text("ascii")
    return text.strip()


def _version(wheels: Sequence[Path], folder: Path) -> str:
    ours = [wheel for wheel in wheels if wheel.name.startswith("thutu-")]
    if len(ours) != 1 or not any(wheel.name.startswith("pip-") for wheel in wheels):
        raise ValueError(f"{folder} must hold one wheel of thutu, all that it needs, and pip's")
    return ours[0].name.split("-")[1]


def _network(chosen: argparse.Namespace) -> Static | None:
    fixed = (chosen.address, chosen.gateway, chosen.name_server)
    if all(part is None for part in fixed):
        return None
    if any(part is None for part in fixed):
        raise ValueError("--address, --gateway and --name-server belong together")
    return Static(*fixed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thutu-image",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("site", help="such as 01-00097-01")
    parser.add_argument("--sites", type=Path, required=True, help="the CSV of import-sites")
    parser.add_argument("--boot", type=Path, required=True, help="the card's boot partition")
    parser.add_argument("--wheels", type=Path, required=True, help="thutu, its needs, and pip")
    parser.add_argument("--centre", required=True, help="its address, https://thutu.example.vn")
    parser.add_argument("--broker", required=True, help="its broker, such as mqtt.example.vn")
    parser.add_argument(
        "--token-file", type=Path, required=True, help="one-time token, - for stdin"
    )
    parser.add_argument("--ssh-key", type=Path, action="append", required=True, help="public key")
    parser.add_argument("--system", choices=("trixie", "bookworm"), default="trixie")
    parser.add_argument("--hub-template", type=Path, help="a province's own hub.toml.template")
    parser.add_argument("--clock-chip", action="store_true", help="a Pi 5 with a battery")
    parser.add_argument("--address", type=IPv4Interface, help="such as 10.1.2.3/24, else DHCP")
    parser.add_argument("--gateway", type=IPv4Address)
    parser.add_argument("--name-server", type=IPv4Address)
    return parser


if __name__ == "__main__":
    sys.exit(main())
