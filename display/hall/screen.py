"""Whether the hall screen is painted, as its page says of itself."""

from contract.commands import ReportDevice
from runtime.clock import Clock

_DEVICE = "hall-screen"
_FRESH_S = 30.0


class Screen:
    """When pages were painted last, here and on other machines; for any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._painted_s: float | None = None
        self._painted_here_s: float | None = None
        self._said: ReportDevice | None = None

    def painted(self, *, here: bool) -> None:
        """A page was painted just now, on this machine if `here`."""
        now_s = self._clock.stamp().mono_s
        self._painted_s = now_s
        if here:
            self._painted_here_s = now_s

    @property
    def painted_here_ago_s(self) -> float | None:
        """How many seconds ago a browser on this machine painted the page last; None if not within
        half a minute."""
        if self._painted_here_s is None or not self._is_fresh(self._painted_here_s):
            return None
        return self._clock.stamp().mono_s - self._painted_here_s

    def news(self) -> ReportDevice | None:
        """What the hub should hear, once: that a page is painted anywhere, or is no longer. Of a
        screen that never was there is none."""
        if self._painted_s is None:
            return None
        found = ReportDevice(_DEVICE, "ready")
        if not self._is_fresh(self._painted_s):
            found = ReportDevice(_DEVICE, "lost", "not-painted")
        if found == self._said:
            return None
        self._said = found
        return found

    def _is_fresh(self, painted_s: float | None) -> bool:
        return painted_s is not None and self._clock.stamp().mono_s - painted_s < _FRESH_S
