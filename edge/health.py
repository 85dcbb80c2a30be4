"""How the machine fares that a hub runs on, as far as its kernel tells.

Sources: the kernel's documentation of hwmon's sysfs interface, of `raspberrypi-hwmon`, of thermal
zones, and of an eMMC's `life_time` (JEDEC 84-B51: tenths of its life used). An SD card tells no
wear; `edge.disk_wear` estimates it.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from contract.wire import Health

_SYSTEM = Path("/sys")
_HIGHEST_PERCENT = 100


def read_health(
    data: Path, estimated_wear: Callable[[], int | None], system: Path = _SYSTEM
) -> Health:
    """Read what there is; what a machine does not tell is None. `data` is the hub's folder;
    `estimated_wear`, in percent, is asked where the disk does not tell its own.

    `system` is where the kernel's /sys is. Takes a millisecond, and never fails.
    """
    wear = _wear_percent(system)
    return Health(
        temperature_c=_temperature_c(system),
        undervoltage=_undervoltage(system),
        wear_percent=estimated_wear() if wear is None else wear,
        free_mb=_free_mb(data),
    )


def _temperature_c(system: Path) -> int | None:
    zones = (_number(zone) for zone in system.glob("class/thermal/thermal_zone*/temp"))
    known = [millidegrees for millidegrees in zones if millidegrees is not None]
    return round(max(known) / 1000) if known else None


def _undervoltage(system: Path) -> bool | None:
    for name in system.glob("class/hwmon/hwmon*/name"):
        if _text(name) == "rpi_volt":
            alarm = _number(name.with_name("in0_lcrit_alarm"))
            return None if alarm is None else alarm != 0
    return None


def _wear_percent(system: Path) -> int | None:
    tenths = [
        int(tenth, 16)
        for life in system.glob("block/mmcblk*/device/life_time")
        for tenth in re.findall(r"0x[0-9a-fA-F]{2}", _text(life))
    ]
    # 0 is "not defined", 11 is "longer than it was made for".
    known = [tenth for tenth in tenths if tenth > 0]
    return min(max(known) * 10, _HIGHEST_PERCENT) if known else None


def _free_mb(data: Path) -> int | None:
    try:
        return shutil.disk_usage(data).free // 1_000_000
    except OSError:
        return None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
