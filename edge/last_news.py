"""When the site's other machines last spoke of each of their devices."""

from collections.abc import Collection
from threading import Lock

from edge.core.device_names import is_of_another, name_of
from runtime.clock import Clock

SILENT_S = 300


class LastNews:
    """Knows which devices nobody has spoken of for SILENT_S.

    It is kept in memory alone, so that news that change nothing cost no row of the journal: other
    machines tell every minute what their devices are, and after a restart of the hub soon again.
    """

    def __init__(self, clock: Clock) -> None:
        """`clock` must go with the real time that passes between two words, even where the site
        lives by a simulated one."""
        self._clock = clock
        self._lock = Lock()
        self._heard_ns: dict[str, int] = {}

    def hear(self, actor: str, device: str) -> None:
        """Note that `actor` has spoken of what it calls `device`; from any thread."""
        name = name_of(actor, device)
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            if name in self._heard_ns:
                self._heard_ns[name] = now_ns

    def silent(self, known: Collection[str]) -> tuple[str, ...]:
        """Those of the site's `known` devices that other machines no longer speak of.

        One that was not known when this was last asked counts as just heard of.
        """
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            before = self._heard_ns
            self._heard_ns = {n: before.get(n, now_ns) for n in known if is_of_another(n)}
            return tuple(
                name
                for name, heard_ns in self._heard_ns.items()
                if now_ns - heard_ns >= SILENT_S * 1_000_000_000
            )
