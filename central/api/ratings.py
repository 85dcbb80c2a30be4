"""From counted answers to rating figures, purely. What would show a count under five is hidden."""

from collections import Counter
from collections.abc import Mapping, Sequence

from central.api.figures import answers, answers_by_service
from central.api.models import Level
from central.api.period_models import Interval, RatingFigures, ServiceRatings
from central.api.privacy import SMALLEST_SHOWN
from central.api.wilson import wilson
from central.store.cells import RatingKey


def rating_figures(
    counted: Counter[RatingKey], shown: Sequence[Level], finished: int
) -> RatingFigures:
    """The figures of all answers in `counted`, to `finished` services, beside `shown` levels."""
    given = {key: n for key, n in counted.items() if key.level}
    total = sum(given.values())
    satisfied = sum(n for key, n in given.items() if _is_satisfied(key.levels, key.level))
    rate = answers(total, finished)
    share_is_safe = _may_show_share(satisfied, total, shown)
    return RatingFigures(
        finished=finished,
        answers=rate.answers,
        response_rate=rate.response_rate,
        response_interval=_interval(total, finished) if rate.response_rate is not None else None,
        satisfied=round(satisfied / total, 4) if share_is_safe else None,
        satisfied_interval=_interval(satisfied, total) if share_is_safe else None,
    )


def service_ratings(
    counted: Counter[RatingKey], finished: Mapping[str, int], names: Mapping[str, str]
) -> list[ServiceRatings]:
    """Answers and response rates by service, in the order of their ids."""
    given = answers_by_service(counted)
    return [
        ServiceRatings(
            service=service,
            name=names.get(service),
            finished=finished[service],
            ratings=answers(given[service], finished[service]),
        )
        for service in sorted(finished)
    ]


def _may_show_share(satisfied: int, total: int, shown: Sequence[Level]) -> bool:
    """Both sides of the share must be large enough, and neither may show by subtraction the one
    level of it that is hidden, or how few answers its hidden levels have."""
    for half, answered in ((True, satisfied), (False, total - satisfied)):
        levels = [one.answers for one in shown if _is_satisfied(one.levels, one.level) is half]
        left = answered - sum(n for n in levels if n is not None)
        if answered < SMALLEST_SHOWN or levels.count(None) == 1:
            return False
        if None in levels and left < SMALLEST_SHOWN:
            return False
    return True


def _interval(successes: int, trials: int) -> Interval:
    low, high = wilson(successes, trials)
    return Interval(low=round(low, 4), high=round(high, 4))


def _is_satisfied(levels: int, level: int) -> bool:
    """The upper half of the scale, without its middle."""
    return 2 * level > levels + levels % 2
