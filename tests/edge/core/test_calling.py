"""A call that is taken back within ten seconds leaves no trace but its two rows."""

import pytest
from msgspec.structs import replace

from central.rollup.fold import FoldState, fold
from contract import commands as c
from contract import events as e
from contract.commands import Actor
from contract.stamp import Span
from edge.core.evolve import evolve
from edge.core.report import day_report
from simulation.recount import recount
from tests.edge.core.life import day_of_mistakes
from tests.edge.core.mistakes import (
    CALL,
    FINISH,
    ISSUE,
    RATE,
    REOPEN,
    START,
    figures,
    picture,
    report,
    timeless,
)
from tests.edge.core.story import KIOSK, LAN, MINH, PAD, RULES, Story, open_at

NEXT = (LAN, c.CallNext("1", finish_current=True))
TAKE_BACK = (LAN, c.TakeBackCall("1"))


def busy() -> Story:
    """Lan has served 1001 for six minutes at counter 1, and 1002 waits."""
    story = Story().given(*open_at("1"), ISSUE, CALL).later(minutes=1).given(START, ISSUE)
    return story.later(minutes=6)


def test_one_order_takes_a_finish_and_its_call_back() -> None:
    story = busy()
    before = story.live
    story.given(NEXT).later(s=10)
    back, reopened = story.does(*REOPEN)
    assert isinstance(back, e.CallTakenBack)
    assert (back.number, back.counter, back.wait, back.idle) == (
        "1002",
        "1",
        Span(360_000),
        Span(0),
    )
    assert isinstance(reopened, e.ServiceReopened)
    assert timeless(story.live) == replace(timeless(before), calls=story.live.calls)
    assert story.live.tickets["1002"].phase == "waiting"


def test_the_wait_goes_on_from_its_issue() -> None:
    story = busy().given(NEXT).later(s=4).given(REOPEN).later(minutes=2)
    _, called = story.does(*NEXT)
    assert isinstance(called, e.TicketCalled)
    assert (called.number, called.wait, called.how) == ("1002", Span(484_000), "next")


def test_hall_and_voice_have_nothing_to_say_of_it() -> None:
    story = busy()
    before = picture(story)
    story.given(NEXT)
    assert [call.number for call in picture(story).calls] == ["1002", "1001"]
    story.given(REOPEN)
    after = picture(story)
    assert after.calls == before.calls
    assert (after.waiting, after.counters) == (before.waiting, before.counters)


def test_a_call_alone_can_be_taken_back_and_the_counter_was_idle_all_the_time() -> None:
    story = Story().given(*open_at("1"), ISSUE).later(minutes=3)
    before = story.live
    story.given((LAN, c.CallTicket("1", "1001", "nhầm")), (LAN, c.Recall("1"))).later(s=9)
    story.given(TAKE_BACK)
    assert timeless(story.live) == timeless(before)
    (called,) = story.later(minutes=1).does(*CALL)
    assert isinstance(called, e.TicketCalled)
    assert called.idle == called.wait == Span(249_000)


def test_ten_seconds_are_ten_seconds() -> None:
    story = busy().given(NEXT).later(s=10, ms=1)
    for order in (REOPEN, TAKE_BACK):
        refused = story.refuses(*order)
        assert (refused.reason, refused.detail["number"]) == ("call-stays", "1002")


def test_who_has_come_stays() -> None:
    story = busy().given(NEXT, START)
    assert story.refuses(*REOPEN).reason == "counter-busy"


def test_a_restart_of_the_hub_forgets_nothing() -> None:
    story = busy().given(NEXT)
    story.reboot(story.stamp.wall_ms + 4_000, synced=True).given(REOPEN)
    assert story.live.counters["1"].ticket == "1001"


def test_a_finish_and_a_later_call_are_taken_back_together_while_both_are_young() -> None:
    story = busy().given(FINISH).later(s=6).given(CALL).later(s=3).given(REOPEN)
    assert story.live.counters["1"].ticket == "1001"

    story.given(FINISH).later(s=6).given(CALL).later(s=5)
    assert story.refuses(*REOPEN).reason == "reopen-too-late"
    assert story.live.counters["1"].ticket == "1002"


def test_the_very_citizen_who_was_finished_and_called_for_the_next_service() -> None:
    story = Story().given(*open_at("2"), (KIOSK, c.IssueTicket(("1", "2"))))
    story.given(*((LAN, command("2")) for command in (c.CallNext, c.StartService)))
    story.later(minutes=5)
    before = story.live
    story.given((LAN, c.CallNext("2", finish_current=True)), (LAN, c.ReopenService("2")))
    calls = story.live.calls
    assert timeless(story.live) == replace(timeless(before), calls=calls)


def test_a_ticket_reserved_for_this_counter_stays_so() -> None:
    story = Story().given(*open_at("1"), *open_at("3", MINH), ISSUE, CALL, START)
    story.given((LAN, c.TransferTicket("1", "2", "3"))).later(minutes=1)
    before = story.live.tickets["1001"]
    story.given((MINH, c.CallNext("3")), (MINH, c.TakeBackCall("3")))
    assert story.live.tickets["1001"] == before


def test_the_rating_of_the_finish_stays_the_only_one() -> None:
    story = busy().given(NEXT, RATE, REOPEN, FINISH)
    assert story.does(PAD, c.Rate("1", 1)) == (e.RatingIgnored("1", 1, "already-rated"),)


def test_a_keypads_press_can_be_taken_back_at_the_terminal() -> None:
    key = Actor("key", "keypad", "1")
    story = busy().given((key, c.CallNext("1", finish_current=True)), REOPEN)
    assert story.live.counters["1"].ticket == "1001"


def test_a_journal_that_lost_the_call_can_still_be_read() -> None:
    mended = busy().given(NEXT, REOPEN)
    known = Story().given(*open_at("1"), ISSUE, ISSUE).live
    assert evolve(known, mended.entries[-2]) == replace(known, anchor=mended.stamp)


# --- figures ----------------------------------------------------------------------------------


def days(*, mistaken: bool) -> Story:
    """Three visits; the finish and call at 08:14:58 are `mistaken`, and taken back at 08:15:03."""
    story = Story().given(*open_at("1"), ISSUE, ISSUE, CALL).later(minutes=2).given(START)
    story.later(minutes=12, s=58)
    if mistaken:
        story.given(NEXT)
    story.later(s=5)
    if mistaken:
        story.given(REOPEN)
    story.later(minutes=20).given(FINISH, RATE).later(minutes=1)
    if mistaken:
        story.given(CALL, TAKE_BACK)
    story.later(minutes=1).given(CALL, START).later(minutes=4).given(FINISH)
    return story.given((LAN, c.CloseCounter("1")))


def test_hub_and_centre_count_as_though_it_had_never_been_called() -> None:
    right, mended = days(mistaken=False), days(mistaken=True)
    assert len(mended.entries) == len(right.entries) + 6
    assert report(mended) == report(right)
    assert figures(fold(FoldState(), mended.entries)[1]) == figures(
        fold(FoldState(), right.entries)[1]
    )
    one, other = recount(mended.entries), recount(right.entries)
    assert (one.called, one.waits_ms) == (2, other.waits_ms)
    assert one.counters == other.counters


@pytest.mark.parametrize("seed", range(5))
def test_hub_centre_and_recount_agree_on_days_full_of_mistakes(seed: int) -> None:
    life = day_of_mistakes(seed, "oops")
    entries = life.entries
    taken_back = [x.event for x in entries if isinstance(x.event, e.CallTakenBack)]
    assert sum(event.wait is not None for event in taken_back) > 10
    hub = day_report(RULES, life.house.live.day, entries)
    counted = recount(entries)
    (centre,) = fold(FoldState(), entries)[1].days.values()
    called = sum(figures.called for figures in hub.counters)
    assert called == counted.called == centre.called
    assert hub.waits.count == len(counted.waits_ms) == centre.wait.n
    assert sum(counted.waits_ms) == centre.wait.ms
    assert hub.waits.longest_ms == max(counted.waits_ms)
