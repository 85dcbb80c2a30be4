"""The pre-printed roll: its numbers are adopted, and none comes twice."""

from contract import commands as c
from contract import events as e
from edge.core.effects import slip_to_print, slips_after_restart
from edge.core.house import moved_to_new_journal
from edge.core.numbering import number_of, series_and_order
from tests.edge.core.story import BOSS, HUB, KIOSK, LAN, MONDAY_8, RULES, Story

ISSUE = c.IssueTicket(("1",))


def issued(story: Story, command: c.IssueTicket = ISSUE) -> e.TicketIssued:
    """The ticket that the kiosk gives out next."""
    event = story.does(KIOSK, command)[-1]
    assert isinstance(event, e.TicketIssued)
    return event


def test_a_roll_gives_its_numbers_and_prints_nothing() -> None:
    story = Story().given((KIOSK, ISSUE))
    assert story.does(LAN, c.UseRoll("1045")) == (e.RollStarted("1045"),)
    assert story.does(LAN, c.UseRoll("1045")) == (), "said once is enough"

    ticket = issued(story)

    assert (ticket.number, ticket.roll, ticket.on_paper) == ("1045", True, False)
    assert slip_to_print(story.entries[-1]) is None
    assert issued(story).number == "1046"
    assert issued(story, c.IssueTicket(("2",))) == e.TicketIssued("2001", ("2",)), "not on a roll"


def test_a_roll_skips_forward_and_never_back() -> None:
    story = Story().given((LAN, c.UseRoll("1045")), (KIOSK, ISSUE))
    refused = story.refuses(LAN, c.UseRoll("1045"))
    assert (refused.reason, refused.detail) == (
        "roll-number",
        {"number": "1045", "least": "1046", "most": "1546"},
    )
    story.given((LAN, c.UseRoll("1050")))
    assert issued(story).number == "1050"


def test_a_mistyped_number_burns_no_more_than_500_unless_a_supervisor_gives_it() -> None:
    story = Story().given((KIOSK, ISSUE))
    assert story.refuses(LAN, c.UseRoll("1999")).detail["most"] == "1502"
    assert story.refuses(LAN, c.UseRoll("1503")).detail["least"] == "1002"
    assert story.does(LAN, c.UseRoll("1502")) == (e.RollStarted("1502"),)
    assert story.refuses(BOSS, c.UseRoll("110000")).detail["most"] == "19999"
    assert story.does(BOSS, c.UseRoll("19999")) == (e.RollStarted("19999"),)


def test_a_series_beyond_four_digits_has_a_roll_too_and_its_refusal_is_true() -> None:
    story = Story().given((BOSS, c.UseRoll("19999")), (KIOSK, ISSUE), (KIOSK, ISSUE))
    for actor in (LAN, BOSS):
        assert story.refuses(actor, c.UseRoll("1999")).detail == {
            "number": "1999",
            "least": "110001",
            "most": "110501",
        }
    assert story.does(LAN, c.UseRoll("110400")) == (e.RollStarted("110400"),)


def test_printing_goes_on_above_the_roll() -> None:
    story = Story().given((LAN, c.UseRoll("1045")), (KIOSK, ISSUE))
    assert story.does(BOSS, c.LeaveRoll("1")) == (e.RollEnded("1"),)
    assert issued(story) == e.TicketIssued("1046", ("1",), ahead=1)


def test_a_citizen_with_an_appointment_tears_a_slip_off_the_roll_too() -> None:
    story = Story().given(
        (BOSS, c.BookAppointment("A-17", "1", MONDAY_8)), (LAN, c.UseRoll("1045"))
    )
    ticket = story.does(KIOSK, c.CheckIn("A-17"))[-1]
    assert isinstance(ticket, e.TicketIssued)
    assert (ticket.number, ticket.roll, ticket.on_paper) == ("1045", True, False)


def test_a_restart_sends_nothing_of_a_roll_to_the_printer() -> None:
    story = Story().given((KIOSK, ISSUE), (KIOSK, c.IssueTicket(("2",))), (LAN, c.UseRoll("1045")))
    story.given((KIOSK, ISSUE))
    slips = slips_after_restart(RULES, story.live, story.stamp)
    assert slips == (e.ReprintOrdered("2001", 2),)


def test_a_roll_slip_lost_by_its_citizen_is_printed_as_a_marked_copy_later() -> None:
    story = Story().given((LAN, c.UseRoll("1045")), (KIOSK, ISSUE), (LAN, c.LeaveRoll("1")))
    assert story.does(LAN, c.ReprintTicket("1045")) == (e.ReprintOrdered("1045", 2),)
    story.given((HUB, c.ReportPrint("1045", 2, "printed")))
    assert story.live.tickets["1045"].slip == "printed"


def test_a_roll_ends_with_its_day() -> None:
    story = Story().given((LAN, c.UseRoll("1045")), (KIOSK, ISSUE))
    story.later(minutes=2 * 24 * 60)
    assert issued(story) == e.TicketIssued("1001", ("1",))
    assert story.live.rolls == ()


def test_a_clock_that_is_set_while_a_roll_is_on_changes_nothing() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False)  # 1973
    story.given((KIOSK, ISSUE), (LAN, c.UseRoll("1045")))
    story.later(minutes=5).clock(MONDAY_8, synced=True)

    opened, ticket = story.does(KIOSK, ISSUE)

    assert isinstance(opened, e.DayOpened)
    assert (opened.day, opened.last_orders) == ("2026-11-23", {"1": 44})
    assert isinstance(ticket, e.TicketIssued)
    assert (ticket.number, ticket.roll) == ("1045", True)


def test_a_damaged_journal_goes_on_above_the_roll() -> None:
    story = Story().given((KIOSK, ISSUE), (LAN, c.UseRoll("1045")), (KIOSK, ISSUE))
    mark = story.live.orders
    before_the_roll = Story().given((KIOSK, ISSUE))
    before_the_roll.house = moved_to_new_journal(before_the_roll.house, "2026-11-23", mark)
    assert issued(before_the_roll).number == "1046"


def test_training_has_a_roll_of_its_own() -> None:
    story = Story()
    story.does(LAN, c.UseRoll("01045"), training=True)
    assert story.does(KIOSK, ISSUE, training=True)[-1] == e.TicketIssued(
        "01045", ("1",), on_paper=False, roll=True
    )
    assert issued(story) == e.TicketIssued("1001", ("1",))


def test_numbers_are_taken_apart_as_they_are_made() -> None:
    for series, order in (("1", 1), ("9", 999), ("1", 1000), ("2", 9_999)):
        for training in (False, True):
            number = number_of(series, order, training=training)
            assert series_and_order(number) == (series, order)
