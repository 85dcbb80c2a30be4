"""Visits: from the button to the last finish."""

from typing import Literal

import pytest

from contract import commands as c
from contract import events as e
from contract.stamp import Span
from tests.edge.core.story import (
    GREETER,
    KIOSK,
    LAN,
    MINH,
    MINUTE_MS,
    Story,
    open_at,
)

ISSUE = c.IssueTicket(("1",))
CALL = c.CallNext("1")
START = c.StartService("1")
KEYPAD = c.Actor("keypad-1", "keypad", counter="1")
FINISH = c.FinishService("1")
NO_TIME = Span(0)


def called(
    number: str,
    counter: str = "1",
    service: str = "1",
    *,
    wait: Span | None = NO_TIME,
    idle: Span | None = NO_TIME,
    how: Literal["next", "chosen", "returned"] = "next",
    reason: str | None = None,
    priority: str | None = None,
) -> e.TicketCalled:
    return e.TicketCalled(number, counter, service, wait, idle, how, reason, priority)


# --- numbers ----------------------------------------------------------------------------------


def test_the_first_order_opens_the_day_and_the_first_number_is_1001() -> None:
    story = Story()

    events = story.does(KIOSK, c.IssueTicket(("1",), language="en", on_paper=False))

    assert events == (
        e.DayOpened("2026-11-23", trusted=True, last_orders={}),
        e.TicketIssued("1001", ("1",), language="en", on_paper=False, expected_wait_min=None),
    )


def test_numbers_count_within_their_series() -> None:
    story = Story()
    numbers = [story.does(KIOSK, c.IssueTicket((service,)))[-1] for service in "1218"]
    assert [event.number for event in numbers if isinstance(event, e.TicketIssued)] == [
        "1001",
        "2001",
        "1002",
        "8001",
    ]


def test_order_1000_has_five_digits_and_is_not_of_another_series() -> None:
    story = Story()
    for _ in range(1000):
        story.does(KIOSK, ISSUE)
    assert "11000" in story.live.tickets
    assert story.live.orders == {"1": 1000}


def test_a_ticket_tells_how_many_are_ahead_and_how_long_that_takes() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (KIOSK, ISSUE))
    assert story.does(KIOSK, ISSUE) == (
        e.TicketIssued("1003", ("1",), ahead=2, expected_wait_min=12),
    )


def test_a_service_named_twice_counts_once() -> None:
    (_, issued) = Story().does(KIOSK, c.IssueTicket(("1", "2", "1")))
    assert issued == e.TicketIssued("1001", ("1", "2"))


def test_greeters_and_staff_issue_for_others_staff_even_after_the_last_ticket() -> None:
    story = Story().later(minutes=200)  # 11:20
    assert story.refuses(GREETER, ISSUE).reason == "after-last-ticket"
    assert story.does(LAN, c.IssueTicket(("1",), priority="elderly"))[-1] == e.TicketIssued(
        "1001", ("1",), priority="elderly"
    )


def test_training_has_numbers_of_its_own() -> None:
    story = Story()
    story.does(KIOSK, ISSUE)

    events = story.does(LAN, ISSUE, training=True)

    assert events[-1] == e.TicketIssued("01001", ("1",))
    assert story.does(KIOSK, ISSUE)[-1] == e.TicketIssued("1002", ("1",), ahead=1)
    assert set(story.live.tickets) == {"1001", "1002"}
    assert set(story.house.training.tickets) == {"01001"}
    assert [entry.training for entry in story.entries] == [False, False, True, True, False]


# --- calls ------------------------------------------------------------------------------------


def test_call_recall_start_finish_with_every_time() -> None:
    story = Story().given(*open_at("1"))
    story.later(minutes=2).does(KIOSK, ISSUE)

    assert story.later(minutes=3).does(LAN, CALL) == (
        called("1001", wait=Span(3 * MINUTE_MS), idle=Span(5 * MINUTE_MS)),
    )
    assert story.later(s=20).does(LAN, c.Recall("1")) == (e.TicketRecalled("1001", "1", 2),)
    assert story.later(s=25).does(LAN, START) == (
        e.ServiceStarted("1001", "1", "1", walk=Span(45_000)),
    )
    assert story.later(minutes=6).does(LAN, c.FinishService("1", "H44.100-26-0001")) == (
        e.ServiceFinished(
            "1001",
            "1",
            "1",
            service_time=Span(6 * MINUTE_MS),
            worked=Span(6 * MINUTE_MS),
            visit=Span(9 * MINUTE_MS + 45_000),
            dossier="H44.100-26-0001",
            visit_ended=True,
        ),
    )
    assert story.live.tickets["1001"].phase == "finished"
    assert (story.live.today.issued, story.live.today.finished) == (1, 1)


def test_a_keypad_serves_one_citizen_a_press_and_invents_no_service_time() -> None:
    story = Story().given(*open_at("1"), *[(KIOSK, ISSUE)] * 3)
    press = c.CallNext("1", finish_current=True)
    assert story.does(KEYPAD, press) == (called("1001"),)

    walk = Span(4 * MINUTE_MS)
    assert story.later(minutes=4).does(KEYPAD, press) == (
        e.ServiceStarted("1001", "1", "1", walk=walk),
        e.ServiceFinished("1001", "1", "1", None, None, visit=walk, visit_ended=True),
        called("1002", wait=walk),
    )
    assert story.later(minutes=3).does(KEYPAD, press)[-1] == called("1003", wait=Span(420_000))
    assert story.later(minutes=2).does(KEYPAD, press)[1:] == (
        e.ServiceFinished("1003", "1", "1", None, None, visit=Span(540_000), visit_ended=True),
    )
    assert story.refuses(KEYPAD, press).reason == "nobody-waiting"
    assert (story.live.today.finished, story.live.today.served["1"]) == (3, 3)
    assert story.live.today.recent_ms == {}, "nothing to estimate by"


def test_a_keypad_ends_a_service_that_was_started_elsewhere_with_its_time() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))
    (event,) = story.later(minutes=4).does(KEYPAD, c.CallNext("1", finish_current=True))
    assert isinstance(event, e.ServiceFinished)
    assert event.worked == Span(4 * MINUTE_MS)


def test_call_next_may_finish_the_present_service_with_the_same_key() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))

    events = story.later(minutes=4).does(LAN, c.CallNext("1", finish_current=True))

    assert events == (
        e.ServiceFinished(
            "1001",
            "1",
            "1",
            service_time=Span(4 * MINUTE_MS),
            worked=Span(4 * MINUTE_MS),
            visit=Span(4 * MINUTE_MS),
            visit_ended=True,
        ),
        called("1002", wait=Span(4 * MINUTE_MS)),
    )


def test_with_nobody_left_the_same_key_only_finishes() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))
    (event,) = story.does(LAN, c.CallNext("1", finish_current=True))
    assert isinstance(event, e.ServiceFinished)


def test_a_further_service_at_the_same_counter_comes_before_later_arrivals() -> None:
    story = Story().given(*open_at("2"), (KIOSK, c.IssueTicket(("1", "2"))), (KIOSK, ISSUE))
    story.given((LAN, c.CallNext("2")), (LAN, c.StartService("2")))

    finished, again = story.later(minutes=1).does(LAN, c.CallNext("2", finish_current=True))

    assert isinstance(finished, e.ServiceFinished)
    assert finished.visit is None
    assert again == called("1001", "2", "2")
    assert story.live.tickets["1001"].services == ("2",)


def test_a_ticket_called_out_of_turn_says_why() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (KIOSK, ISSUE))
    assert story.does(LAN, c.CallTicket("1", "1002", "ốm")) == (
        called("1002", how="chosen", reason="ốm"),
    )


def test_an_absent_citizen_comes_back_to_the_old_place() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (KIOSK, ISSUE), (LAN, CALL))
    assert story.later(minutes=2).does(LAN, c.MarkNoShow("1")) == (
        e.NoShowMarked("1001", "1", "1", walk=Span(2 * MINUTE_MS)),
    )
    assert story.does(LAN, c.ReturnTicket("1001")) == (e.TicketReturned("1001"),)
    assert story.later(s=5).does(LAN, CALL) == (
        called("1001", wait=None, idle=Span(5000), how="returned"),
    )


def test_a_ticket_can_be_voided_unless_it_is_at_a_counter() -> None:
    story = Story().given((KIOSK, ISSUE))
    assert story.does(LAN, c.VoidTicket("1001", "lấy nhầm")) == (
        e.TicketVoided("1001", "lấy nhầm"),
    )
    assert story.live.tickets["1001"].phase == "void"


# --- service ----------------------------------------------------------------------------------


def test_a_transfer_keeps_number_and_place_and_starts_a_new_wait() -> None:
    story = Story().given(
        *open_at("1"), *open_at("3", MINH), (KIOSK, ISSUE), (KIOSK, c.IssueTicket(("2",)))
    )
    story.given((LAN, CALL), (LAN, START))

    assert story.later(minutes=5).does(LAN, c.TransferTicket("1", "2")) == (
        e.TicketTransferred("1001", "1", "1", "2", None, service_time=Span(5 * MINUTE_MS)),
    )

    (event,) = story.later(minutes=1).does(MINH, c.CallNext("3"))
    assert event == called("1001", "3", "2", wait=Span(MINUTE_MS), idle=Span(6 * MINUTE_MS)), (
        "before 2001, who came later"
    )
    story.does(MINH, c.StartService("3"))
    (finished,) = story.later(minutes=2).does(MINH, c.FinishService("3"))
    assert isinstance(finished, e.ServiceFinished)
    assert finished.worked == Span(2 * MINUTE_MS), "of this service alone"
    assert finished.visit == Span(8 * MINUTE_MS)


def test_a_transfer_of_someone_just_called_counts_the_walk_and_no_service() -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    assert story.later(s=30).does(LAN, c.TransferTicket("1", "2", "2")) == (
        e.ServiceStarted("1001", "1", "1", walk=Span(30_000)),
        e.TicketTransferred("1001", "1", "1", "2", "2", service_time=Span(0)),
    )


def test_the_same_service_at_another_counter_is_one_service_with_one_wait() -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.given((LAN, START))
    story.later(minutes=3).does(LAN, c.TransferTicket("1", "1", "2"))

    assert story.refuses(LAN, CALL).reason == "nobody-waiting", "it was sent to counter 2"
    (event,) = story.later(minutes=1).does(MINH, c.CallNext("2"))
    assert event == called("1001", "2", wait=None, idle=Span(4 * MINUTE_MS))

    story.does(MINH, c.StartService("2"))
    (finished,) = story.later(minutes=2).does(MINH, c.FinishService("2"))
    assert isinstance(finished, e.ServiceFinished)
    assert finished.service_time == Span(2 * MINUTE_MS)
    assert finished.worked == Span(5 * MINUTE_MS)


def test_nobody_waits_for_a_counter_that_has_closed_or_changed_its_services() -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.does(LAN, c.TransferTicket("1", "1", "2"))
    assert story.refuses(LAN, CALL).reason == "nobody-waiting"

    story.does(MINH, c.OpenCounter("2", ("2",)))
    assert isinstance(story.does(LAN, CALL)[0], e.TicketCalled)

    story.given((LAN, c.TakeBackCall("1")), (MINH, c.OpenCounter("2", ("1",))))
    assert story.refuses(LAN, CALL).reason == "nobody-waiting"
    story.does(MINH, c.CloseCounter("2"))
    assert isinstance(story.does(LAN, CALL)[0], e.TicketCalled)


def test_who_was_sent_to_a_counter_that_pauses_is_called_by_another() -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.given((LAN, c.TransferTicket("1", "1", "2")), (MINH, c.PauseCounter("2", "lunch")))
    assert isinstance(story.does(LAN, CALL)[0], e.TicketCalled)


@pytest.mark.parametrize("called_by", ["1", "2"])
def test_who_was_sent_to_a_counter_and_was_absent_is_still_its_own(called_by: str) -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.given((LAN, c.TransferTicket("1", "1", "2")))
    clerk = LAN if called_by == "1" else MINH
    story.given((clerk, c.CallTicket(called_by, "1001", "gần quầy")), (clerk, c.Recall(called_by)))
    story.given((clerk, c.MarkNoShow(called_by)), (MINH, c.ReturnTicket("1001")))
    assert story.refuses(LAN, CALL).reason == "nobody-waiting"
    assert isinstance(story.does(MINH, c.CallNext("2"))[0], e.TicketCalled)


def test_who_was_sent_nowhere_and_was_absent_is_called_by_whoever_is_free() -> None:
    story = Story().given(*open_at("1"), *open_at("2", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.given((LAN, c.MarkNoShow("1")), (LAN, c.ReturnTicket("1001")))
    assert story.live.tickets["1001"].counter is None
    assert isinstance(story.does(MINH, c.CallNext("2"))[0], e.TicketCalled)


def test_waiting_for_a_signature_is_a_second_wait_and_no_service() -> None:
    story = Story().given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))

    (parked,) = story.later(minutes=4).does(LAN, c.ParkTicket("1", "signature", due_in_min=12))
    assert parked == e.TicketParked(
        "1001",
        "1",
        "1",
        "signature",
        due_ms=story.stamp.wall_ms + 12 * MINUTE_MS,
        service_time=Span(4 * MINUTE_MS),
    )
    assert story.later(minutes=10).does(LAN, c.ResumeTicket("1", "1001")) == (
        e.TicketResumed(
            "1001",
            "1",
            "1",
            "signature",
            second_wait=Span(10 * MINUTE_MS),
            idle=Span(10 * MINUTE_MS),
        ),
    )
    story.later(s=30).does(LAN, START)
    (finished,) = story.later(minutes=1).does(LAN, FINISH)
    assert finished == e.ServiceFinished(
        "1001",
        "1",
        "1",
        service_time=Span(MINUTE_MS),
        worked=Span(5 * MINUTE_MS),
        visit=Span(15 * MINUTE_MS + 30_000),
        visit_ended=True,
    )


def test_missing_papers_make_no_promise_and_any_counter_may_go_on() -> None:
    story = Story().given(*open_at("1"), *open_at("3", MINH), (KIOSK, ISSUE), (LAN, CALL))
    story.does(LAN, START)
    (parked,) = story.does(LAN, c.ParkTicket("1", "papers"))
    assert parked == e.TicketParked("1001", "1", "1", "papers", None, Span(0))
    (resumed,) = story.does(MINH, c.ResumeTicket("3", "1001"))
    assert resumed == e.TicketResumed("1001", "3", "1", "papers", Span(0), Span(0))


def test_a_clock_that_cannot_tell_makes_no_promise() -> None:
    story = Story(synced=False).given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))
    (parked,) = story.does(LAN, c.ParkTicket("1", "signature", due_in_min=12))
    assert isinstance(parked, e.TicketParked)
    assert parked.due_ms is None


def test_several_services_are_one_visit_each_with_its_own_wait() -> None:
    story = Story().given(*open_at("1"), *open_at("3", MINH), (KIOSK, ISSUE))
    assert story.does(LAN, c.AddService("1001", "2")) == (e.ServiceAdded("1001", "2"),)
    story.given((LAN, CALL), (LAN, START))
    (first,) = story.later(minutes=1).does(LAN, FINISH)
    assert isinstance(first, e.ServiceFinished)
    assert (first.visit, first.ends_visit) == (None, False)

    (second,) = story.later(minutes=2).does(MINH, c.CallNext("3"))
    assert second == called("1001", "3", "2", wait=Span(2 * MINUTE_MS), idle=Span(3 * MINUTE_MS))
    story.does(MINH, c.StartService("3"))
    (last,) = story.later(minutes=4).does(MINH, c.FinishService("3"))
    assert isinstance(last, e.ServiceFinished)
    assert (last.worked, last.visit) == (Span(4 * MINUTE_MS), Span(7 * MINUTE_MS))


def test_a_reboot_between_start_and_finish_leaves_the_time_unknown_or_approximate() -> None:
    unsure = Story().given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))
    (event,) = unsure.reboot(0, synced=False).does(LAN, FINISH)
    assert event == e.ServiceFinished("1001", "1", "1", None, None, None, visit_ended=True)
    assert event.ends_visit, "whatever the clocks say"

    sure = Story().given(*open_at("1"), (KIOSK, ISSUE), (LAN, CALL), (LAN, START))
    sure.reboot(sure.stamp.wall_ms + 3 * MINUTE_MS, synced=True)
    (event,) = sure.does(LAN, FINISH)
    about = Span(3 * MINUTE_MS, approximate=True)
    assert event == e.ServiceFinished("1001", "1", "1", about, about, about, visit_ended=True)
