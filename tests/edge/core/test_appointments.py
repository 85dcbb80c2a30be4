"""Appointments: booked for a slot, checked in on its day."""

from contract import commands as c
from contract import events as e
from contract.refusals import Reason, Refused
from contract.stamp import Span
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
