"""Answers wait until there are five of them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from central.rollup.answer_batches import AnswerBatches, Asked
from central.rollup.fold import FoldState, fold
from central.store.cells import RatingKey
from contract import events as e
from tests.central.journal import Journal

ONE = Asked("1", 4)

answers = st.lists(
    st.tuples(st.sampled_from("123"), st.sampled_from([3, 4]), st.integers(1, 3)), max_size=60
)


def test_the_fifth_brings_the_four_before() -> None:
    batches = AnswerBatches({})
    assert [batches.take(ONE, level) for level in (4, 4, 1, 4)] == [()] * 4
    assert batches.waiting == {ONE: (4, 4, 1, 4)}
    assert batches.take(ONE, 3) == (4, 4, 1, 4, 3)
    assert batches.waiting == {}


def test_answers_to_another_service_or_on_another_scale_are_no_company() -> None:
    batches = AnswerBatches({ONE: (4, 4, 4, 4)})
    assert batches.take(Asked("2", 4), 4) == ()
    assert batches.take(Asked("1", 5), 4) == ()
    assert len(batches.take(ONE, 1)) == 5


def test_a_hub_that_makes_up_services_does_not_fill_the_memory() -> None:
    batches = AnswerBatches({ONE: (4,)})
    for number in range(10_000):
        batches.take(Asked(f"s{number}", 4), 4)
    assert len(batches.waiting) == 500
    assert ONE not in batches.waiting
    assert Asked("s9999", 4) in batches.waiting


@given(answers)
def test_what_is_counted_is_what_was_given_less_four_at_most(
    given_answers: list[tuple[str, int, int]],
) -> None:
    batches = AnswerBatches({})
    counted: Counter[tuple[str, int, int]] = Counter()
    for service, levels, level in given_answers:
        asked = Asked(service, levels)
        counted.update((*asked, one) for one in batches.take(asked, level))
    waiting = Counter((*asked, one) for asked, them in batches.waiting.items() for one in them)
    assert counted + waiting == Counter(given_answers)
    assert all(0 < len(levels) < 5 for levels in batches.waiting.values())


@given(answers, st.data())
def test_a_restart_in_the_middle_changes_no_batch(
    given_answers: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    journal = Journal()
    journal.open_day()
    for service, levels, level in given_answers:
        journal.add(e.RatingGiven("1", service, level, levels), 60_000)
    cut = data.draw(st.integers(0, len(journal.entries)))
    state, before = fold(FoldState(), journal.entries[:cut])
    _, after = fold(state, journal.entries[cut:])
    _, whole = fold(FoldState(), journal.entries)
    assert before.ratings + after.ratings == whole.ratings


def test_a_batch_counts_on_the_day_that_completes_it() -> None:
    journal = Journal()
    for turn, day in enumerate(("2026-11-18", "2026-11-19", "2026-11-20")):
        journal.open_day(day)
        at_ms = (turn - 2) * 86_400_000
        journal.add(e.RatingGiven("1", "1", 4, 4), at_ms)
        journal.add(e.RatingGiven("1", "1", 1, 4), at_ms + 1)
    state, cells = fold(FoldState(), journal.entries)
    assert cells.ratings == {
        RatingKey("1", "2026-11-20", 4, 4): 3,
        RatingKey("1", "2026-11-20", 4, 1): 2,
    }
    assert state.answers == {ONE: (1,)}
