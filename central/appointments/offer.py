"""What a site offers for booking, read in the configuration that the centre decided for it."""

import tomllib
from typing import Any

from msgspec import Struct

from central.store.configurations import Configurations
from central.store.connection import Connection

_HUBS = tuple(f"h{number}" for number in range(1, 10))


class Offer(Struct, frozen=True):
    """The services of a site, and how many citizens may have the same slot of each; None: any."""

    per_slot: dict[str, int | None]


def offer_of(conn: Connection, site: str) -> Offer | None:
    """What a site offers; None where the centre has not decided its services: who else should
    say which bookings its hub will take?"""
    for hub in _HUBS:
        made = Configurations(conn).made(f"{site}-{hub}")
        if made.number:
            return _offer(tomllib.loads(made.text))
    return None


def _offer(settings: dict[str, Any]) -> Offer | None:
    services = settings.get("site", {}).get("services", [])
    per_slot = {one["id"]: one.get("appointments_per_slot") for one in services if "id" in one}
    return Offer(per_slot) if per_slot else None
