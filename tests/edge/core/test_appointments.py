"""Appointments: booked for a slot, checked in on its day."""

from contract import commands as c
from contract import events as e
from contract.refusals import Reason, Refused
from contract.stamp import Span
from edge.core.policy import has_priority
from tests.edge.core.story import (
    BOSS,
    CENTRE,
    DAY_MS,
    GREETER,
    KIOSK,
    LAN,
    MINUTE_MS,
    MONDAY_8,
    Story,
    open_at,
)

ISSUE = c.IssueTicket(("1",))
CALL = c.CallNext("1")


def test_an_appointment_waits_from_its_slot_and_has_priority_from_then_on() -> None:
    story = Story().given(*open_at("1"))
    slot_ms = story.stamp.wall_ms + 30 * MINUTE_MS
    booked = c.BookAppointment("A-17", "1", slot_ms)
    assert story.does(CENTRE, booked) == (e.AppointmentBooked("A-17", "1", slot_ms),)
    assert story.does(CENTRE, booked) == ()

    (issued,) = story.does(KIOSK, c.CheckIn("A-17"))
    assert issued == e.TicketIssued(
        "1001",
        ("1",),
        priority="appointment",
        appointment="A-17",
        expected_wait_min=0,
        early_ms=30 * MINUTE_MS,
    )

    story.does(KIOSK, ISSUE)
    (first,) = story.later(minutes=29).does(LAN, CALL)
    assert isinstance(first, e.TicketCalled)
    assert (first.number, first.priority) == ("1001", None), "in order of arrival"
    assert (first.wait, first.idle) == (Span(0), Span(29 * MINUTE_MS))

    story.given((LAN, c.MarkNoShow("1")), (LAN, c.ReturnTicket("1001")))
    (again,) = story.later(minutes=3).does(LAN, CALL)
    assert isinstance(again, e.TicketCalled)
    assert (again.priority, again.wait, again.how) == ("appointment", None, "returned")


def test_an_appointment_that_waits_beyond_its_slot_counts_from_the_slot() -> None:
    story = Story().given(*open_at("1"))
    story.does(CENTRE, c.BookAppointment("A-17", "1", story.stamp.wall_ms + 10 * MINUTE_MS))
    story.does(KIOSK, c.CheckIn("A-17"))

    (event,) = story.later(minutes=25).does(LAN, CALL)

    assert isinstance(event, e.TicketCalled)
    assert (event.number, event.priority) == ("1001", "appointment")
    assert (event.wait, event.idle) == (Span(15 * MINUTE_MS), Span(25 * MINUTE_MS))


def test_a_slot_can_be_given_back() -> None:
    story = Story()
    story.does(BOSS, c.BookAppointment("A-17", "1", story.stamp.wall_ms))
    assert story.does(BOSS, c.CancelAppointment("A-17")) == (e.AppointmentCancelled("A-17"),)
    assert story.refuses(KIOSK, c.CheckIn("A-17")).reason == "unknown-appointment"


def test_the_centre_moves_what_it_booked_and_nobody_else_does() -> None:
    story = Story().given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8)))
    moved = c.BookAppointment("A-17", "2", MONDAY_8 + DAY_MS)
    assert story.refuses(BOSS, moved).reason == "appointment-taken"
    assert story.does(CENTRE, moved) == (e.AppointmentBooked("A-17", "2", MONDAY_8 + DAY_MS),)
    assert story.does(CENTRE, moved) == ()
    assert story.refuses(KIOSK, c.CheckIn("A-17")).reason == "appointment-other-day"
    unknown = c.BookAppointment("A-17", "9", MONDAY_8)
    assert story.refuses(CENTRE, unknown).reason == "unknown-service"
    assert story.live.appointments["A-17"].service == "2"


def test_who_has_checked_in_is_neither_moved_nor_cancelled() -> None:
    story = Story().given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8)))
    story.does(KIOSK, c.CheckIn("A-17"))
    moved = c.BookAppointment("A-17", "1", MONDAY_8 + DAY_MS)
    for late in (moved, c.CancelAppointment("A-17")):
        assert story.refuses(CENTRE, late).reason == "appointment-taken"
    assert story.does(CENTRE, c.BookAppointment("A-17", "1", MONDAY_8)) == (), "told again"
    story.given((BOSS, c.VoidTicket("1001", "wrong")))
    assert story.does(CENTRE, moved) == (e.AppointmentBooked("A-17", "1", moved.slot_ms),)
    story.given((CENTRE, c.CancelAppointment("A-17")))
    assert story.refuses(CENTRE, c.CancelAppointment("A-17")).reason == "unknown-appointment"


def test_an_appointment_of_another_day_is_kept_for_that_day() -> None:
    story = Story().given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8 + DAY_MS)))
    assert story.refuses(KIOSK, c.CheckIn("A-17")) == Refused(
        Reason.APPOINTMENT_OTHER_DAY, {"code": "A-17", "slot": "08:00 24/11/2026"}
    )
    story = Story().given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8 - DAY_MS)))
    assert story.refuses(KIOSK, c.CheckIn("A-17")).reason == "appointment-other-day"

    story = Story().given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8 + 2 * DAY_MS)))
    story.later(minutes=2 * 24 * 60)
    assert isinstance(story.does(GREETER, c.CheckIn("A-17"))[-1], e.TicketIssued)


def test_a_day_that_no_clock_vouches_for_keeps_no_appointment_away() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False)  # 1973
    story.given((CENTRE, c.BookAppointment("A-17", "1", MONDAY_8)))
    (issued,) = story.does(KIOSK, c.CheckIn("A-17"))
    assert isinstance(issued, e.TicketIssued)
    assert (issued.number, issued.early_ms) == ("1001", 0)


def three_booked_and_one_here() -> Story:
    """Slots at 9, 10 and 11; who has the first holds number 1001."""
    story = Story()
    for hour in (1, 2, 3):
        booked = c.BookAppointment(f"A-{hour}", "1", MONDAY_8 + hour * 60 * MINUTE_MS)
        story.given((CENTRE, booked))
    return story.given((KIOSK, c.CheckIn("A-1")))


def test_a_later_day_named_by_mistake_loses_no_appointment() -> None:
    story = three_booked_and_one_here().reboot(1_000, synced=False)
    story.given((BOSS, c.OpenDay("2026-11-25")))
    assert story.live.day == "2026-11-25"
    story.clock(MONDAY_8 + 5 * MINUTE_MS, synced=True)

    assert isinstance(story.does(KIOSK, c.CheckIn("A-2"))[-1], e.TicketIssued)
    assert story.live.day == "2026-11-23"
    assert story.refuses(KIOSK, c.CheckIn("A-2")).reason == "appointment-taken"


def test_a_clock_that_jumps_to_the_next_day_and_back_lets_nobody_check_in_twice() -> None:
    story = three_booked_and_one_here().given(*open_at("1"), (KIOSK, c.CheckIn("A-2")))
    story.given((LAN, CALL), (LAN, c.StartService("1")), (LAN, c.FinishService("1")))
    story.clock(MONDAY_8 + DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    assert story.live.day == "2026-11-24"
    story.clock(MONDAY_8 + 5 * MINUTE_MS, synced=True)

    assert story.refuses(KIOSK, c.CheckIn("A-1")).reason == "appointment-taken", "served"
    assert story.refuses(KIOSK, c.CheckIn("A-2")).reason == "appointment-taken", "waits"
    assert not has_priority(story.live, story.live.tickets["1002"], story.stamp), "before the slot"


def test_who_lost_a_number_with_a_day_that_was_none_may_check_in_again() -> None:
    story = three_booked_and_one_here().reboot(MONDAY_8 + DAY_MS, synced=True)
    story.given((BOSS, c.SignIn("2")))
    assert story.live.tickets == {}
    story.clock(MONDAY_8 + 5 * MINUTE_MS, synced=True)
    assert isinstance(story.does(KIOSK, c.CheckIn("A-1"))[-1], e.TicketIssued)


def test_who_comes_a_day_late_hears_which_day_it_was_and_a_day_later_it_is_forgotten() -> None:
    story = three_booked_and_one_here().later(minutes=2 * 24 * 60)
    assert story.refuses(KIOSK, c.CheckIn("A-2")) == Refused(
        Reason.APPOINTMENT_OTHER_DAY, {"code": "A-2", "slot": "10:00 23/11/2026"}
    )
    story.later(minutes=24 * 60)
    assert story.refuses(KIOSK, c.CheckIn("A-2")).reason == "unknown-appointment"
