"""How soon hubs are back after all have lost their connection at once."""

from collections.abc import Iterable
from typing import Any

from runtime.clock import Clock
from simulation.nation.hub import NationHub


class Returns:
    """Watches hubs come back, beginning now."""

    def __init__(self, hubs: Iterable[NationHub], clock: Clock) -> None:
        self._clock = clock
        self._began_s = self._clock.stamp().mono_s
        self._away = {hub.node: hub for hub in hubs}
        self._took_s: list[float] = []

    @property
    def complete(self) -> bool:
        """Whether all are back."""
        return not self._away

    def look(self) -> None:
        """Take notice of those who are back."""
        took_s = self._clock.stamp().mono_s - self._began_s
        for node in [node for node, hub in self._away.items() if hub.connected]:
            del self._away[node]
            self._took_s.append(took_s)

    def figures(self) -> dict[str, Any]:
        """How many came back, how many did not, and real seconds until half and all were."""
        took_s = sorted(self._took_s)
        return {
            "back": len(took_s),
            "away": len(self._away),
            "half_back_s": round(took_s[len(took_s) // 2], 2) if took_s else None,
            "all_back_s": round(took_s[-1], 2) if took_s and self.complete else None,
        }
