"""The kernel's input events, byte by byte."""

import os
from pathlib import Path

import pytest

from edge.devices.input_device import EV_KEY, KEYS, LED_NUML, InputDevice, InputEvent

# As a 64-bit kernel wrote them: KEY_KPENTER pressed at 1.5 s, then the end of that report.
PRESSED = bytes.fromhex("010000000000000020a10700000000000100600001000000")
REPORTED = bytes.fromhex("010000000000000020a10700000000000000000000000000")


@pytest.fixture
def device(tmp_path: Path) -> InputDevice:
    os.mkfifo(tmp_path / "event0")
    return InputDevice(str(tmp_path / "event0"))


def test_events_are_read_as_the_kernel_writes_them(device: InputDevice) -> None:
    os.write(device.fd, PRESSED + REPORTED)
    assert device.read() == [
        InputEvent(1.5, EV_KEY, KEYS["KEY_KPENTER"], 1),
        InputEvent(1.5, 0, 0, 0),
    ]
    device.close()


def test_a_light_is_an_event_the_other_way(device: InputDevice) -> None:
    device.set_led(LED_NUML, 1)
    assert os.read(device.fd, 100) == bytes(16) + bytes.fromhex("1100000001000000")
    device.close()


def test_keys_have_the_kernels_codes() -> None:
    known = {"KEY_1": 2, "KEY_ENTER": 28, "KEY_NUMLOCK": 69, "KEY_KP7": 71, "KEY_KPDOT": 83}
    assert {name: KEYS[name] for name in known} == known
    assert (KEYS["KEY_F12"], KEYS["KEY_DELETE"], KEYS["KEY_F24"]) == (88, 111, 194)
    assert len(set(KEYS.values())) == len(KEYS)


def test_only_a_device_of_the_kernel_can_be_grabbed(device: InputDevice) -> None:
    with pytest.raises(OSError, match=r"Inappropriate ioctl|Invalid argument"):
        device.grab()
    device.close()
