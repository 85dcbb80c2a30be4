"""The pure fold of entries into cells."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from central.rollup.bins import quantiles
from central.rollup.business_day import QUARTER_MS, day_of, midnight_ms
from central.rollup.fold import Cells, FoldState, fold
from central.store.cells import CellKey, CounterKey, CounterTally, RatingKey, Tally, merge
from contract import events as e
from contract.stamp import MS_PER_DAY, Span
from tests.central.journal import DAY, MORNING_MS, Journal

MINUTE_MS = 60_000


def folded(journal: Journal) -> Cells:
    return fold(FoldState(), journal.entries)[1]


def counter_time(cells: Cells, counter: int = 3) -> Counter[tuple[str, int]]:
    """Milliseconds by kind of time and quarters of an hour after 07:30."""
    spent: Counter[tuple[str, int]] = Counter()
    for key, tally in cells.counters.items():
        for name in ("walk_ms", "service_ms", "idle_ms", "pause_ms", "closed_ms"):
            if key.counter == counter and getattr(tally, name):
                spent[name, (key.quarter_ms - MORNING_MS) // QUARTER_MS] += getattr(tally, name)
    return spent


def visit() -> Journal:
    """One visit of certification, with a signature in between."""
    made = Journal()
    made.open_day()
    made.add(e.CounterOpened("3", ("1",)), 0)
    made.add(e.TicketIssued("1001", ("1",)), 1 * MINUTE_MS)
    made.add(
        e.TicketCalled("1001", "3", "1", Span(9 * MINUTE_MS), Span(10 * MINUTE_MS)), 10 * MINUTE_MS
    )
    made.add(e.ServiceStarted("1001", "3", "1", Span(MINUTE_MS)), 11 * MINUTE_MS)
    made.add(
        e.TicketParked("1001", "3", "1", "signature", None, Span(6 * MINUTE_MS)), 17 * MINUTE_MS
    )
    made.add(
        e.TicketResumed("1001", "3", "1", "signature", Span(14 * MINUTE_MS), Span(14 * MINUTE_MS)),
        31 * MINUTE_MS,
    )
    made.add(e.ServiceStarted("1001", "3", "1", Span(MINUTE_MS)), 32 * MINUTE_MS)
    made.add(
        e.ServiceFinished(
            "1001",
            "3",
            "1",
            Span(MINUTE_MS),
            Span(7 * MINUTE_MS),
            Span(32 * MINUTE_MS, approximate=True),
        ),
        33 * MINUTE_MS,
    )
    made.add(e.RatingGiven("3", "1", 4, 4), 34 * MINUTE_MS)
    made.add(e.RatingIgnored("3", 4, "already-rated"), 34 * MINUTE_MS)
    return made


def test_a_visit_is_counted_where_each_thing_happened() -> None:
    cells = folded(visit())
    first, second, third = (CellKey("1", MORNING_MS + n * QUARTER_MS) for n in range(3))
    assert cells.quarters[first].issued == cells.quarters[first].called == 1
    assert cells.quarters[first].wait.ms == 9 * MINUTE_MS
    assert (cells.quarters[second].parked, cells.quarters[second].finished) == (1, 0)
    last = cells.quarters[third]
    assert (last.resumed, last.finished, last.visits) == (1, 1, 1)
    assert (last.service.ms, last.second_wait.ms) == (7 * MINUTE_MS, 14 * MINUTE_MS)
    assert cells.days[DAY] == merge(list(cells.quarters.values()))
    assert cells.ratings == {RatingKey("", DAY, 0, 0): 1}, "one answer waits for four others"


def test_the_times_of_a_counter_lie_in_the_quarters_they_cover() -> None:
    assert counter_time(folded(visit())) == {
        ("idle_ms", 0): 10 * MINUTE_MS,
        ("walk_ms", 0): MINUTE_MS,
        ("service_ms", 0): 4 * MINUTE_MS,
        ("service_ms", 1): 2 * MINUTE_MS,
        ("idle_ms", 1): 13 * MINUTE_MS,
        ("idle_ms", 2): MINUTE_MS,
        ("walk_ms", 2): MINUTE_MS,
        ("service_ms", 2): MINUTE_MS,
    }


def test_pause_and_closing_of_a_counter() -> None:
    made = Journal()
    made.open_day()
    made.add(e.CounterPaused("3", "tea", Span(5 * MINUTE_MS)), 5 * MINUTE_MS)
    made.add(e.CounterOpened("3", ("1",), Span(2 * MINUTE_MS)), 7 * MINUTE_MS)
    made.add(e.CounterClosed("3", Span(MINUTE_MS), None), 8 * MINUTE_MS)
    made.add(e.CounterOpened("3", ("1",)), 16 * MINUTE_MS)
    made.add(e.CounterClosed("3", Span(0), None), 16 * MINUTE_MS)
    assert counter_time(folded(made)) == {
        ("idle_ms", 0): 6 * MINUTE_MS,
        ("pause_ms", 0): 2 * MINUTE_MS,
        ("closed_ms", 0): 7 * MINUTE_MS,
        ("closed_ms", 1): MINUTE_MS,
    }


def test_training_never_enters() -> None:
    made = visit()
    trained = Journal()
    for entry in made.entries:
        trained.add(entry.event, training=not isinstance(entry.event, e.DayOpened))
    cells = folded(trained)
    assert cells == Cells()


def test_a_clock_on_another_date_counts_at_midnight_of_the_business_day_and_is_unsure() -> None:
    made = Journal()
    made.open_day()
    made.add(e.TicketIssued("1001", ("1",)), synced=False, wall_ms=0)
    made.add(
        e.TicketCalled("1001", "3", "1", Span(MINUTE_MS), Span(2 * QUARTER_MS)),
        synced=False,
        wall_ms=MINUTE_MS,
    )
    cells = folded(made)
    midnight = CellKey("1", midnight_ms(DAY))
    assert cells.quarters.keys() == {midnight}
    assert (cells.days[DAY].issued, cells.days[DAY].unsure) == (1, 2)
    assert cells.counters == {
        CounterKey(3, midnight_ms(DAY)): CounterTally(idle_ms=2 * QUARTER_MS, called=1)
    }


def test_an_unsynchronised_clock_on_the_right_date_keeps_its_quarter_but_is_unsure() -> None:
    made = Journal()
    made.open_day()
    made.add(e.TicketIssued("1001", ("1",)), 20 * MINUTE_MS, synced=False)
    assert folded(made).quarters == {
        CellKey("1", MORNING_MS + QUARTER_MS): Tally(issued=1, unsure=1)
    }


def test_durations_that_no_clock_could_tell_are_not_measured() -> None:
    made = Journal()
    made.open_day()
    for worked in (None, Span(-1), Span(MS_PER_DAY + 1), Span(2**63)):
        made.add(e.ServiceFinished("1001", "3", "1", worked, worked, worked))
    day = folded(made).days[DAY]
    assert (day.finished, day.visits, day.service.n, day.service.ms) == (4, 3, 0, 0)


def test_a_day_that_is_none_and_levels_that_are_none_change_nothing() -> None:
    made = Journal()
    made.open_day()
    made.add(e.DayOpened("2026-99-99", trusted=False, last_orders={}))
    made.add(e.TicketIssued("1001", ()))
    for level, levels in ((0, 4), (5, 4), (1, 9), (2**63, 2**63)):
        made.add(e.RatingGiven("3", "1", level, levels))
    cells = folded(made)
    assert cells.quarters == {CellKey("", MORNING_MS): Tally(issued=1)}
    assert not cells.ratings


def test_before_the_first_day_is_opened_the_wall_clock_is_all_there_is() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1",)))
    made.add(e.TicketIssued("1002", ("1",)), wall_ms=2**70 % 2**63, synced=False)
    cells = folded(made)
    assert cells.days[DAY] == Tally(issued=1)
    assert len(cells.days) == 2


# --- folding in pieces ------------------------------------------------------------------------

spans = st.none() | st.builds(Span, st.integers(0, 3 * QUARTER_MS), st.booleans())
counters = st.sampled_from(["1", "12"])
services = st.sampled_from(["1", "2"])
events = st.one_of(
    st.builds(e.DayOpened, st.sampled_from([DAY, "2026-11-23"]), st.booleans(), st.just({})),
    st.builds(e.TicketIssued, st.just("1001"), st.tuples(services)),
    st.builds(e.TicketCalled, st.just("1001"), counters, services, spans, spans),
    st.builds(e.ServiceStarted, st.just("1001"), counters, services, spans),
    st.builds(e.ServiceFinished, st.just("1001"), counters, services, spans, spans, spans),
    st.builds(e.NoShowMarked, st.just("1001"), counters, services, spans),
    st.builds(e.CounterOpened, counters, st.just(("1",)), spans),
    st.builds(e.CounterClosed, counters, spans, spans),
    st.builds(e.RatingGiven, counters, services, st.integers(1, 4), st.just(4)),
)


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    made = Journal()
    at_ms = 0
    for event in draw(st.lists(events, max_size=30)):
        at_ms += draw(st.integers(0, 40 * MINUTE_MS))
        made.add(event, at_ms, synced=draw(st.booleans()), training=draw(st.integers(0, 9)) == 9)
    return made


@settings(max_examples=150)
@given(journals(), st.integers(0, 30))
def test_folding_in_two_pieces_adds_up_to_folding_at_once(made: Journal, cut: int) -> None:
    state, whole = fold(FoldState(), made.entries)
    middle, first = fold(FoldState(), made.entries[:cut])
    end, second = fold(middle, made.entries[cut:])
    assert end == state
    assert first.ratings + second.ratings == whole.ratings
    for key, tally in whole.quarters.items():
        assert merge([first.quarters[key], second.quarters[key]]) == tally
    for day, tally in whole.days.items():
        assert merge([first.days[day], second.days[day]]) == tally
    assert counter_time(first, 12) + counter_time(second, 12) == counter_time(whole, 12)


@settings(max_examples=150)
@given(journals())
def test_no_millisecond_of_a_counter_is_lost_or_counted_twice(made: Journal) -> None:
    cells = folded(made)
    for name, attribute in (("walk_ms", "walk"), ("service_ms", "service_time")):
        expected = sum(
            measured.ms
            for entry in made.entries
            if not entry.training
            and (measured := getattr(entry.event, attribute, None)) is not None
        )
        assert sum(getattr(tally, name) for tally in cells.counters.values()) == expected


@settings(max_examples=100)
@given(st.lists(st.integers(0, MS_PER_DAY), min_size=1, max_size=100), st.floats(0, 1))
def test_quantiles_over_a_day_are_within_the_promised_error(waits: list[int], q: float) -> None:
    made = Journal()
    made.open_day()
    for place, wait in enumerate(waits):
        made.add(e.TicketCalled("1001", "3", "1", Span(wait), None), place * 5 * MINUTE_MS)
    merged = merge(list(folded(made).quarters.values()))
    (found,) = quantiles(merged.wait.bins, [q])
    exact = sorted(waits)[max(1, -int(-q * len(waits) // 1)) - 1]
    assert found is not None
    assert abs(found - exact) <= 0.015 * exact


def test_days_in_vietnam_begin_at_17_utc_the_day_before() -> None:
    assert day_of(midnight_ms(DAY)) == DAY
    assert day_of(midnight_ms(DAY) - 1) == "2026-11-19"
    assert midnight_ms(DAY) + 7 * 3_600_000 + 30 * MINUTE_MS == MORNING_MS
