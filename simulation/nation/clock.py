"""The clocks of a machine that may be wrong until the network tells it the time."""

from contract.stamp import Stamp
from simulation.clock import SimulatedTime


class UnreliableClock:
    """The clocks of one boot of one machine; `error_ms` is how wrong the wall clock is, which
    nobody knows, until `correct`."""

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
