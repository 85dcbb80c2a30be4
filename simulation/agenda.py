"""What is to happen when: the heart of a discrete-event simulation."""

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]


class Agenda:
    """Actions in order of time; those of one moment in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[tuple[int, int, Action]] = []
        self._order = count()

    def plan(self, moment_ms: int, action: Action) -> None:
        """Let `action` happen at `moment_ms`."""
        heapq.heappush(self._planned, (moment_ms, next(self._order), action))

    @property
    def next_ms(self) -> int | None:
        """When the next action is due; None when nothing is planned."""
        return self._planned[0][0] if self._planned else None

    def take(self) -> Action:
        """The next action, which leaves the agenda. Raises IndexError when nothing is planned."""
        return heapq.heappop(self._planned)[2]
