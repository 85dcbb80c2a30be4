"""A histogram of very many durations: how many fall in each bin (see `bins`), and their sum.

It keeps a number for every bin between the first and the last in use, so that a day of the whole
nation takes a few thousand bytes, however many waits are in it.
"""

import bisect
import itertools
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from central.rollup.bins import MOST_BIN, count, to_ms

_FIRST = struct.Struct("<H")


@dataclass(slots=True)
class Histogram:
    """Durations: their sum in milliseconds, and how many fall in the bins from `first` on."""

    ms: int = 0
    first: int = 0
    counts: list[int] = field(default_factory=list)

    @property
    def n(self) -> int:
        """How many durations there are."""
        return sum(self.counts)

    def pack(self) -> bytes:
        """The first bin and the numbers from there on, little-endian; empty for none."""
        if not self.counts:
            return b""
        return _FIRST.pack(self.first) + struct.pack(f"<{len(self.counts)}I", *self.counts)

    def add_bins(self, ms: int, bins: bytes | bytearray) -> None:
        """Add durations that are given as a list of bins and their sum."""
        if not bins:
            return
        self.ms += ms
        counted = count(bins)
        self._widen(min(counted), max(counted) + 1)
        for value, n in counted.items():
            self.counts[value - self.first] += n

    def add(self, other: "Histogram") -> None:
        """Add all of another histogram."""
        self.ms += other.ms
        if not self.counts:
            self.first, self.counts = other.first, other.counts.copy()
        elif other.counts:
            first = other.first
            self._widen(first, first + len(other.counts))
            for place, n in enumerate(other.counts, first - self.first):
                self.counts[place] += n

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """As `bins.quantiles`."""
        reached = list(itertools.accumulate(self.counts))
        if not reached:
            return [None for _ in shares]
        ranks = [max(1, math.ceil(share * reached[-1])) for share in shares]
        return [to_ms(self.first + bisect.bisect_left(reached, rank)) for rank in ranks]

    def _widen(self, first: int, end: int) -> None:
        if not self.counts:
            self.first = first
        if first < self.first:
            self.counts[:0] = [0] * (self.first - first)
            self.first = first
        self.counts += [0] * (end - self.first - len(self.counts))


def unpack_histogram(ms: int, packed: bytes) -> Histogram:
    """What `pack` gave, with its sum. Raises ValueError for other bytes."""
    if not packed:
        return Histogram(ms)
    first = _FIRST.unpack_from(packed)[0]
    counts = list(struct.unpack(f"<{(len(packed) - _FIRST.size) // 4}I", packed[_FIRST.size :]))
    if first + len(counts) > MOST_BIN + 1:
        raise ValueError("bins beyond the last")
    return Histogram(ms, first, counts)
