from pathlib import Path

import pytest

from contract.codec import encode_message
from contract.topics import up
from contract.wire import VERSION, Health, Status
from edge.health import read_health

HEARTBEATS_A_DAY = 24 * 60


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
    health = read_health(tmp_path, tmp_path)
    assert (health.temperature_c, health.undervoltage, health.wear_percent) == (61, True, 30)
    assert health.free_mb is not None
    assert health.free_mb > 0


@pytest.mark.parametrize(
    ("life", "percent"), [("0x00 0x00", None), ("0x01 0x00", 10), ("0x0B 0x0a", 100), ("", None)]
)
def test_wear_is_the_worse_half_of_an_emmc(life: str, percent: int | None, tmp_path: Path) -> None:
    write(tmp_path, "block/mmcblk0/device/life_time", life)
    assert read_health(tmp_path, tmp_path).wear_percent == percent


def test_what_a_machine_does_not_tell_is_none_and_nothing_fails(tmp_path: Path) -> None:
    write(tmp_path, "class/thermal/thermal_zone0/temp", "not a number")
    write(tmp_path, "class/hwmon/hwmon0/name", "rpi_volt")
    assert read_health(tmp_path / "gone", tmp_path) == Health()


def test_a_day_of_heartbeats_with_health_costs_under_200_kb() -> None:
    health = Health(85, undervoltage=True, wear_percent=100, free_mb=999_999)
    status = Status(
        VERSION,
        "01-00097-01-h1",
        online=True,
        epoch="0123456789abcdef",
        wall_ms=1_795_395_600_000,
        synced=True,
        software="10.10.10",
        config="0123456789ab",
        last_seq=10_000_000,
        unsent=1_000_000,
        health=health,
    )
    # MQTT 3.1.1, 3.3: a fixed header of 2 or 3, the topic with its length, a packet identifier.
    header_bytes = 3 + 2 + len(up(status.node, "status")) + 2
    assert (header_bytes + len(encode_message(status))) * HEARTBEATS_A_DAY < 200_000
