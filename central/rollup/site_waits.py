"""The waits of many sites, counted by site and bin, so that thousands of quantiles are one
calculation over one array."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from central.rollup.bins import MOST_BIN, pack_taken_back, to_ms, unpack

_TAKEN_BACK = unpack(pack_taken_back(0))[0]
_MS = np.array([round(to_ms(number)) for number in range(MOST_BIN + 1)])


def _nothing() -> NDArray[np.int32]:
    return np.zeros((0, 0), dtype=np.int32)


@dataclass(frozen=True, slots=True)
class SiteWaits:
    """How many waits of each place fall in each bin (see `bins`): a row for each of `places`, and a
    column for each bin from `first` on. Nothing changes it."""

    places: tuple[str, ...] = ()
    first: int = 0
    counts: NDArray[np.int32] = field(default_factory=_nothing)

    def grouped(self, group_of: Mapping[str, str]) -> "SiteWaits":
        """Of groups of places, each of which stand together; those in none are left out."""
        rows = [row for row, place in enumerate(self.places) if place in group_of]
        groups = [group_of[self.places[row]] for row in rows]
        starts = [n for n, group in enumerate(groups) if n == 0 or group != groups[n - 1]]
        names = tuple(groups[start] for start in starts)
        if not names:
            return SiteWaits()
        summed = np.add.reduceat(self.counts[rows], starts, axis=0, dtype=np.int32)
        return SiteWaits(names, self.first, summed)

    def only(self, places: Sequence[str]) -> "SiteWaits":
        """Of some of the places, without those that are not here."""
        row_of = {place: row for row, place in enumerate(self.places)}
        found = tuple(place for place in places if place in row_of)
        return SiteWaits(found, self.first, self.counts[[row_of[place] for place in found]])

    def n(self) -> dict[str, int]:
        """How many waits there are, by place."""
        return dict(zip(self.places, self.counts.sum(axis=1).tolist(), strict=True))

    def quantile(self, share: float) -> dict[str, int]:
        """The nearest-rank quantile in whole milliseconds, as `bins.quantiles`, by place with
        waits."""
        if not self.counts.size:
            return {}
        reached = np.cumsum(self.counts, axis=1, dtype=np.int32)
        n = reached[:, -1]
        ranks = np.maximum(1, np.ceil(share * n)).astype(np.int32)
        columns = (reached >= ranks[:, np.newaxis]).argmax(axis=1)
        ms = _MS[self.first + columns].tolist()
        return {place: ms[row] for row, place in enumerate(self.places) if n[row]}


def site_waits(bins: Mapping[str, bytes]) -> SiteWaits:
    """The waits in lists of bins by place."""
    places = tuple(sorted(bins))
    values = np.frombuffer(b"".join(map(bins.__getitem__, places)), dtype="<u2").astype(np.intp)
    times = np.where(values < _TAKEN_BACK, 1, -1).astype(np.int32)
    values %= _TAKEN_BACK
    first = int(values.min()) if len(values) else 0
    width = int(values.max()) + 1 - first if len(values) else 0
    counts = np.zeros((len(places), width), dtype=np.int32)
    rows = np.repeat(np.arange(len(places)), [len(bins[place]) // 2 for place in places])
    np.add.at(counts, (rows, values - first), times)
    return SiteWaits(places, first, counts)


def joined(parts: Sequence[SiteWaits]) -> SiteWaits:
    """All waits of `parts`, by place in ascending order."""
    places = tuple(sorted({place for part in parts for place in part.places}))
    row_of = {place: row for row, place in enumerate(places)}
    filled = [part for part in parts if part.counts.size]
    first = min((part.first for part in filled), default=0)
    end = max((part.first + part.counts.shape[1] for part in filled), default=0)
    counts = np.zeros((len(places), end - first), dtype=np.int32)
    for part in filled:
        start = part.first - first
        rows = [row_of[place] for place in part.places]
        stand_together = rows == list(range(rows[0], rows[0] + len(rows)))
        own = slice(rows[0], rows[-1] + 1) if stand_together else rows  # four times as quick
        counts[own, start : start + part.counts.shape[1]] += part.counts
    return SiteWaits(places, first, counts)
