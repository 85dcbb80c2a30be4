"""Which lanes of sites a process owns, among several that take in events."""

from collections.abc import Iterable

from central.store.figures_edition import require
from central.store.postgres_connection import LANE_LOCKS, WorkerConnection


class LaneLocks:
    """Owns lanes by advisory locks of the very connection that writes: a connection that is lost
    has lost them all, and can write nothing more. Used by one thread."""

    def __init__(self, conn: WorkerConnection, wanted: Iterable[int]) -> None:
        self.held: frozenset[int] = frozenset()
        self._conn = conn
        self._wanted = frozenset(wanted)

    @property
    def missing(self) -> frozenset[int]:
        """What is wanted and owned by somebody else, or by nobody yet."""
        return self._wanted - self.held

    def keep(self) -> bool:
        """Connect again if the connection was lost; False if all was lost with it, so that nothing
        that was remembered of the lanes holds any more. Raises StoreError."""
        if not self._conn.is_lost:
            return True
        self.held = frozenset()
        self._conn.connect_again()
        return False

    def take(self) -> frozenset[int]:
        """Take what is missing and free; returns what was taken. Raises StoreError, also where
        figures are by another definition than this program's."""
        require(self._conn)
        taken = frozenset(
            lane
            for (lane,) in self._conn.execute(
                "SELECT lane FROM unnest(?::int[]) AS lane WHERE pg_try_advisory_lock(?, lane)",
                (sorted(self.missing), LANE_LOCKS),
            )
        )
        self.held |= taken
        return taken
