"""Messages on their way from the threads that hear them to the one that commits."""

import threading
from collections import deque

from central.ingest.intake import Received


class Inbox:
    """Holds at most `most` messages, of which `enough` are worth a commit. Many are taken at once,
    so that under a backlog the threads do not wake each other for every one."""

    def __init__(self, most: int, enough: int) -> None:
        self._most = most
        self._enough = enough
        self._held: deque[Received] = deque()
        self._lock = threading.Lock()
        self._has_some = threading.Condition(self._lock)
        self._has_enough = threading.Condition(self._lock)
        self._has_room = threading.Condition(self._lock)

    def __len__(self) -> int:
        """How many wait."""
        return len(self._held)

    def put(self, message: Received) -> None:
        """Hand over a message, from any thread; waits while there is no room."""
        with self._lock:
            while len(self._held) >= self._most:
                self._has_room.wait()
            self._held.append(message)
            self._has_some.notify()
            if len(self._held) == self._enough:
                self._has_enough.notify()

    def take(self, most: int, wait_s: float, gather_s: float = 0.0) -> list[Received]:
        """At most `most` messages, oldest first; waits up to `wait_s` for the first, and then up to
        `gather_s` for enough of them."""
        with self._lock:
            if not self._held and wait_s:
                self._has_some.wait(wait_s)
            if 0 < len(self._held) < self._enough and gather_s:
                self._has_enough.wait(gather_s)
            taken = [self._held.popleft() for _ in range(min(most, len(self._held)))]
            if taken:
                self._has_room.notify_all()
        return taken
