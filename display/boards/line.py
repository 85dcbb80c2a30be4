"""The wires that displays hang on: serial lines, and the SPI bus of the Pi's own pins."""

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import serial

_WRITE_S = 1.0
_SPI_NAME = "spidev"
_SPI_IOC_WR_MAX_SPEED_HZ = 0x40046B04  # linux/spi/spidev.h
_SPI_HZ = 1_000_000  # a MAX7219 takes 10 MHz, a metre of ribbon cable less


class Line(Protocol):
    """An open line; what goes wrong with it is an OSError or a termios.error."""

    def reset_input_buffer(self) -> None:
        """Forget what was heard until now."""
        ...

    def write(self, data: bytes, /) -> int | None:
        """Send bytes."""
        ...

    def flush(self) -> None:
        """Wait until all bytes are sent."""
        ...

    def read(self, size: int, /) -> bytes:
        """What came, up to `size` bytes, within the line's timeout."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


OpenLine = Callable[[str, int, float], Line]


def open_line(port: str, baud: int, timeout_s: float) -> Line:
    """Open a serial line, or SPI where `port` is the kernel's /dev/spidevB.C; SPI has no `baud`.

    Raises OSError or termios.error.
    """
    if is_spi(port):
        return SpiLine(port)
    return serial.Serial(port, baud, timeout=timeout_s, write_timeout=_WRITE_S, exclusive=True)


def is_spi(port: str) -> bool:
    """Whether a port is one of SPI."""
    return Path(port).name.startswith(_SPI_NAME)


class SpiLine:
    """A chip-select of SPI by the kernel's spidev: each write is one selection of the chip.

    Nothing is ever heard. Source: Documentation/spi/spidev.rst.
    """

    def __init__(self, port: str) -> None:
        """Open the device at a speed for cables. Raises OSError."""
        self._file = os.open(port, os.O_WRONLY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(self._file, _SPI_IOC_WR_MAX_SPEED_HZ, struct.pack("=I", _SPI_HZ))
        except OSError:
            os.close(self._file)
            raise

    def reset_input_buffer(self) -> None: ...

    def write(self, data: bytes) -> int:
        return os.write(self._file, data)

    def flush(self) -> None: ...

    def read(self, _size: int) -> bytes:
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
