from pathlib import Path

import pytest

from contract.wire import Health
from edge.health import read_health


def nothing() -> None:
    """No estimate."""


def write(system: Path, name: str, text: str) -> None:
    path = system / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_pi_tells_its_temperature_its_voltage_and_an_emmc_its_wear(tmp_path: Path) -> None:
    write(tmp_path, "class/thermal/thermal_zone0/temp", "61322\n")
    write(tmp_path, "class/thermal/thermal_zone1/temp", "58000\n")
    write(tmp_path, "class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path, "class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    write(tmp_path, "block/mmcblk0/device/life_time", "0x02 0x03\n")
    health = read_health(tmp_path, nothing, tmp_path)
    assert (health.temperature_c, health.undervoltage, health.wear_percent) == (61, True, 30)
    assert health.free_mb is not None
    assert health.free_mb > 0


@pytest.mark.parametrize(
    ("life", "percent"), [("0x00 0x00", None), ("0x01 0x00", 10), ("0x0B 0x0a", 100), ("", None)]
)
def test_wear_is_the_worse_half_of_an_emmc(life: str, percent: int | None, tmp_path: Path) -> None:
    write(tmp_path, "block/mmcblk0/device/life_time", life)
    assert read_health(tmp_path, nothing, tmp_path).wear_percent == percent


def test_what_a_machine_does_not_tell_is_none_and_nothing_fails(tmp_path: Path) -> None:
    write(tmp_path, "class/thermal/thermal_zone0/temp", "not a number")
    write(tmp_path, "class/hwmon/hwmon0/name", "rpi_volt")
    assert read_health(tmp_path / "gone", nothing, tmp_path) == Health()


def test_wear_is_estimated_only_where_the_disk_does_not_tell(tmp_path: Path) -> None:
    assert read_health(tmp_path, lambda: 7, tmp_path).wear_percent == 7
    write(tmp_path, "block/mmcblk0/device/life_time", "0x03 0x01\n")
    assert read_health(tmp_path, lambda: 7, tmp_path).wear_percent == 30
