"""From rollups to figures, purely."""

from collections import Counter
from collections.abc import Iterable

from central.api.models import Answers, DayFigures, Duration, Level
from central.api.privacy import SMALLEST_SHOWN, hide_small
from central.rollup.histogram import Histogram
from central.store.cells import DayTotal, Measure, RatingKey, Tally, merge


def figures(tallies: Iterable[Tally]) -> DayFigures:
    """The figures of all that is counted in `tallies`."""
    return figures_of(merge(list(tallies)))


def figures_of(total: Tally | DayTotal) -> DayFigures:
    """The figures of one sum."""
    return DayFigures(
        issued=total.issued,
        called=total.called,
        finished=total.finished,
        visits=total.visits,
        no_shows=total.no_shows,
        voids=total.voids,
        transfers=total.transfers,
        wait=duration(total.wait),
        service=duration(total.service),
        second_wait=duration(total.second_wait),
        unsure=total.unsure,
    )


def duration(measure: Measure | Histogram) -> Duration:
    """Mean and quantiles, in whole milliseconds."""
    p50, p90 = measure.quantiles((0.5, 0.9))
    n = measure.n
    return Duration(
        n=n,
        mean_ms=measure.ms // n if n else None,
        p50_ms=None if p50 is None else round(p50),
        p90_ms=None if p90 is None else round(p90),
    )


def answers(given: int, finished: int) -> Answers:
    """How many answered, unless too few did, of `finished` services. No rate of more answers than
    services: a day's batches may hold answers of days before."""
    if given < SMALLEST_SHOWN:
        return Answers(answers=None, response_rate=None)
    rate = round(given / finished, 4) if given <= finished else None
    return Answers(answers=given, response_rate=rate)


def answers_in(ratings: Counter[RatingKey]) -> int:
    """How many answered."""
    return sum(n for key, n in ratings.items() if key.level)


def answers_by_service(ratings: Counter[RatingKey]) -> Counter[str]:
    """How many answered, by service."""
    given: Counter[str] = Counter()
    for key, n in ratings.items():
        if key.level:
            given[key.service] += n
    return given


def levels(ratings: Counter[RatingKey]) -> list[Level]:
    """Answers by scale and level, all levels of each scale in use."""
    counted: Counter[tuple[int, int]] = Counter()
    for key, n in ratings.items():
        if key.level:
            counted[key.levels, key.level] += n
    cells = [
        (scale, level)
        for scale in sorted({scale for scale, _ in counted})
        for level in range(scale, 0, -1)
    ]
    shown = hide_small([counted[cell] for cell in cells])
    return [
        Level(levels=scale, level=level, answers=n)
        for (scale, level), n in zip(cells, shown, strict=True)
    ]


def ignored_presses(ratings: Counter[RatingKey]) -> int:
    """Presses when no rating was due."""
    return sum(n for key, n in ratings.items() if not key.level)
