"""The kernel's pins, as far as they need no chip; `make test-gpio-sim` runs them on one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.devices.kernel_pins import EdgeWatch, header_chip
from edge.devices.transport import DeviceError
from tests.waiting import until


@pytest.fixture
def watch() -> Iterator[EdgeWatch]:
    watch = EdgeWatch()
    yield watch
    watch.close()


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    """What a pin's edges are read from, and what writes them."""
    reads, writes = os.pipe()
    yield reads, writes
    os.close(reads)
    os.close(writes)


def test_a_machine_without_a_pi_s_chip_is_a_device_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no chip of a Pi's 40 pins"):
        header_chip(tmp_path)


def test_a_chip_that_is_not_to_be_had_is_a_device_error_that_names_the_group(
    tmp_path: Path,
) -> None:
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(DeviceError, match="in the group gpio"):
        header_chip(tmp_path)


def test_edges_are_told_until_they_are_forgotten(watch: EdgeWatch, line: tuple[int, int]) -> None:
    reads, writes = line
    told: list[bytes] = []
    watch.watch(reads, lambda: told.append(os.read(reads, 1)))
    os.write(writes, b"1")
    until(lambda: told == [b"1"])
    watch.forget(reads)
    os.write(writes, b"2")
    watch.close()
    assert told == [b"1"]


def test_a_pin_that_nobody_can_take_does_not_silence_the_others(
    watch: EdgeWatch, line: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    reads, writes = line
    told: list[bytes] = []

    def tell() -> None:
        told.append(os.read(reads, 1))
        if told == [b"1"]:
            raise ZeroDivisionError

    watch.watch(reads, tell)
    os.write(writes, b"1")
    until(lambda: "was not taken" in caplog.text)
    os.write(writes, b"2")
    until(lambda: told == [b"1", b"2"])


def test_a_pin_whose_chip_is_gone_is_asked_no_more(
    watch: EdgeWatch, line: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    reads, writes = line
    asked: list[int] = []

    def tell() -> None:
        asked.append(1)
        raise OSError("No such device")

    watch.watch(reads, tell)
    os.write(writes, b"1")  # stays unread, as a chip that hangs up stays ready
    until(lambda: "a pin fell silent: No such device" in caplog.text)
    watch.close()
    assert asked == [1]
