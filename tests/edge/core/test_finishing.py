"""A finish that is taken back within ten seconds leaves no trace but its two rows."""

import pytest
from msgspec.structs import replace

from central.rollup.fold import FoldState, fold
from central.store.cells import merge
from contract import commands as c
from contract import events as e
from contract.commands import Actor
from contract.day_report import Spread
from contract.snapshot import LinkView
from contract.stamp import Span
from edge.core.evolve import evolve
from edge.core.report import day_report
from edge.core.view import snapshot
from simulation.recount import Count, recount
from tests.edge.core.life import day_of_mistakes
from tests.edge.core.mistakes import (
    CALL,
    FINISH,
    ISSUE,
    RATE,
    REOPEN,
    START,
    figures,
    report,
    timeless,
)
from tests.edge.core.story import BOSS, KIOSK, LAN, MINH, RULES, Story, open_at

HAND_OUT = (BOSS, c.AssignServices("3", ("2", "8")))
SIX_MIN_MS = 360_000


def serving(*further: str) -> Story:
    """Lan serves 1001, who wants `further` services too, six minutes at counter 1."""
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("1", *further))), CALL)
    return story.later(minutes=1).given(START).later(minutes=6)


@pytest.mark.parametrize("further", [(), ("2",)])
def test_the_service_goes_on_as_though_it_had_never_been_finished(further: tuple[str, ...]) -> None:
    story = serving(*further)
    before = story.live
    story.given(FINISH).later(s=10)
    (event,) = story.does(*REOPEN)
    assert isinstance(event, e.ServiceReopened)
    assert (event.number, event.counter, event.service) == ("1001", "1", "1")
    assert timeless(story.live) == timeless(before)

    (last,) = story.later(minutes=1).does(*FINISH)
    assert isinstance(last, e.ServiceFinished)
    assert last.service_time == last.worked == Span(SIX_MIN_MS + 70_000)


def test_displays_show_the_number_at_its_counter_again() -> None:
    story = serving()
    shown = []
    for step in (None, FINISH, REOPEN):
        if step is not None:
            story.given(step)
        site = snapshot(RULES, "n", story.house, story.stamp, LinkView(connected=False, unsent=0))
        shown.append((site.counters[0].ticket, site.finished_today, site.counters[0].served))
    assert shown[0][0] is not None
    assert shown == [shown[0], (None, 1, 1), shown[0]]


def test_ten_seconds_are_ten_seconds() -> None:
    story = serving().given(FINISH).later(s=10, ms=1)
    refused = story.refuses(*REOPEN)
    assert (refused.reason, refused.detail) == (
        "reopen-too-late",
        {"number": "1001", "seconds": "10"},
    )


def test_a_restart_of_the_hub_forgets_nothing() -> None:
    story = serving().given(FINISH)
    story.reboot(story.stamp.wall_ms + 4_000, synced=True).given(REOPEN)
    assert story.live.counters["1"].ticket == "1001"


def test_after_a_restart_without_a_clock_nobody_knows_how_long_ago_it_was() -> None:
    story = serving().given(FINISH).reboot(0, synced=False)
    assert story.refuses(*REOPEN).reason == "reopen-too-late"


def test_a_supervisor_may_take_it_back_too() -> None:
    story = serving().given(FINISH, (BOSS, c.ReopenService("1")))
    assert story.live.tickets["1001"].phase == "serving"


def test_a_keypads_finish_can_be_taken_back_at_the_terminal() -> None:
    key = Actor("key", "keypad", "1")
    story = Story().given(*open_at("1"), ISSUE, CALL).later(minutes=1)
    story.given((key, c.CallNext("1", finish_current=True)), REOPEN)
    (last,) = story.later(minutes=2).does(*FINISH)
    assert isinstance(last, e.ServiceFinished)
    assert last.worked == Span(120_000)


def test_a_rating_that_came_meanwhile_is_the_only_one() -> None:
    story = serving().given(FINISH, RATE, REOPEN)
    assert story.does(*RATE) == (e.RatingIgnored("1", 4, "nothing-finished"),)
    story.given(FINISH)
    assert story.does(*RATE) == (e.RatingIgnored("1", 4, "already-rated"),)
    assert story.live.today.ratings == report(story).ratings.count == 1


def test_without_a_rating_meanwhile_the_second_finish_is_rated() -> None:
    story = serving().given(FINISH, REOPEN, FINISH)
    assert story.does(*RATE) == (e.RatingGiven("1", "1", 4, 4),)


def test_the_next_service_of_a_rated_visit_has_a_rating_of_its_own() -> None:
    story = serving("2").given(FINISH, RATE, REOPEN, FINISH, *open_at("3", MINH))
    story.given(*((MINH, command("3")) for command in (c.CallNext, c.StartService)))
    story.given((MINH, c.FinishService("3")))
    pad = Actor("pad-3", "pad", "3")
    assert story.does(pad, c.Rate("3", 2)) == (e.RatingGiven("3", "2", 2, 4),)


def test_waits_for_the_next_service_begin_at_the_finish_that_stands() -> None:
    story = serving("2").given(FINISH).later(s=5).given(REOPEN).later(minutes=3).given(FINISH)
    story.given(*open_at("3", MINH)).later(minutes=2)
    (called,) = story.does(MINH, c.CallNext("3"))
    assert isinstance(called, e.TicketCalled)
    assert called.wait == Span(120_000)


def test_a_service_added_while_it_was_finished_stays() -> None:
    story = serving("2").given(FINISH, HAND_OUT, (LAN, c.AddService("1001", "8")), REOPEN)
    assert story.live.tickets["1001"].services == ("1", "2", "8")


def test_a_service_that_was_added_by_mistake_is_taken_off_again() -> None:
    story = serving().given(HAND_OUT, *((LAN, c.AddService("1001", more)) for more in "28"))
    assert story.does(LAN, c.RemoveService("1001", "2")) == (e.ServiceRemoved("1001", "2"),)
    assert story.live.tickets["1001"].services == ("1", "8")


def test_estimates_forget_what_was_taken_back() -> None:
    story = serving().given(FINISH, REOPEN).later(minutes=3).given(FINISH)
    assert story.live.today.recent_ms == {"1": (SIX_MIN_MS + 180_000,)}


def test_a_journal_that_lost_the_finish_can_still_be_read() -> None:
    mended = serving().given(FINISH, REOPEN)
    known = Story().given(*open_at("1"), ISSUE).live
    assert evolve(known, mended.entries[-1]) == replace(known, anchor=mended.stamp)


# --- figures ----------------------------------------------------------------------------------


def days(*, mistaken: bool) -> Story:
    """Two visits; the first finish, at 08:14:58, is `mistaken` and taken back at 08:15:03."""
    story = Story().given(*open_at("1"), ISSUE, ISSUE, CALL).later(minutes=2).given(START)
    story.later(minutes=12, s=58)
    if mistaken:
        story.given(FINISH)
    story.later(s=5)
    if mistaken:
        story.given(REOPEN)
    story.later(minutes=20).given(FINISH, RATE).later(minutes=1).given(CALL, START)
    return story.later(minutes=4).given(FINISH, (LAN, c.CloseCounter("1")))


def test_hub_and_centre_count_as_though_it_had_never_been_finished() -> None:
    right, mended = days(mistaken=False), days(mistaken=True)
    assert len(mended.entries) == len(right.entries) + 2
    assert report(mended) == report(right)
    assert figures(fold(FoldState(), mended.entries)[1]) == figures(
        fold(FoldState(), right.entries)[1]
    )
    one, other = recount(mended.entries), recount(right.entries)
    assert (one.finished, one.visits, one.services_ms) == (2, 2, other.services_ms)
    assert one.counters == other.counters


@pytest.mark.parametrize("cut", range(8, 12))
def test_the_centre_may_hear_of_the_mistake_later(cut: int) -> None:
    entries = days(mistaken=True).entries
    state, first = fold(FoldState(), entries[:cut])
    _, rest = fold(state, entries[cut:])
    _, whole = fold(FoldState(), entries)
    for key, tally in whole.quarters.items():
        assert merge([first.quarters[key], rest.quarters[key]]) == tally
    (day,) = whole.days.values()
    assert (day.finished, day.visits, day.service.n) == (2, 2, 2)


@pytest.mark.parametrize("seed", range(5))
def test_hub_centre_and_recount_agree_on_days_full_of_mistakes(seed: int) -> None:
    life = day_of_mistakes(seed, "oops", "oops")
    entries = life.entries
    assert sum(isinstance(entry.event, e.ServiceReopened) for entry in entries) > 10
    hub = day_report(RULES, life.house.live.day, entries)
    counted = recount(entries)
    (centre,) = fold(FoldState(), entries)[1].days.values()
    assert (hub.served, hub.visits) == (centre.finished, centre.visits)
    assert (counted.finished, counted.visits) == (centre.finished, centre.visits)
    assert hub.service_times.count == centre.service.n == len(counted.services_ms)
    assert sum(counted.services_ms) == centre.service.ms
    assert sum(counted.waits_ms) == centre.wait.ms
    assert _longest(counted) == hub.service_times


def _longest(counted: Count) -> Spread:
    times = sorted(counted.services_ms)
    return Spread(
        len(times),
        times[-(-len(times) // 2) - 1],
        times[-(-len(times) * 9 // 10) - 1],
        times[-1],
    )
