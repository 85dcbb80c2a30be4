"""The only place that reads clocks."""

import ctypes
import time
from pathlib import Path
from typing import Protocol

from contract.stamp import Stamp

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ADJTIMEX_UNSYNCHRONISED = 5
_TIMEX_BYTES = 256


class Clock(Protocol):
    """A source of stamps, and a way to let its time pass."""

    def stamp(self) -> Stamp:
        """Read all clocks at once."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of this clock's time pass."""
        ...


class SystemClock:
    """The clocks of the machine."""

    def __init__(self) -> None:
        self._boot = _BOOT_ID.read_text(encoding="ascii").replace("-", "").strip()[:12]

    def stamp(self) -> Stamp:
        """Read wall and monotonic clocks, and ask the kernel whether the wall is disciplined."""
        return Stamp(
            wall_ms=time.time_ns() // 1_000_000,
            mono_ns=time.monotonic_ns(),
            boot=self._boot,
            synced=is_synchronised(),
        )

    def sleep(self, seconds: float) -> None:
        """Sleep on the monotonic clock."""
        time.sleep(seconds)


def is_synchronised() -> bool:
    """Whether the kernel holds its clock for synchronised (adjtimex(2) does not say TIME_ERROR)."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(buffer))
    return 0 <= state < _ADJTIMEX_UNSYNCHRONISED
