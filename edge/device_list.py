"""The devices of a further machine, listed for the hub by whoever wrote its card: no secrets."""

import sys
from pathlib import Path
from typing import Annotated, get_args

from msgspec import Meta, MsgspecError, Struct

from contract.commands import Role
from contract.decoders import from_json
from contract.ids import CounterId, Name, SiteId, whole
from edge.command_refused import CommandRefused

DEVICE_ROLES: tuple[Role, ...] = tuple(
    role for role in get_args(Role) if role not in ("clerk", "supervisor", "hub")
)


class ListedDevice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A device, what it may do, at which counter if it is one of a counter, and the SHA-256 of its
    token."""

    id: Name
    role: Role
    token_sha256: Annotated[str, Meta(pattern=whole(r"[0-9a-f]{64}"))]
    counter: CounterId | None = None

    def __post_init__(self) -> None:
        if self.role not in DEVICE_ROLES:
            raise ValueError(f"{self.role} is not what a device is for")


class DeviceList(Struct, frozen=True, forbid_unknown_fields=True):
    """All devices of one machine, which at its site is called `machine`."""

    site: SiteId
    machine: Name
    devices: Annotated[tuple[ListedDevice, ...], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        for told in ("id", "token_sha256"):
            if len({getattr(device, told) for device in self.devices}) < len(self.devices):
                raise ValueError(f"two devices have the same {told}")


def read_devices(path: Path, site: SiteId) -> DeviceList:
    """Those of a machine of `site` in the file at `path`, or on the standard input (-). Raises
    CommandRefused, OSError."""
    text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        listed = from_json(text, DeviceList)
    except MsgspecError as error:
        raise CommandRefused("no_device_list", file=path, what=error) from error
    if listed.site != site:
        raise CommandRefused("other_sites_list", file=path, site=listed.site, ours=site)
    return listed
