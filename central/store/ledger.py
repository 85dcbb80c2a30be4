"""What the centre holds of one journal: a proven prefix, and runs received beyond it."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from contract.codec import CHAIN_START

MAX_RUNS = 1000


class Run(Struct, frozen=True):
    """Rows `first` to `last`, received before those in front of them.

    `before` is the chain's hash in front of the first row and `after` behind the last.
    """

    first: int
    last: int
    before: bytes
    after: bytes


class Ledger(Struct, frozen=True):
    """Every row up to `watermark` is held and proven by `chain`; `runs` lie beyond, in order,
    apart from each other."""

    watermark: int = 0
    chain: bytes = CHAIN_START
    runs: tuple[Run, ...] = ()

    @property
    def highest(self) -> int:
        """The highest row held, or 0."""
        return self.runs[-1].last if self.runs else self.watermark

    @property
    def beyond(self) -> int:
        """How many rows are held beyond the watermark."""
        return sum(run.last - run.first + 1 for run in self.runs)

    def gaps(self) -> tuple[tuple[int, int], ...]:
        """The missing intervals below the highest row, each first and last."""
        ends = (self.watermark, *(run.last for run in self.runs))
        return tuple((end + 1, run.first - 1) for end, run in zip(ends, self.runs, strict=False))


class Slice(Struct, frozen=True):
    """A checked batch: its first row, and the chain's hash before it and after each row."""

    first: int
    hashes: Sequence[bytes]

    @property
    def last(self) -> int:
        """The last row."""
        return self.first + len(self.hashes) - 2

    def hash_after(self, seq: int) -> bytes:
        """The chain's hash after row `seq`, from just before the first row to the last."""
        return self.hashes[seq - self.first + 1]


class Absorbed(Struct, frozen=True):
    """The ledger with a slice in it: `fresh` intervals are to be stored, `evicted` runs did not
    fit the proven prefix and are to be taken out."""

    ledger: Ledger
    fresh: tuple[tuple[int, int], ...]
    evicted: tuple[Run, ...] = ()


class Contradiction(Struct, frozen=True):
    """The slice cannot be true if what is held is: `reason` says how it shows."""

    reason: str


def absorb(
    ledger: Ledger, new: Slice, same: Callable[[int, int], bool]
) -> Absorbed | Contradiction:
    """Put a slice into a ledger.

    `same(first, last)` says whether the rows held there have the slice's bytes. What continues
    the proven prefix wins over runs beyond it; a slice that lies beyond must fit all it touches.
    """
    if new.first > ledger.watermark + 1:
        return _absorb_beyond(ledger, new, same)
    if not same(new.first, min(new.last, ledger.watermark)):
        return Contradiction("contradiction")
    if new.last <= ledger.watermark:
        return Absorbed(ledger, ())
    if new.hash_after(ledger.watermark) != ledger.chain:
        return Contradiction("chain-broken")
    return _extend_prefix(ledger, new, same)


def _extend_prefix(ledger: Ledger, new: Slice, same: Callable[[int, int], bool]) -> Absorbed:
    touching = [run for run in ledger.runs if run.first <= new.last + 1]
    kept = [run for run in touching if _fits(run, new, same)]
    watermark, chain = new.last, new.hash_after(new.last)
    if kept and kept[-1].last > watermark:
        watermark, chain = kept[-1].last, kept[-1].after
    return Absorbed(
        ledger=Ledger(watermark, chain, ledger.runs[len(touching) :]),
        fresh=_without(ledger.watermark + 1, new.last, kept),
        evicted=tuple(run for run in touching if run not in kept),
    )


def _absorb_beyond(
    ledger: Ledger, new: Slice, same: Callable[[int, int], bool]
) -> Absorbed | Contradiction:
    touching = [
        run for run in ledger.runs if run.first <= new.last + 1 and run.last >= new.first - 1
    ]
    if not all(_fits(run, new, same) for run in touching):
        return Contradiction("contradiction")
    if not touching and len(ledger.runs) >= MAX_RUNS:
        return Contradiction("too-many-gaps")
    first, before = new.first, new.hashes[0]
    last, after = new.last, new.hash_after(new.last)
    if touching and touching[0].first < first:
        first, before = touching[0].first, touching[0].before
    if touching and touching[-1].last > last:
        last, after = touching[-1].last, touching[-1].after
    others = [run for run in ledger.runs if run not in touching]
    runs = sorted([*others, Run(first, last, before, after)], key=lambda run: run.first)
    return Absorbed(
        ledger=Ledger(ledger.watermark, ledger.chain, tuple(runs)),
        fresh=_without(new.first, new.last, touching),
    )


def _fits(run: Run, new: Slice, same: Callable[[int, int], bool]) -> bool:
    """Whether the chain goes on between `run` and `new`, and both have the same rows in common."""
    if run.first >= new.first and new.hash_after(run.first - 1) != run.before:
        return False
    if new.first - 1 <= run.last <= new.last and new.hash_after(run.last) != run.after:
        return False
    return same(max(run.first, new.first), min(run.last, new.last))


def _without(first: int, last: int, held: Sequence[Run]) -> tuple[tuple[int, int], ...]:
    fresh = []
    for run in held:
        if first < run.first:
            fresh.append((first, min(last, run.first - 1)))
        first = max(first, run.last + 1)
    if first <= last:
        fresh.append((first, last))
    return tuple(fresh)
