"""When a machine of the site needs somebody: from the hub's own health, and from the silence of
others, to devices in trouble.

A Raspberry Pi slows itself down from 80 °C and is ill below 4.63 V (its documentation, "Frequency
management and thermal control" and "Under voltage"). An eMMC that has used nine tenths of its life
(JEDEC 84-B51) is to be replaced.
"""

from collections.abc import Mapping

from contract.commands import ReportDevice
from contract.wire import Health
from edge.core.state import Device

POWER = "machine:power"
TEMPERATURE = "machine:temperature"
DISK = "machine:disk"
HOT_C = 80
WORN_PERCENT = 90
LEAST_FREE_MB = 500
DAYS_UNTIL_LOST = 2


def reports(health: Health) -> tuple[ReportDevice, ...]:
    """What `health` says of power, temperature and disk; nothing of what it does not know."""
    return (
        *_report(POWER, health.undervoltage, "undervoltage"),
        *_report(TEMPERATURE, _least(health.temperature_c, HOT_C), "too-hot"),
        *_disk(health),
    )


def silent(devices: Mapping[str, Device]) -> tuple[ReportDevice, ...]:
    """Says "lost" of those of which a whole business day brought no word, from whoever has them."""
    return tuple(
        ReportDevice(name, "lost", "no-news")
        for name, device in devices.items()
        if device.days_silent >= DAYS_UNTIL_LOST and device.state != "lost"
    )


def _disk(health: Health) -> tuple[ReportDevice, ...]:
    full = None if health.free_mb is None else health.free_mb < LEAST_FREE_MB
    if full:
        return _report(DISK, full, "disk-nearly-full")
    worn = _least(health.wear_percent, WORN_PERCENT)
    return _report(DISK, full if worn is None else worn, "disk-worn")


def _report(device: str, troubled: bool | None, condition: str) -> tuple[ReportDevice, ...]:
    if troubled is None:
        return ()
    return (ReportDevice(device, "lost", condition) if troubled else ReportDevice(device, "ready"),)


def _least(value: int | None, limit: int) -> bool | None:
    return None if value is None else value >= limit
