"""What lies on the card of a machine beside a site's hub besides; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from contract.commands import Actor, Role
from display.boards.__main__ import Settings as BoardsSettings
from display.hall.__main__ import Settings as HallSettings
from display.terminal.settings import Settings as TerminalSettings
from display.voice.settings import Settings as VoiceSettings
from edge.access import digest_of
from edge.control_settings import TICKET_BUTTONS, pad_name
from edge.device_list import DeviceList, ListedDevice
from edge.satellite.__main__ import SatelliteSettings
from provision.image.card import SETTINGS, TOKENS, check_authority
from provision.image.refused import ImageError
from provision.update.follow import FollowSettings

Settings = (
    SatelliteSettings | BoardsSettings | HallSettings | VoiceSettings | TerminalSettings
) | FollowSettings
KINDS: dict[str, type[Settings]] = {
    "satellite": SatelliteSettings,
    "boards": BoardsSettings,
    "hall": HallSettings,
    "voice": VoiceSettings,
    "terminal": TerminalSettings,
    "update": FollowSettings,
}
"""Whose settings a card can hold: each is in a file of this name."""
_ROLES = {
    "satellite": ("satellite",),
    "display": ("boards", "hall", "voice"),
    "terminal": ("terminal",),
}
_ETC = Path("/etc/thutu")
_SITE_CA = "site-ca.pem"
_OWN_TOKEN = "satellite/satellite.token"  # noqa: S105 - where it lies
_UPDATE_TOKEN = "update.token"  # noqa: S105 - as above
_EXAMPLE_KEY = "0" * 64
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?")
_NODE = re.compile(r"[hs][1-9]")


@dataclass(frozen=True, slots=True)
class Program:
    """The settings of one program: their text, and what its loader makes of the file at `path`."""

    path: Path
    text: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of `site` with these programs, which there is called `name`; `site_ca` (PEM)
    vouches for the hub where that speaks HTTPS; `address` is a fixed one of its own."""

    site: str
    name: str
    programs: Mapping[str, Program]
    site_ca: str | None = None
    address: IPv4Interface | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or _NODE.fullmatch(self.name):
            raise ImageError("machine_name", name=repr(self.name))
        if not self.roles:
            raise ImageError("no_role")
        if {"hall", "terminal"} <= self.programs.keys():
            raise ImageError("one_screen")
        self._check_names()
        if self.site_ca is not None:
            check_authority(self.site_ca, "--site-ca")
        for program in self.programs.values():
            self._check(program)

    @property
    def hostname(self) -> str:
        """Its name on the network of the site."""
        return f"thutu-{self.site}-{self.name}"

    @property
    def roles(self) -> tuple[str, ...]:
        """What thutu-install makes of it."""
        return tuple(role for role, programs in _ROLES.items() if self.programs.keys() & programs)

    @property
    def devices(self) -> dict[str, Actor]:
        """Who speaks to the hub from it, by the file with its token below /etc/thutu."""
        return dict(self._devices())

    def _devices(self) -> Iterator[tuple[str, Actor]]:
        for name, program in self.programs.items():
            if isinstance(program.settings, SatelliteSettings):
                for file, actor in _of_satellite(program.settings, self.name):
                    yield f"satellite/{file}.token", actor
            elif name != "terminal":  # there staff sign in
                yield f"{name}.token", Actor(f"{self.name}-{name}", "display")

    def _check_names(self) -> None:
        """Each device has a name, and a file for its token, of its own."""
        files: set[str] = set()
        names: set[str] = set()
        for file, actor in self._devices():
            if file in files or actor.id in names:
                raise ImageError("same_name", name=actor.id)
            files.add(file)
            names.add(actor.id)

    def _check_hub(self, program: Program) -> None:
        settings, file = program.settings, program.path
        if settings.hub is None and "update" in self.programs:
            raise ImageError("no_hub", file=file)
        hub = urlsplit(settings.hub or "")
        if settings.hub is not None and not (hub.scheme in ("http", "https") and hub.hostname):
            raise ImageError("hub_address", file=file, hub=settings.hub)
        if self._is_at(hub.hostname or ""):
            raise ImageError("own_hub", file=file, hub=settings.hub)
        if hub.scheme == "https" or settings.ca_file is not None or self.site_ca is not None:
            if settings.ca_file not in (file.parent / _SITE_CA, _ETC / _SITE_CA):
                raise ImageError("ca_file", file=file, ca_file=_ETC / _SITE_CA)
            if self.site_ca is None:
                raise ImageError("no_site_ca", file=file)

    def _is_at(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return host == "localhost"
        return address.is_loopback or (self.address is not None and address == self.address.ip)

    def _check(self, program: Program) -> None:
        settings, file = program.settings, program.path
        self._check_hub(program)
        if isinstance(settings, FollowSettings):
            if _EXAMPLE_KEY in settings.publisher_keys:
                raise ImageError("example_key", file=file)
            if settings.token_file != _ETC / _UPDATE_TOKEN:
                raise ImageError("token_file", file=file, token_file=_ETC / _UPDATE_TOKEN)
        if isinstance(settings, SatelliteSettings) and settings.token_file not in (
            file.parent / _OWN_TOKEN,
            _ETC / _OWN_TOKEN,
        ):
            raise ImageError("token_file", file=file, token_file=_OWN_TOKEN)


def machine_files(machine: Machine, tokens: Mapping[str, str]) -> dict[str, str]:
    """Every file by its path on the boot partition; `tokens` has one for each of the devices."""
    files = {f"{SETTINGS}/{name}.toml": one.text for name, one in machine.programs.items()}
    files |= {f"{TOKENS}/{file}": f"{token}\n" for file, token in tokens.items()}
    if machine.site_ca is not None:
        files[f"{SETTINGS}/{_SITE_CA}"] = machine.site_ca
    return files


def device_list(machine: Machine, tokens: Mapping[str, str]) -> DeviceList:
    """The devices as the hub is told of them."""
    return DeviceList(
        machine.site,
        machine.name,
        tuple(
            ListedDevice(actor.id, actor.role, digest_of(tokens[file]).hex(), actor.counter)
            for file, actor in machine.devices.items()
        ),
    )


def _of_satellite(settings: SatelliteSettings, name: str) -> Iterator[tuple[str, Actor]]:
    yield "satellite", Actor(name, "display")
    for pad in settings.pads:
        yield pad_name(pad.counter), Actor(pad_name(pad.counter), "pad", pad.counter)
    if settings.ticket_buttons:
        yield TICKET_BUTTONS, Actor(f"{name}-{TICKET_BUTTONS}", "kiosk")
    for keypad in settings.keypads:
        role: Role = "kiosk" if keypad.counter is None else "keypad"
        yield keypad.name, Actor(keypad.name, role, keypad.counter)
    if settings.printer is not None:
        yield settings.printer.device, Actor(settings.printer.device, "printer")
