"""A hub's journal in memory: the same rows, chain and cursor as on a card, without the disk."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from contract.codec import CHAIN_START, chain
from edge.store.journal import Row

_NOT_TIMED = -1


class MemoryJournal:
    """Holds what `edge.store.journal.Journal` would, for one thread that appends and one uplink.

    `now_ms` is real monotonic time. `lags_ms` collects how long each row that was appended with
    the line up took to be confirmed.
    """

    def __init__(self, epoch: str, now_ms: Callable[[], int]) -> None:
        self.epoch = epoch
        self.lags_ms: list[int] = []
        self._now_ms = now_ms
        self._bodies: list[bytes] = []
        self._hashes: list[bytes] = [CHAIN_START]
        self._appended: list[tuple[int, int]] = []  # last row of a group, and when it came
        self._cursor = 0

    @property
    def last_seq(self) -> int:
        """The last row."""
        return len(self._bodies)

    @property
    def last_hash(self) -> bytes:
        """The chain's hash after the last row."""
        return self._hashes[-1]

    @property
    def cursor(self) -> int:
        """The last row that the centre has confirmed."""
        return self._cursor

    @property
    def bodies(self) -> Sequence[bytes]:
        """The bytes of all rows."""
        return self._bodies

    def append(self, bodies: Sequence[bytes], *, line_up: bool) -> None:
        """Add rows."""
        for body in bodies:
            self._hashes.append(chain(self._hashes[-1], (body,)))
            self._bodies.append(body)
        when_ms = self._now_ms() if line_up else _NOT_TIMED
        self._appended.append((len(self._bodies), when_ms))

    def read(self, after: int, limit: int) -> list[Row]:
        """At most `limit` rows behind row `after`, in order."""
        last = min(after + limit, len(self._bodies))
        return [
            Row(seq, self._bodies[seq - 1], self._hashes[seq]) for seq in range(after + 1, last + 1)
        ]

    def hash_at(self, seq: int) -> bytes:
        """The chain's hash after row `seq`."""
        return self._hashes[seq]

    def advance(self, committed: int) -> None:
        """Move the cursor forward to `committed`; never back."""
        if committed <= self._cursor:
            return
        now_ms, before = self._now_ms(), self._cursor
        self._cursor = committed
        done = bisect_right(self._appended, (committed, 1 << 62))
        for last, when_ms in self._appended[:done]:
            if when_ms != _NOT_TIMED:
                self.lags_ms.extend([now_ms - when_ms] * (last - before))
            before = last
        del self._appended[:done]
