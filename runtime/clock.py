"""The only place that reads clocks."""

import ctypes
import time
from pathlib import Path
from typing import Protocol

from contract.stamp import Stamp

_adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ADJTIMEX_UNSYNCHRONISED = 5
_TIMEX_BYTES = 256
WRITTEN_MS = 1_795_219_200_000
"""2026-11-21, when this software was written: no clock that is right shows less."""


class Clock(Protocol):
    """A source of stamps, and a way to let its time pass."""

    def stamp(self) -> Stamp:
        """Read all clocks at once."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of this clock's time pass."""
        ...


class SystemClock:
    """The clocks of the machine.

    With `has_chip` it keeps time without power (a Pi 5 with its battery), and is believed without
    a network as well, unless it shows a time before this software was written: a dead battery.
    """

    def __init__(self, *, has_chip: bool = False) -> None:
        self._has_chip = has_chip
        self._boot = _BOOT_ID.read_text(encoding="ascii").replace("-", "").strip()[:12]

    def stamp(self) -> Stamp:
        """Read wall and monotonic clocks, and ask the kernel whether the wall is disciplined."""
        wall_ms = time.time_ns() // 1_000_000
        return Stamp(
            wall_ms=wall_ms,
            mono_ns=time.monotonic_ns(),
            boot=self._boot,
            synced=(self._has_chip and wall_ms > WRITTEN_MS) or is_synchronised(),
        )

    def sleep(self, seconds: float) -> None:
        """Sleep on the monotonic clock."""
        time.sleep(seconds)


def is_synchronised() -> bool:
    """Whether the kernel holds its clock for synchronised (adjtimex(2) does not say TIME_ERROR)."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = int(_adjtimex(buffer))
    return 0 <= state < _ADJTIMEX_UNSYNCHRONISED
