"""The kernel's input events (evdev): a keypad's keys and lights, without a compiled package.

Source: Linux, include/uapi/linux/input.h and input-event-codes.h.
"""

import fcntl
import os
import struct
from types import MappingProxyType
from typing import NamedTuple

EV_SYN, EV_KEY, EV_MSC, EV_LED = 0x00, 0x01, 0x04, 0x11
SYN_REPORT, MSC_SCAN, LED_NUML = 0x00, 0x04, 0x00
EVENT = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
_EVIOCGRAB = 0x40044590
_EVENTS_READ = 64

_ROWS = {
    "ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB": 1,
    "Q W E R T Y U I O P LEFTBRACE RIGHTBRACE ENTER LEFTCTRL": 16,
    "A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT BACKSLASH": 30,
    "Z X C V B N M COMMA DOT SLASH RIGHTSHIFT KPASTERISK LEFTALT SPACE CAPSLOCK": 44,
    "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK": 59,
    "KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 KP2 KP3 KP0 KPDOT": 71,
    "F11 F12": 87,
    "KPENTER RIGHTCTRL KPSLASH": 96,
    "HOME UP PAGEUP LEFT RIGHT END DOWN PAGEDOWN INSERT DELETE": 102,
    "KPEQUAL KPPLUSMINUS PAUSE": 117,
    "KPCOMMA": 121,
    "CALC": 140,
    "HOMEPAGE": 172,
    "KPLEFTPAREN KPRIGHTPAREN": 179,
    "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24": 183,
}
KEYS = MappingProxyType(
    {
        f"KEY_{name}": first + offset
        for row, first in _ROWS.items()
        for offset, name in enumerate(row.split())
    }
)
"""The codes of a keyboard's and a keypad's keys, by the kernel's names."""


class InputEvent(NamedTuple):
    """What the kernel says happened at `time_s`, by its own clock."""

    time_s: float
    type: int
    code: int
    value: int


class InputDevice:
    """An opened device of /dev/input. Every call raises OSError, ENODEV once it is pulled out."""

    def __init__(self, path: str) -> None:
        """Open the device at `path` to read its events and set its lights."""
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def grab(self) -> None:
        """Take it for ourselves: nobody else hears its keys."""
        fcntl.ioctl(self.fd, _EVIOCGRAB, 1)

    def read(self) -> list[InputEvent]:
        """The events that have come."""
        data = os.read(self.fd, _EVENTS_READ * EVENT.size)
        return [
            InputEvent(seconds + micros / 1e6, kind, code, value)
            for seconds, micros, kind, code, value in EVENT.iter_unpack(data)
        ]

    def set_led(self, led: int, value: int) -> None:
        """Turn a light on (1) or off (0)."""
        os.write(self.fd, EVENT.pack(0, 0, EV_LED, led, value))

    def close(self) -> None:
        """Give it back."""
        os.close(self.fd)
