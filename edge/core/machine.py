"""When the hub's own machine needs somebody: from its health to devices in trouble.

A Raspberry Pi slows itself down from 80 °C and is ill below 4.63 V (its documentation, "Frequency
management and thermal control" and "Under voltage"). A disk that has used nine tenths of its life
(an eMMC's own word, JEDEC 84-B51; else an estimate) is to be replaced.
"""

from contract.commands import ReportDevice
from contract.wire import Health
from edge.core.device_names import of_the_machine

POWER = of_the_machine("power")
TEMPERATURE = of_the_machine("temperature")
DISK = of_the_machine("disk")
OLDER_ROWS = of_the_machine("older-rows")
HOT_C = 80
WORN_PERCENT = 90
LEAST_FREE_MB = 500


def reports(health: Health) -> tuple[ReportDevice, ...]:
    """What `health` says of power, temperature and disk; nothing of what it does not know."""
    return (
        *_report(POWER, health.undervoltage, "undervoltage"),
        *_report(TEMPERATURE, _least(health.temperature_c, HOT_C), "too-hot"),
        *_disk(health),
    )


def older_rows(*, are_missing: bool) -> ReportDevice:
    """What to say of the files with the journal's older rows."""
    if are_missing:
        return ReportDevice(OLDER_ROWS, "lost", "older-rows-missing")
    return ReportDevice(OLDER_ROWS, "ready")


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
