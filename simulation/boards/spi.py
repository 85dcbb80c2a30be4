"""Emulated MAX7219 modules on an emulated SPI bus: their registers, their chain, their power."""

import errno
from collections.abc import Sequence
from typing import Self

from simulation.boards.line import Noise
from simulation.boards.panels import Powered

_DIGITS = 8
# Data sheet, tables 1 and 6: D6 to D0 are the segments A to G, D7 the point.
_SEGMENTS = {
    0b0000000: " ",
    0b1111110: "0",
    0b0110000: "1",
    0b1101101: "2",
    0b1111001: "3",
    0b0110011: "4",
    0b1011011: "5",
    0b1011111: "6",
    0b1110000: "7",
    0b1111111: "8",
    0b1111011: "9",
    0b0000001: "-",
}
_CODE_B = "0123456789-EHLP "
_DECODE, _INTENSITY, _SCAN_LIMIT, _SHUTDOWN, _TEST = 0x9, 0xA, 0xB, 0xC, 0xF


class Max7219Module(Powered):
    """A module of eight digits with its chip; digit 0 is at the right.

    At power-on it is shut down, scans one digit and decodes none. Source: MAX7219/MAX7221 data
    sheet 19-4452, "Initial Power-Up" and tables 2 to 10. `brightness` is 1 to 32 thirty-seconds.
    """

    def __init__(self) -> None:
        super().__init__(" " * _DIGITS)
        self._word = 0
        self._registers = _at_power_on()

    @property
    def brightness(self) -> int:
        """The duty of the digits in thirty-seconds; 0 in the dark."""
        awake = self.powered and self._registers[_SHUTDOWN] & 1
        return 2 * (self._registers[_INTENSITY] & 0xF) + 1 if awake else 0

    def power_on(self) -> None:
        self._registers = _at_power_on()
        super().power_on()

    def shift(self, bit: int) -> int:
        """Take one bit from DIN at a clock edge, and return what leaves at DOUT."""
        leaving = self._word >> 15
        self._word = (self._word << 1 | bit) & 0xFFFF
        return leaving

    def latch(self) -> None:
        """LOAD rises: the last 16 bits go into a register."""
        if not self.powered:
            return
        register, value = self._word >> 8 & 0xF, self._word & 0xFF
        if register:
            self._registers[register] = value
            self._show(self._look())

    def _look(self) -> str:
        if self._registers[_TEST] & 1:
            return "8" * _DIGITS
        if not self._registers[_SHUTDOWN] & 1:
            return " " * _DIGITS
        scanned = (self._registers[_SCAN_LIMIT] & 7) + 1
        lit = [self._digit(place) if place < scanned else " " for place in range(_DIGITS)]
        return "".join(reversed(lit))

    def _digit(self, place: int) -> str:
        value = self._registers[1 + place]
        if self._registers[_DECODE] >> place & 1:
            return _CODE_B[value & 0xF]
        return _SEGMENTS.get(value & 0x7F, "?")


class SpiChain:
    """A chip-select with modules in a row, the first next to the Pi; `opens` as the kernel's does.

    `unplug` takes the kernel's device away and `plug` brings it back.
    """

    def __init__(self, modules: Sequence[Max7219Module], noise: Noise | None = None) -> None:
        self._modules = modules
        self._noise = noise
        self._there = True

    def opens(self, _port: str, _baud: int, _timeout_s: float) -> Self:
        """Open the device. Raises OSError while it is unplugged."""
        self._check()
        return self

    def plug(self) -> None:
        """Bring the device back."""
        self._there = True

    def unplug(self) -> None:
        """Take the device away."""
        self._there = False

    def write(self, data: bytes) -> int:
        """Select the chips, clock all bits through them, and let go, which latches."""
        self._check()
        for byte in self._noise.disturb(data) if self._noise else data:
            for place in range(7, -1, -1):
                bit = byte >> place & 1
                for module in self._modules:
                    bit = module.shift(bit)
        for module in self._modules:
            module.latch()
        return len(data)

    def reset_input_buffer(self) -> None:
        """Nothing is ever heard."""

    def flush(self) -> None:
        """Everything is sent when `write` returns."""

    def read(self, _size: int) -> bytes:
        """Nothing is ever heard."""
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def _check(self) -> None:
        if not self._there:
            raise OSError(errno.ENODEV, "no SPI device")


def _at_power_on() -> list[int]:
    return [0] * 16
