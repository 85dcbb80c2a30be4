"""Emulated USB keypads: the kernel's own event format, its grab, its plug, and a light.

There is no uinput in most containers, so the kernel's device file is a packet socket here; events
are the kernel's `struct input_event`.
"""

import errno
import socket
import struct
from pathlib import Path

from edge.devices.input_device import (
    EV_KEY,
    EV_LED,
    EV_MSC,
    EV_SYN,
    KEYS,
    LED_NUML,
    MSC_SCAN,
    SYN_REPORT,
    InputDevice,
    InputEvent,
)
from runtime.clock import Clock

_EVENT = struct.Struct("llHHi")  # linux/input.h on 64 bits: time, type, code, value


class VirtualKeypad:
    """A keypad at `path` while it is plugged in; `opens` opens it as InputDevice does."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.grabbed = False
        self._clock = clock
        self._ours: socket.socket | None = None
        self.plug()

    def plug(self) -> None:
        """Put it in: udev makes its path."""
        self.path.touch()

    def unplug(self) -> None:
        """Pull it out: the path goes, and whoever has it open gets ENODEV."""
        self.path.unlink()
        self._hang_up()

    def close(self) -> None:
        """Let go of everything."""
        self._hang_up()

    def opens(self, path: str) -> InputDevice:
        """Open the device. Raises OSError while it is not plugged in."""
        if not Path(path).exists():
            raise OSError(errno.ENOENT, "No such file or directory", path)
        self._hang_up()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return _OpenKeypad(self, theirs.detach())

    def press(self, key: str, hold_s: float = 0.1) -> None:
        """Press a key and let it go after `hold_s` of the keypad's clock; it repeats meanwhile."""
        code = KEYS[key]
        self._send((EV_MSC, MSC_SCAN, 0x70000 + code), (EV_KEY, code, 1))
        self._clock.sleep(hold_s / 2)
        self._send((EV_KEY, code, 2))
        self._clock.sleep(hold_s / 2)
        self._send((EV_KEY, code, 0))

    def lights(self, within_s: float) -> list[int]:
        """What the Num Lock light was told, until nothing came for `within_s`."""
        told: list[int] = []
        if self._ours is None:
            return told
        self._ours.settimeout(within_s)
        try:
            while written := self._ours.recv(_EVENT.size):
                _, _, kind, code, value = _EVENT.unpack(written)
                if (kind, code) == (EV_LED, LED_NUML):
                    told.append(value)
        except TimeoutError:
            pass
        return told

    def _send(self, *events: tuple[int, int, int]) -> None:
        if self._ours is None:
            return
        seconds, rest_ns = divmod(self._clock.stamp().mono_ns, 1_000_000_000)
        packet = b"".join(
            _EVENT.pack(seconds, rest_ns // 1000, *event)
            for event in (*events, (EV_SYN, SYN_REPORT, 0))
        )
        self._ours.send(packet)

    def _hang_up(self) -> None:
        self.grabbed = False
        if self._ours is not None:
            self._ours.close()
            self._ours = None


class _OpenKeypad(InputDevice):
    """An opened keypad: events go over its descriptor as ever; ioctls are answered here."""

    def __init__(self, keypad: VirtualKeypad, descriptor: int) -> None:
        self._keypad = keypad
        self.fd = descriptor

    def grab(self) -> None:
        if self._keypad.grabbed:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._keypad.grabbed = True

    def read(self) -> list[InputEvent]:
        events = super().read()
        if not events:  # where a socket ends, the kernel says that the device is gone
            raise OSError(errno.ENODEV, "No such device")
        return events
