"""Any orders, from anyone, by any clock: what must always hold.

Hypothesis looks for the shortest life that breaks something; the lives by seed go further.
"""

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract import commands as c
from contract.codec import decode_entry
from contract.commands import Actor, AnyCommand
from edge.core.house import apply
from edge.core.log import log_page
from edge.core.report import day_report
from tests.edge.core.life import (
    ACTORS,
    ANYTHING,
    CLASSES,
    CLOCK_CHANGES,
    CLOCKLESS,
    COUNTERS,
    DAYS,
    LINES,
    MOVES,
    WHIMS,
    Life,
)
from tests.edge.core.story import BOSS, DAY_MS, MINUTE_MS, RULES

HOUR_MS = 60 * MINUTE_MS
YEAR_MS = 365 * DAY_MS
LIVES = 80
HAPPENINGS = 300
# In a hundred happenings: arrivals, times and clocks, orders of anyone, days that a supervisor
# names, moves to a new journal. The rest is work at counters.
MIXES = (
    (10, 10, 20, 1, 0),
    (30, 5, 5, 1, 1),
    (8, 30, 2, 5, 2),
    (15, 2, 40, 1, 0),
    (15, 10, 0, 10, 1),
    (30, 15, 0, 10, 10),
)
STEP_S = (0, 1, 20, 90, 600)
JUMPS_MS = (0, 999, 7 * MINUTE_MS, 5 * HOUR_MS, 15 * HOUR_MS, DAY_MS, 40 * DAY_MS)
WRONG_MS = (-53 * YEAR_MS, -DAY_MS, -MINUTE_MS, MINUTE_MS, DAY_MS, 2 * DAY_MS, 400 * YEAR_MS)

trainings = st.sampled_from([False, False, True])
arrivals = st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(CLASSES)), max_size=4)
steps = st.lists(
    st.tuples(st.sampled_from(COUNTERS), st.sampled_from(WHIMS), st.sampled_from(STEP_S)),
    min_size=2,
    max_size=20,
)
anything = st.sampled_from(ANYTHING).flatmap(st.sampled_from)
jumps_ms = st.sampled_from(JUMPS_MS) | st.integers(0, 2 * HOUR_MS)
wrong_by_ms = st.sampled_from(WRONG_MS) | st.integers(-53 * YEAR_MS, 400 * YEAR_MS)


class HouseMachine(RuleBasedStateMachine):
    """A life of few rules, because Hypothesis leaves some out of every run."""

    @initialize(honest=st.booleans(), wrong_ms=wrong_by_ms)
    def begin(self, *, honest: bool, wrong_ms: int) -> None:
        self.life = Life(honest=honest, wrong_ms=wrong_ms)

    @rule(arrivals=arrivals, steps=steps, training=trainings)
    def people_come_and_counters_work(
        self,
        arrivals: list[tuple[tuple[str, ...], str | None]],
        steps: list[tuple[str, str, int]],
        *,
        training: bool,
    ) -> None:
        for line, priority in arrivals:
            self.life.order(BOSS, c.IssueTicket(line, priority=priority), training=training)
        for counter, whim, passed_s in steps:
            self.life.pass_time(passed_s * 1000, ns=1)
            self.life.work(counter, whim, training=training)

    @rule(
        asked=st.lists(
            st.tuples(st.sampled_from(ACTORS), anything, trainings), min_size=1, max_size=12
        )
    )
    def anyone_orders_anything(self, asked: list[tuple[Actor, AnyCommand, bool]]) -> None:
        for actor, command, training in asked:
            self.life.order(actor, command, training=training)

    @rule(ms=jumps_ms, change=st.sampled_from(CLOCK_CHANGES), wrong_ms=wrong_by_ms)
    def time_passes_and_clocks_change(self, ms: int, change: str, wrong_ms: int) -> None:
        self.life.pass_time(ms, ns=999_999)
        self.life.change_clock(change, wrong_ms)

    @rule(
        ms=jumps_ms,
        change=st.sampled_from(CLOCK_CHANGES),
        arrivals=arrivals,
        day=st.none() | st.sampled_from(DAYS),
        all_gone=st.booleans(),
    )
    def a_supervisor_is_asked_for_the_day_and_answers_later(
        self,
        ms: int,
        change: str,
        arrivals: list[tuple[tuple[str, ...], str | None]],
        day: str | None,
        *,
        all_gone: bool,
    ) -> None:
        question = self.life.question()
        self.life.pass_time(ms)
        self.life.change_clock(change, -53 * YEAR_MS)
        for line, priority in arrivals:
            self.life.order(BOSS, c.IssueTicket(line, priority=priority))
        self.life.answer(question, day, all_gone=all_gone)

    @rule(how=st.sampled_from(MOVES), change=st.sampled_from(("", "lost", "set")))
    def the_queue_moves_to_a_new_journal(self, how: str, change: str) -> None:
        self.life.move(how)
        self.life.change_clock(change, -53 * YEAR_MS)

    @invariant()
    def all_is_well(self) -> None:
        self.life.check()

    def teardown(self) -> None:
        if hasattr(self, "life"):
            replays_from_nothing(self.life)
            the_report_agrees(self.life)


TestHouse = HouseMachine.TestCase
TestHouse.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", range(LIVES))
def test_lives(seed: int) -> None:
    random = Random(seed)
    life = Life(honest=seed % 2 == 0, wrong_ms=random.choice(WRONG_MS))
    arrival, clock, order, day, move = random.choice(MIXES)
    changes = random.choice((CLOCK_CHANGES, CLOCKLESS))
    question = life.question()
    for _ in range(HAPPENINGS):
        training = random.random() < 0.1
        chance = random.randrange(100)
        if chance < arrival:
            issue = c.IssueTicket(random.choice(LINES), priority=random.choice(CLASSES))
            life.order(BOSS, issue, training=training)
        elif chance < arrival + clock:
            life.pass_time(random.choice(JUMPS_MS), random.randrange(1_000_000))
            life.change_clock(random.choice(changes), random.choice(WRONG_MS))
        elif chance < arrival + clock + order:
            command = random.choice(random.choice(ANYTHING))
            life.order(random.choice(ACTORS), command, training=training)
        elif chance < arrival + clock + order + day:
            day_said = random.choice((None, None, *DAYS))
            life.answer(question, day_said, all_gone=random.random() < 0.3)
            question = life.question()
        elif chance < arrival + clock + order + day + move:
            life.move(random.choice(MOVES))
        else:
            life.pass_time(random.choice(STEP_S) * 1000, random.randrange(1_000_000))
            life.work(random.choice(COUNTERS), random.choice(WHIMS), training=training)
        life.check()
    replays_from_nothing(life)
    the_report_agrees(life)


@pytest.mark.parametrize("seed", range(10))
def test_lives_by_a_clock_that_jumps_between_days(seed: int) -> None:
    random = Random(seed)
    life = Life(honest=False, wrong_ms=0)
    life.change_clock("set", 0)
    for _ in range(HAPPENINGS):
        chance = random.randrange(100)
        if chance < 20:
            life.order(BOSS, c.IssueTicket(random.choice(LINES)))
        elif chance < 26:
            life.pass_time(random.choice((0, MINUTE_MS, HOUR_MS)))
            change = random.choice(("lying", "set", "set", "power, then set"))
            life.change_clock(change, random.choice((-DAY_MS, DAY_MS, 2 * DAY_MS)))
        else:
            life.pass_time(random.choice(STEP_S) * 1000)
            life.work(random.choice(COUNTERS), random.choice(WHIMS), training=False)
        if chance < 26:
            the_report_agrees(life)
    replays_from_nothing(life)


def replays_from_nothing(life: Life) -> None:
    """Reading the journal from its first byte on gives the house that is there."""
    house = life.base
    for row in life.rows:
        house = apply(house, decode_entry(row))
    assert house == life.house


def the_report_agrees(life: Life) -> None:
    """What is counted from the day's rows is what the house has counted."""
    entries = life.entries
    for training in (False, True):
        queue = life.house.queue(training=training)
        if queue.today.opened_seq == 0:
            continue
        rows = [x for x in entries if x.training == training and x.seq >= queue.today.opened_seq]
        report = day_report(RULES, queue.day, rows)
        assert report.tickets == queue.today.issued
        assert (report.visits, report.ratings.count) == (queue.today.finished, queue.today.ratings)
        assert report.presses_ignored == queue.today.presses_ignored
        served = {figures.counter: figures.served for figures in report.counters}
        assert {id_: n for id_, n in served.items() if n} == {
            id_: n for id_, n in queue.today.served.items() if n
        }
        assert log_page(RULES, queue, rows, life.stamp).day == queue.day
