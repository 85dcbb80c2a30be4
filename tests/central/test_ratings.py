"""Rating figures: intervals, and what must stay hidden."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.api.figures import levels
from central.api.privacy import hide_small
from central.api.ratings import rating_figures, service_ratings
from central.api.wilson import wilson
from central.store.cells import RatingKey

DAY = "2026-11-20"


def answers(*by_level: int, service: str = "1") -> Counter[RatingKey]:
    """Answers to a scale, the best level first."""
    scale = len(by_level)
    return Counter(
        {RatingKey(service, DAY, scale, scale - place): n for place, n in enumerate(by_level) if n}
    )


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_literature(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_is_within_0_to_1(shares: tuple[int, int]) -> None:
    successes, trials = shares
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (2, 1), (-1, 3)])
def test_no_interval_of_no_share(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, trials)


def test_enough_answers_show_a_share() -> None:
    counted = answers(200, 50, 10, 6)
    found = rating_figures(counted, levels(counted), 1500)
    assert (found.answers, found.response_rate) == (266, 0.1773)
    assert found.satisfied == round(250 / 266, 4)
    assert found.satisfied_interval is not None
    assert found.satisfied_interval.low == round(wilson(250, 266)[0], 4)


@given(st.lists(st.sampled_from([0, 1, 3, 4, 5, 6, 40]), min_size=3, max_size=5))
def test_a_shown_share_gives_no_hidden_level_away(counts: list[int]) -> None:
    counted = answers(*counts)
    shown = levels(counted)
    found = rating_figures(counted, shown, 1000)
    if found.satisfied is None:
        return
    assert found.answers is not None
    satisfied = round(found.satisfied * found.answers)
    for half, total in ((True, satisfied), (False, found.answers - satisfied)):
        mine = [
            level.answers
            for level in shown
            if (2 * level.level > level.levels + level.levels % 2) is half
        ]
        assert total >= 5
        assert mine.count(None) != 1, "it could be found by subtraction"
        left = total - sum(n for n in mine if n is not None)
        assert None not in mine or left >= 5, "a small group of answers could be found"


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([30, 20, 10], [30, 20, 10]),
        ([28, 2, 0, 0], [None] * 4),  # 2 of 30 are no secret kept
        ([27, 0, 0, 0], [None] * 4),  # nor that nobody was of another opinion
        ([300, 40, 9, 2], [300, 40, None, None]),
        ([300, 40, 9, 2, 1], [300, 40, None, None, None]),
        ([300, 40, 9, 4, 3], [300, 40, 9, None, None]),
        ([9, 2, 9], [None, None, 9]),
        ([3], [None]),
        ([], []),
    ],
)
def test_what_is_hidden_is_no_small_count_together_either(
    counts: list[int], shown: list[int | None]
) -> None:
    assert hide_small(counts) == shown


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 40, 300]), max_size=8))
def test_subtraction_finds_nothing_small(counts: list[int]) -> None:
    shown = hide_small(counts)
    assert all(n is None or n == count for n, count in zip(shown, counts, strict=True))
    left = sum(counts) - sum(n for n in shown if n is not None)
    if any(n is not None for n in shown) and None in shown:
        assert shown.count(None) > 1
        assert left >= 5


def test_more_answers_than_services_have_no_rate_interval() -> None:
    counted = answers(9, 9, 9, 9)
    found = rating_figures(counted, levels(counted), 20)
    assert found.response_interval is None


def test_a_service_whose_answers_all_wait_has_no_figure() -> None:
    counted = answers(30, 30, 10, 10) + answers(5, 4, 0, 1, service="3")
    rated = service_ratings(counted, {"1": 300, "2": 20, "3": 90}, {"1": "Hộ tịch"})
    assert [(one.service, one.ratings.answers) for one in rated] == [
        ("1", 80),
        ("2", None),
        ("3", 10),
    ]
    assert rated[0].name == "Hộ tịch"


def test_no_rate_of_more_answers_than_services() -> None:
    """Four of the five may be answers of days before."""
    found = rating_figures(answers(5, 0, 0, 0), [], 3)
    assert (found.answers, found.response_rate, found.response_interval) == (5, None, None)
