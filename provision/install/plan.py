"""What each role of a machine needs on its disk."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLLOWS = ("thutu-follow", "thutu-follow-fetch", "thutu-update-resume", "thutu-update-lay")
_HALL = ("thutu-hall", "thutu-hall-page", "thutu-hall-screen")
ROLES = {
    "hub": (
        *("thutu-hub", "thutu-boards", *_HALL, "thutu-voice"),
        *("thutu-update", "thutu-update-resume", "thutu-update-fetch", "thutu-update-check@"),
        "thutu-update-lay",
    ),
    "satellite": ("thutu-satellite", *_FOLLOWS),
    "display": ("thutu-boards", *_HALL, "thutu-voice", *_FOLLOWS),
    "terminal": ("thutu-terminal", *_FOLLOWS),
    "centre": (
        *("thutu-central", "thutu-central-public", "thutu-central-ingest@"),
        "thutu-broker-files",
    ),
}
DATA = tuple(
    f"/var/lib/thutu{of}"
    for of in ("", *("-satellite", "-voice", "-terminal", "-central", "-update", "-update-fetch"))
)
SETTINGS = ("/etc/thutu", "/etc/mosquitto/thutu")

UNITS = "etc/systemd/system"
WANTS = f"{UNITS}/multi-user.target.wants"
NOTES = "var/lib/thutu-install"
ROLES_NOTE = f"{NOTES}/roles"
_EXAMPLES = "etc/thutu"
_BROKERS_UNIT = "mosquitto.service.d"
_DISPLAYS = ("boards", "hall", "voice")
_PARTS = {
    "hub": ("hub", *_DISPLAYS),
    "satellite": ("satellite", "update"),
    "display": (*_DISPLAYS, "update"),
    "terminal": ("terminal", "update"),
    "centre": ("central",),
}
_PROFILES = {
    "hub": ("printers", "boards", "pads"),
    "satellite": ("printers", "pads"),
    "display": ("boards",),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link to lay down; `path` is relative to the root."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class File:
    """A file to lay down, readable by all; `path` is relative to the root."""

    path: str
    content: bytes


Item = File | Link


def plan(roles: Sequence[str], sources: Path) -> list[Item]:
    """Everything that machines of `roles` need besides the programs, in the order to lay it, and
    which roles those are.

    `sources` holds the project's `systemd` and `firmware_config`. A unit whose settings are
    missing starts nothing, so all of a role's units may be there.
    """
    units = unit_files(roles, sources)
    items: list[Item] = [File(ROLES_NOTE, "".join(f"{role}\n" for role in roles).encode())]
    items += [_file(unit, UNITS) for unit in units]
    items += [
        _file(sources / f"systemd/{kind}/thutu.conf", f"etc/{kind}")
        for kind in ("sysusers.d", "tmpfiles.d")
    ]
    if {*roles} != {"centre"}:
        items.extend(_of_the_appliance(sources / "firmware_config/etc"))
    for role in roles:
        for part in _PARTS[role]:
            items.append(
                _file(sources / f"firmware_config/etc/thutu/{part}.toml.example", _EXAMPLES)
            )
        for kind in _PROFILES.get(role, ()):
            profiles = sorted((sources / f"firmware_config/profiles/{kind}").glob("*.toml"))
            items += [_file(profile, f"{_EXAMPLES}/profiles/{kind}") for profile in profiles]
    if "centre" in roles:
        broker = sorted((sources / "firmware_config/broker").iterdir())
        items += [_file(file, f"{_EXAMPLES}/broker") for file in broker]
        items.append(
            _file(sources / f"systemd/{_BROKERS_UNIT}/thutu.conf", f"{UNITS}/{_BROKERS_UNIT}")
        )
    if "hub" in roles:
        items.append(_file(sources / "firmware_config/procedures.toml", _EXAMPLES))
    links = [
        Link(f"{WANTS}/{unit.name}", f"/{UNITS}/{unit.name}")
        for unit in units
        if starts_by_itself(unit)
    ]
    return [*{item.path: item for item in items}.values(), *links]


def unit_files(roles: Iterable[str], sources: Path) -> list[Path]:
    """The units of these roles: services, and what starts them when a file changes."""
    names = {name for role in roles for name in ROLES[role]}
    return sorted(unit for name in names for unit in (sources / "systemd").glob(f"{name}.*"))


def starts_by_itself(unit: Path) -> bool:
    """Whether a unit is wanted at boot; the others are started by one that is, and of a template
    whoever installs says which ones."""
    return not is_template(unit) and "[Install]" in unit.read_text("utf-8").splitlines()


def is_template(unit: Path) -> bool:
    """Whether units are made of it by a name of their own."""
    return unit.stem.endswith("@")


def _of_the_appliance(etc: Path) -> Iterator[File]:
    for file in sorted(etc.rglob("*")):
        folder = file.parent.relative_to(etc)
        if file.is_file() and folder != Path("thutu"):
            yield _file(file, f"etc/{folder}")


def _file(source: Path, folder: str) -> File:
    return File(f"{folder}/{source.name}", source.read_bytes())
