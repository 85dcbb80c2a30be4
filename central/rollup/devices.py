"""What the hubs last said of their devices, purely."""

from collections.abc import Iterable

from msgspec import Struct

from central.rollup.business_day import trusted_ms
from contract import events as e

_SAID = {e.DeviceLost, e.DeviceReturned, e.PaperLow, e.DeviceRemoved}


class DeviceNow(Struct, frozen=True):
    """`state` is working, paper_low or lost, and `condition` says why it is lost. `since_ms` is by
    the hub's clock (UTC milliseconds since 1970), None when that could not be trusted."""

    state: str
    condition: str | None
    since_ms: int | None


def last_said(entries: Iterable[e.Entry]) -> dict[str, DeviceNow | None]:
    """The last word of a run of a journal on each device in it, by the device's name; None for one
    that was taken off the list."""
    found: dict[str, DeviceNow | None] = {}
    for entry in [entry for entry in entries if type(entry.event) in _SAID]:
        since_ms = trusted_ms(entry.stamp)
        match entry.event:
            case e.DeviceLost(device, condition):
                found[device] = DeviceNow("lost", condition, since_ms)
            case e.DeviceReturned(device):
                found[device] = DeviceNow("working", None, since_ms)
            case e.PaperLow(device):
                found[device] = DeviceNow("paper_low", None, since_ms)
            case e.DeviceRemoved(device):
                found[device] = None
    return found
