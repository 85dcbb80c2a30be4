"""What one row of a rollup holds. All of it adds up: counts and sums by addition, histograms by
putting one list of bins behind the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Struct

from central.rollup.bins import quantiles, size
from central.rollup.histogram import Histogram, unpack_histogram


@dataclass(slots=True)
class Measure:
    """Measured durations: their sum in milliseconds and the bins they fall in, two bytes each
    (see `central.rollup.bins`)."""

    ms: int = 0
    bins: bytearray = field(default_factory=bytearray)

    @property
    def n(self) -> int:
        """How many were measured."""
        return size(self.bins)

    def quantiles(self, shares: Sequence[float]) -> list[float | None]:
        """As `bins.quantiles`."""
        return quantiles(self.bins, shares)


@dataclass(slots=True)
class _Happened:
    """What happened to visits; `unsure` events have a certain day, but their quarter of an hour may
    be wrong."""

    issued: int = 0
    called: int = 0
    started: int = 0
    finished: int = 0
    visits: int = 0
    no_shows: int = 0
    voids: int = 0
    transfers: int = 0
    parked: int = 0
    resumed: int = 0
    unsure: int = 0


@dataclass(slots=True)
class Tally(_Happened):
    """What happened to visits of one service in one quarter of an hour, or at a site in a day."""

    wait: Measure = field(default_factory=Measure)
    service: Measure = field(default_factory=Measure)
    second_wait: Measure = field(default_factory=Measure)


@dataclass(slots=True)
class DayTotal(_Happened):
    """What happened at many sites in a day, and how many answers were given."""

    answers: int = 0
    wait: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    second_wait: Histogram = field(default_factory=Histogram)

    def add(self, tally: Tally, answers: int) -> None:
        """Add what happened at some of the sites."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(tally, name))
        self.answers += answers
        for name in _MEASURES:
            measure: Measure = getattr(tally, name)
            getattr(self, name).add_bins(measure.ms, measure.bins)


@dataclass(slots=True)
class CounterTally:
    """How one counter spent its time in one quarter of an hour, and what it did in it."""

    walk_ms: int = 0
    service_ms: int = 0
    idle_ms: int = 0
    pause_ms: int = 0
    closed_ms: int = 0
    called: int = 0
    finished: int = 0
    visits: int = 0
    no_shows: int = 0


class CellKey(NamedTuple):
    """One service and one quarter of an hour: its start in UTC milliseconds. An empty service
    stands for what belongs to the whole site."""

    service: str
    quarter_ms: int


class CounterKey(NamedTuple):
    """One counter and one quarter of an hour: its start in UTC milliseconds."""

    counter: int
    quarter_ms: int


class RatingKey(NamedTuple):
    """Answers to one service on one business day; level 0 counts presses that were ignored."""

    service: str
    day: str
    levels: int
    level: int


class TotalKey(NamedTuple):
    """One business day of a province, or with an empty province of the nation."""

    day: str
    province: str


class InHouse(Struct, frozen=True, gc=False):
    """A citizen who is at the site now: the services still to come, the present one first, and
    since when (UTC milliseconds; None when the hub's clock could not be trusted)."""

    number: str
    services: tuple[str, ...]
    phase: str
    since_ms: int | None


_MEASURES = ("wait", "service", "second_wait")
_COUNTS = tuple(field.name for field in fields(_Happened))
_counts_of = attrgetter(*_COUNTS)
_MEASURED = tuple(f"{name}_{part}" for name in _MEASURES for part in ("ms", "bins"))
TALLY_COLUMNS = (*_COUNTS, *_MEASURED)
TOTAL_COLUMNS = (*_COUNTS, "answers", *_MEASURED)
COUNTER_COLUMNS = tuple(field.name for field in fields(CounterTally))
_counter_tally_row: Callable[[CounterTally], tuple[int, ...]] = attrgetter(*COUNTER_COLUMNS)


def tally_to_row(tally: Tally) -> tuple[int | bytearray, ...]:
    """The values of TALLY_COLUMNS."""
    row: list[int | bytearray] = [*_counts_of(tally)]
    for measure in (tally.wait, tally.service, tally.second_wait):
        row += (measure.ms, measure.bins)
    return tuple(row)


def tally_from_row(row: Sequence[int | bytes]) -> Tally:
    """The tally of these values of TALLY_COLUMNS."""
    tally = Tally(*row[: len(_COUNTS)])  # type: ignore[arg-type]  # the counts are the first fields
    for place, name in enumerate(_MEASURES):
        ms, bins = row[len(_COUNTS) + 2 * place :][:2]
        setattr(tally, name, Measure(int(ms), bytearray(bins)))
    return tally


def merge(tallies: Sequence[Tally]) -> Tally:
    """The sum of tallies."""
    counts: Iterator[Any] = map(sum, zip(*map(_counts_of, tallies), strict=True))
    total = Tally(*counts)
    for name in _MEASURES:
        measures: list[Measure] = [getattr(tally, name) for tally in tallies]
        bins = bytearray().join(measure.bins for measure in measures)
        setattr(total, name, Measure(sum(measure.ms for measure in measures), bins))
    return total


def total_to_row(total: DayTotal) -> tuple[int | bytes, ...]:
    """The values of TOTAL_COLUMNS."""
    row: list[int | bytes] = [getattr(total, name) for name in _COUNTS]
    row.append(total.answers)
    for name in _MEASURES:
        histogram: Histogram = getattr(total, name)
        row += (histogram.ms, histogram.pack())
    return tuple(row)


def total_from_row(row: Sequence[Any]) -> DayTotal:
    """The total of these values of TOTAL_COLUMNS."""
    total = DayTotal(*row[: len(_COUNTS) + 1])
    for place, name in enumerate(_MEASURES):
        ms, packed = row[len(_COUNTS) + 1 + 2 * place :][:2]
        setattr(total, name, unpack_histogram(ms, packed))
    return total


def merge_totals(totals: Sequence[DayTotal]) -> DayTotal:
    """The sum of totals."""
    names = (*_COUNTS, "answers")
    merged = DayTotal(*(sum(map(attrgetter(name), totals)) for name in names))
    for total in totals:
        for name in _MEASURES:
            getattr(merged, name).add(getattr(total, name))
    return merged


def counter_tally_to_row(tally: CounterTally) -> tuple[int, ...]:
    """The values of COUNTER_COLUMNS."""
    return _counter_tally_row(tally)
