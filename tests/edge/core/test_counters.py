"""Counters, staff and ratings."""

import pytest
from msgspec.structs import replace

from contract import commands as c
from contract import events as e
from contract.stamp import Span
from tests.edge.core.story import BOSS, KIOSK, LAN, MINH, MINUTE_MS, PAD, RULES, Story, open_at

SERVED = (
    *open_at("1"),
    (KIOSK, c.IssueTicket(("1",))),
    (LAN, c.CallNext("1")),
    (LAN, c.StartService("1")),
    (LAN, c.FinishService("1")),
)


# --- staff ------------------------------------------------------------------------------------


def test_a_clerk_signs_in_opens_pauses_opens_and_closes_with_every_time() -> None:
    story = Story()
    assert story.does(LAN, c.SignIn("1"))[-1] == e.StaffSignedIn("lan", "1")
    assert story.does(LAN, c.SignIn("1")) == (), "once is enough"
    assert story.does(LAN, c.OpenCounter("1")) == (e.CounterOpened("1", ("1",)),)
    assert story.later(minutes=5).does(LAN, c.PauseCounter("1", "nghỉ trưa")) == (
        e.CounterPaused("1", "nghỉ trưa", idle=Span(5 * MINUTE_MS)),
    )
    assert story.later(minutes=90).does(LAN, c.OpenCounter("1")) == (
        e.CounterOpened("1", ("1",), paused=Span(90 * MINUTE_MS)),
    )
    assert story.later(minutes=2).does(LAN, c.CloseCounter("1")) == (
        e.CounterClosed("1", idle=Span(2 * MINUTE_MS), paused=None),
    )
    assert story.does(LAN, c.SignOut("1")) == (e.StaffSignedOut("lan", "1"),)


def test_who_sits_down_elsewhere_leaves_the_first_seat_closed() -> None:
    story = Story().given(*open_at("1"))
    story.later(minutes=1).does(LAN, c.PauseCounter("1", "đổi quầy"))
    assert story.later(minutes=1).does(LAN, c.SignIn("2")) == (
        e.CounterClosed("1", idle=None, paused=Span(MINUTE_MS)),
        e.StaffSignedOut("lan", "1"),
        e.StaffSignedIn("lan", "2"),
    )


def test_a_supervisor_opens_a_counter_where_nobody_sits_and_signs_others_out() -> None:
    story = Story()
    assert story.does(BOSS, c.OpenCounter("3"))[-1] == e.CounterOpened("3", ("2",))
    story.given(*open_at("1"))
    assert story.does(BOSS, c.SignOut("1")) == (
        e.CounterClosed("1", idle=Span(0), paused=None),
        e.StaffSignedOut("lan", "1"),
    )


def test_sitting_down_at_an_open_counter_does_not_touch_its_idle_time() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")))
    story.later(minutes=3).does(LAN, c.SignIn("1"))
    assert story.later(minutes=1).does(LAN, c.CloseCounter("1")) == (
        e.CounterClosed("1", idle=Span(4 * MINUTE_MS), paused=None),
    )


def test_a_counter_that_the_rules_dropped_is_wound_up_and_then_gone() -> None:
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    story.rules = replace(RULES, counters=RULES.counters[1:])
    assert story.refuses(MINH, c.SignIn("9")).reason == "unknown-counter"
    story.given((LAN, c.StartService("1")), (LAN, c.FinishService("1")), (LAN, c.SignIn("2")))
    assert story.refuses(LAN, c.SignIn("1")).reason == "unknown-counter"


# --- services ---------------------------------------------------------------------------------


def test_a_counter_may_serve_something_else_until_the_day_is_over() -> None:
    story = Story().given(*open_at("1"))
    assert story.later(minutes=1).does(LAN, c.OpenCounter("1", ("2", "8", "2"))) == (
        e.ServicesAssigned("1", ("2", "8")),
    )
    story.given((LAN, c.CloseCounter("1")))
    assert story.does(LAN, c.OpenCounter("1")) == (e.CounterOpened("1", ("2", "8")),)

    story.later(minutes=24 * 60).given((LAN, c.SignIn("1")))
    assert story.does(LAN, c.OpenCounter("1")) == (e.CounterOpened("1", ("1",)),)


def test_a_closed_counter_takes_transfers_for_what_it_usually_serves() -> None:
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    story.given((MINH, c.SignIn("3")))
    assert isinstance(story.does(LAN, c.TransferTicket("1", "2", "3"))[-1], e.TicketTransferred)


def test_a_supervisor_assigns_services_to_a_counter_until_the_day_is_over() -> None:
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("2",))))
    assert story.refuses(LAN, c.CallNext("1")).reason == "nobody-waiting"

    assert story.later(minutes=1).does(
        BOSS, c.AssignServices("1", ("2", "1", "2"), "quầy 3 đông")
    ) == (e.ServicesAssigned("1", ("2", "1"), "quầy 3 đông"),)

    (call,) = story.later(minutes=1).does(LAN, c.CallNext("1"))
    assert isinstance(call, e.TicketCalled)
    assert (call.number, call.idle) == ("2001", Span(2 * MINUTE_MS)), "open all the time"

    story.given((LAN, c.MarkNoShow("1")), (LAN, c.CloseCounter("1")))
    assert story.does(LAN, c.OpenCounter("1")) == (e.CounterOpened("1", ("2", "1")),)
    story.later(minutes=24 * 60).given((LAN, c.SignIn("1")))
    assert story.does(LAN, c.OpenCounter("1")) == (e.CounterOpened("1", ("1",)),)


def test_services_are_assigned_while_the_counter_serves_or_rests_or_is_closed() -> None:
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    assert story.does(BOSS, c.AssignServices("1", ("2",))) == (e.ServicesAssigned("1", ("2",)),)
    story.given((LAN, c.StartService("1")), (LAN, c.FinishService("1")))
    assert story.does(BOSS, c.AssignServices("3", ("8",))) == (e.ServicesAssigned("3", ("8",)),)
    story.given(*open_at("3", MINH), (MINH, c.PauseCounter("3", "trưa")))
    assert story.does(BOSS, c.AssignServices("3", ("1",))) == (e.ServicesAssigned("3", ("1",)),)
    assert story.does(MINH, c.OpenCounter("3"))[-1] == e.CounterOpened("3", ("1",), Span(0))


def test_services_are_assigned_back_to_what_the_rules_say() -> None:
    story = Story().given((BOSS, c.AssignServices("1", ("2",))))
    assert story.does(BOSS, c.AssignServices("1")) == (e.ServicesAssigned("1", ()),)
    assert story.refuses(BOSS, c.AssignServices("1")).reason == "services-unchanged"

    story.given(*open_at("1"), (BOSS, c.AssignServices("1", ("2",))))
    assert story.does(BOSS, c.AssignServices("1")) == (e.ServicesAssigned("1", ("1",)),)
    assert story.live.counters["1"].phase == "open"


# --- ratings ----------------------------------------------------------------------------------


def test_one_rating_for_one_finished_service() -> None:
    story = Story().given(*SERVED)
    rating = c.Rate("1", 4, "attitude")
    assert story.later(s=20).does(PAD, rating) == (e.RatingGiven("1", "1", 4, 4, "attitude"),)
    assert story.does(PAD, rating) == (e.RatingIgnored("1", 4, "already-rated"),)
    assert story.live.today.ratings == 1


def test_a_press_that_comes_late_never_counts_for_the_next_citizen() -> None:
    story = Story().given(*SERVED)
    due = story.live.counters["1"].rating
    assert due is not None
    late = c.Rate("1", 1, finished_seq=due.seq)
    story.given(*SERVED[-4:])
    assert story.does(PAD, late) == (e.RatingIgnored("1", 1, "too-late"),)
    now = story.live.counters["1"].rating
    assert now is not None
    assert now.seq > due.seq
    (event,) = story.does(PAD, c.Rate("1", 4, finished_seq=now.seq))
    assert isinstance(event, e.RatingGiven)


@pytest.mark.parametrize(("seconds", "counts"), [(60, True), (61, False)])
def test_a_rating_is_due_for_the_window_only(seconds: int, *, counts: bool) -> None:
    story = Story().given(*SERVED)
    (event,) = story.later(s=seconds).does(PAD, c.Rate("1", 1))
    assert isinstance(event, e.RatingGiven if counts else e.RatingIgnored)


def test_a_rating_is_due_until_the_next_citizen_is_served() -> None:
    story = Story().given(*SERVED, (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    story.given((LAN, c.StartService("1")))
    assert story.does(PAD, c.Rate("1", 1)) == (e.RatingIgnored("1", 1, "nothing-finished"),)

    story = Story().given(*SERVED, (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    assert isinstance(story.does(PAD, c.Rate("1", 1))[0], e.RatingGiven)


@pytest.mark.parametrize(
    "sent_away", [c.TransferTicket("1", "2"), c.ParkTicket("1", "papers")], ids=["on", "parked"]
)
def test_who_is_sent_away_unfinished_does_not_rate_the_citizen_before(
    sent_away: c.AnyCommand,
) -> None:
    story = Story().given(*SERVED, (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    story.given((LAN, c.StartService("1"))).later(s=10).given((LAN, sent_away))
    assert story.does(PAD, c.Rate("1", 1)) == (e.RatingIgnored("1", 1, "nothing-finished"),)


def test_presses_without_a_service_are_kept_and_do_not_count() -> None:
    story = Story()
    assert story.does(PAD, c.Rate("1", 3))[-1] == e.RatingIgnored("1", 3, "nothing-finished")
    story.given(*SERVED).reboot(0, synced=False)
    assert story.does(PAD, c.Rate("1", 3)) == (e.RatingIgnored("1", 3, "too-late"),)
    assert story.live.today.ratings == 0
