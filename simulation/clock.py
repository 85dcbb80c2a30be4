"""Time that passes as fast as a simulation wants, and clocks that show it."""

import time
from threading import Lock

from contract.stamp import Stamp


class SimulatedTime:
    """One time line for everything in a simulation, in UTC milliseconds since 1970.

    `speed` is simulated seconds per real second; None means as fast as the machine can.
    """

    def __init__(self, start_ms: int, speed: float | None) -> None:
        self._lock = Lock()
        self._start_ms = start_ms
        self._now_ms = start_ms
        self.speed = speed

    @property
    def now_ms(self) -> int:
        """The present moment."""
        return self._now_ms

    @property
    def elapsed_ms(self) -> int:
        """How much simulated time has passed."""
        return self._now_ms - self._start_ms

    def advance_to(self, moment_ms: int) -> None:
        """Move on to a later moment; an earlier one changes nothing."""
        with self._lock:
            self._now_ms = max(self._now_ms, moment_ms)

    def pass_for(self, seconds: float) -> None:
        """Let simulated seconds pass for one who waits, which takes no time at full speed."""
        if self.speed is not None and seconds > 0:
            time.sleep(seconds / self.speed)


class SimulatedClock:
    """The clocks of one boot of one simulated machine; `error_ms` is how wrong the wall clock is,
    which nobody knows, until `correct`."""

    def __init__(self, simulated: SimulatedTime, boot: str, error_ms: int = 0) -> None:
        self._time = simulated
        self._boot = boot
        self._error_ms = error_ms
        self._synced = error_ms == 0

    def correct(self) -> None:
        """The network has told the time."""
        self._error_ms = 0
        self._synced = True

    def stamp(self) -> Stamp:
        """Read all clocks at once."""
        return Stamp(
            wall_ms=self._time.now_ms + self._error_ms,
            mono_ns=self._time.elapsed_ms * 1_000_000,
            boot=self._boot,
            synced=self._synced,
        )

    def sleep(self, seconds: float) -> None:
        """Let simulated seconds pass."""
        self._time.pass_for(seconds)
