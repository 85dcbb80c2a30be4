"""What is written to a card that tells no wear, over starts, cuts and changes of the card."""

import os
from pathlib import Path

import pytest

from edge import disk_wear
from edge.disk_wear import NOTE, DiskWear
from tests.edge.running_site import TestClock

MB = 1_000_000


class Machine:
    """A folder on the second partition of a card, as /sys shows it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.system = folder / "sys"
        self.clock = TestClock()
        self.card = self.system / "devices/mmc0/block/mmcblk0"
        partition = self.card / "mmcblk0p2"
        partition.mkdir(parents=True)
        (partition / "partition").write_text("2\n")
        (partition / "stat").write_text("1 1 1 1 1 1 1 1 1 1 1\n")
        (self.card / "device").mkdir()
        self.put_in("0353445344363447")
        number = self.data.stat().st_dev
        by_number = self.system / f"dev/block/{os.major(number)}:{os.minor(number)}"
        by_number.parent.mkdir(parents=True)
        by_number.symlink_to(partition)
        self.start("boot-1")

    def put_in(self, card: str) -> None:
        (self.card / "device/cid").write_text(f"{card}\n")

    def start(self, boot: str) -> None:
        """Linux counts from nothing, and the hub is another process."""
        self.clock.boot = boot
        self.wrote(0)
        self.wear = self.hub()
        self.wear.percent()

    def hub(self) -> DiskWear:
        """1 % is 100 MB here."""
        return DiskWear(self.data, self.clock, 0.01, self.system)

    def wrote(self, megabytes: int) -> None:
        """So much since the machine's start."""
        sectors = megabytes * MB // 512
        (self.card / "stat").write_text(f"  11 0 22 0 33 0 {sectors} 44 0 55 66 0 0 0 0 0 0\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_was_written_is_added_up_over_starts_of_the_machine(machine: Machine) -> None:
    machine.wrote(100)
    assert machine.wear.percent() == 0  # 99.99 MB in whole sectors
    machine.wrote(301)
    assert machine.wear.percent() == 3
    machine.clock.later(3600)
    assert machine.wear.percent() == 3
    machine.start("boot-2")
    assert machine.wear.percent() == 3
    machine.wrote(400)
    assert machine.wear.percent() == 7
    machine.wrote(99_000)
    assert machine.wear.percent() == 100


def test_another_start_of_the_hub_alone_counts_nothing_twice(machine: Machine) -> None:
    machine.wrote(301)
    assert machine.wear.percent() == 3
    assert machine.hub().percent() == 3


def test_it_is_noted_once_an_hour_and_a_cut_loses_no_more(machine: Machine) -> None:
    assert machine.wear.percent() == 0
    first = (machine.data / NOTE).read_bytes()
    machine.wrote(501)
    machine.clock.later(3599)
    assert machine.wear.percent() == 5
    assert (machine.data / NOTE).read_bytes() == first
    machine.clock.later(1)
    assert machine.wear.percent() == 5
    machine.wrote(901)
    assert machine.wear.percent() == 9
    machine.start("boot-2")
    assert machine.wear.percent() == 5


def test_a_disk_that_was_unplugged_counts_on(machine: Machine) -> None:
    machine.wrote(301)
    assert machine.wear.percent() == 3
    machine.wrote(201)
    assert machine.wear.percent() == 5


def test_another_card_begins_anew(machine: Machine) -> None:
    machine.wrote(901)
    assert machine.wear.percent() == 9
    machine.start("boot-2")
    machine.put_in("1b534d3030303030")
    machine.wrote(101)
    assert machine.wear.percent() == 0
    machine.wrote(202)
    assert machine.wear.percent() == 1


@pytest.mark.parametrize("note", [b"", b"{}", b"[1]", b"\xff", b'{"disk": 3}'])
def test_a_note_that_cannot_be_read_begins_anew(machine: Machine, note: bytes) -> None:
    (machine.data / NOTE).write_bytes(note)
    hub = machine.hub()
    machine.wrote(201)
    assert hub.percent() == 0
    machine.wrote(402)
    assert hub.percent() == 2


@pytest.mark.parametrize("stat", ["", "1 2 3", "a b c d e f g h"])
def test_what_linux_does_not_count_is_not_known(machine: Machine, stat: str) -> None:
    (machine.card / "stat").write_text(stat)
    assert machine.wear.percent() is None
    (machine.card / "stat").unlink()
    assert machine.wear.percent() is None


def test_a_folder_in_memory_is_on_no_disk(tmp_path: Path) -> None:
    (tmp_path / "dev/block").mkdir(parents=True)
    assert DiskWear(tmp_path, TestClock(), 10, tmp_path).percent() is None
    assert not (tmp_path / NOTE).exists()


def test_a_full_disk_loses_no_figure(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk_wear, "write_private", full)
    machine.wrote(301)
    assert machine.wear.percent() == 3
    machine.wrote(401)
    assert machine.wear.percent() == 4
