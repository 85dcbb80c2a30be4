"""What the hubs last said of their devices, purely."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from central.rollup.business_day import trusted_ms
from central.store.storable import storable
from contract import events as e

SAID = frozenset({e.DeviceLost, e.DeviceReturned, e.PaperLow, e.DeviceRemoved})
"""The events that tell of devices."""
_LONGEST_CONDITION = 100


class DeviceNow(Struct, frozen=True):
    """`state` is working, paper_low, lost, or removed from the hub's list; `condition` says why it
    is lost. `since_ms` is by the hub's clock (UTC milliseconds since 1970), None when that could
    not be trusted."""

    state: str
    condition: str | None
    since_ms: int | None


def follow(devices: Mapping[str, DeviceNow], entries: Iterable[e.Entry]) -> dict[str, DeviceNow]:
    """The devices of a journal after `entries`, by name. One that says the same again has been so
    since the first time."""
    now = dict(devices)
    for entry in entries:
        if type(entry.event) not in SAID:
            continue
        since_ms = trusted_ms(entry.stamp)
        match entry.event:
            case e.DeviceLost(device, condition):
                said = storable(condition[:_LONGEST_CONDITION])
                _change(now, device, DeviceNow("lost", said, since_ms))
            case e.DeviceReturned(device):
                _change(now, device, DeviceNow("working", None, since_ms))
            case e.PaperLow(device):
                _change(now, device, DeviceNow("paper_low", None, since_ms))
            case e.DeviceRemoved(device):
                _change(now, device, DeviceNow("removed", None, since_ms))
    return now


def _change(now: dict[str, DeviceNow], device: str, said: DeviceNow) -> None:
    before = now.get(device)
    if before is None or (before.state, before.condition) != (said.state, said.condition):
        now[device] = said
