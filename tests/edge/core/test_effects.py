"""Which slips go to the printer, now and after a restart."""

from msgspec.structs import replace

from contract import commands as c
from contract import events as e
from contract.commands import Actor
from edge.core.effects import Slip, slip_to_print, slip_told, slips_after_restart, slips_for
from tests.edge.core.story import HUB, KIOSK, LAN, MINUTE_MS, RULES, Story

ISSUE = (KIOSK, c.IssueTicket(("1",)))


def after_restart(story: Story) -> tuple[e.AnyEvent, ...]:
    return slips_after_restart(RULES, story.live, story.stamp)


def test_a_new_number_and_an_ordered_copy_are_printed_and_nothing_else_is() -> None:
    story = Story().given(ISSUE, (KIOSK, c.IssueTicket(("1",), on_paper=False)))
    story.given((LAN, c.ReprintTicket("1001")), (LAN, c.ReprintTicket("1001")))
    story.given((LAN, c.VoidTicket("1001", "nhầm")))
    slips = [slip for slip in map(slip_to_print, story.entries) if slip is not None]
    assert slips == [Slip("1001", 1), Slip("1001", 2), Slip("1001", 3)]


def test_what_nobody_saw_printed_is_ordered_again_with_a_mark() -> None:
    story = Story().given(ISSUE, ISSUE, ISSUE, (KIOSK, c.IssueTicket(("1",), on_paper=False)))
    story.given((HUB, c.ReportPrint("1001", 1, "printed")))
    story.given((HUB, c.ReportPrint("1002", 1, "failed", reason="paper out")))
    story.reboot(story.stamp.wall_ms + MINUTE_MS, synced=True)
    assert after_restart(story) == (e.ReprintOrdered("1003", 2),)


def test_a_printer_elsewhere_is_offered_its_own_open_slips_and_the_hub_leaves_them_to_it() -> None:
    rules = replace(RULES, prints_on={"kiosk-2": "printer-2"})
    there = (Actor("kiosk-2", "kiosk"), c.IssueTicket(("1",)))
    story = Story(rules).given(there, ISSUE, there, there)
    story.given((LAN, c.ReprintTicket("1003")), (LAN, c.VoidTicket("1004", "nhầm")))

    def offered(printer: str = "printer-2") -> tuple[Slip, ...]:
        return slips_for(rules, story.live, printer, story.stamp)

    assert offered() == (Slip("1001", 1), Slip("1003", 2))
    assert offered("printer-3") == ()
    assert [slip for entry in story.entries if (slip := slip_to_print(entry))] == [Slip("1002", 1)]
    assert slips_after_restart(rules, story.live, story.stamp) == (e.ReprintOrdered("1002", 2),)
    story.given((HUB, c.ReportPrint("1001", 1, "printed")))
    assert offered() == (Slip("1003", 2),)
    story.given((LAN, c.UseRoll("1045")))
    assert offered() == ()
    story.given((LAN, c.LeaveRoll("1"))).later(minutes=16)
    assert offered() == ()


def test_who_has_left_the_house_needs_no_slip() -> None:
    story = Story().given(ISSUE, (LAN, c.VoidTicket("1001", "nhầm")))
    assert after_restart(story) == ()


def test_an_old_number_is_not_printed_again_one_of_unknown_age_is() -> None:
    story = Story().given(ISSUE)
    now_ms = story.stamp.wall_ms
    again = (e.ReprintOrdered("1001", 2),)
    in_doubt = (e.PrintFailed("1001", 1, "restarted", unknown=True),)
    assert after_restart(story.later(minutes=15)) == again
    assert after_restart(story.later(ms=1)) == in_doubt
    assert after_restart(story.reboot(now_ms + 16 * MINUTE_MS, synced=True)) == in_doubt
    assert after_restart(story.reboot(now_ms + 16 * MINUTE_MS, synced=False)) == again


def test_a_copy_that_was_lately_asked_for_of_an_old_number_is_no_longer_awaited() -> None:
    story = Story().given(ISSUE, (HUB, c.ReportPrint("1001", 1, "printed"))).later(minutes=16)
    story.given((LAN, c.ReprintTicket("1001"))).later(minutes=1)
    assert after_restart(story) == (e.PrintFailed("1001", 2, "restarted", unknown=True),)


def test_a_slip_sent_to_a_printer_that_cannot_answer_is_neither_printed_again_nor_in_doubt() -> (
    None
):
    story = Story().given(ISSUE, (HUB, c.ReportPrint("1001", 1, "sent")))
    assert after_restart(story) == ()
    story.later(minutes=16)
    assert slip_told(RULES, story.live, story.live.tickets["1001"], story.stamp) == "sent"
    (event,) = story.does(LAN, c.ReprintTicket("1001"))
    assert event == e.ReprintOrdered("1001", 2)
    assert story.live.tickets["1001"].slip == "pending"


def test_the_word_about_an_earlier_copy_does_not_settle_a_later_one() -> None:
    story = Story().given(ISSUE, (LAN, c.ReprintTicket("1001")))
    story.given((HUB, c.ReportPrint("1001", 1, "printed")))
    assert after_restart(story) == (e.ReprintOrdered("1001", 3),)
    story.given((HUB, c.ReportPrint("1001", 2, "printed")))
    assert after_restart(story) == ()
    (event,) = story.does(LAN, c.ReprintTicket("1001"))
    assert event == e.ReprintOrdered("1001", 3)


def test_a_report_about_yesterdays_slip_is_kept_and_changes_nothing() -> None:
    story = Story().given(ISSUE).later(minutes=48 * 60)
    story.given((KIOSK, c.IssueTicket(("2",))))
    before = story.live.tickets
    assert story.does(HUB, c.ReportPrint("1001", 1, "printed")) == (
        e.TicketPrinted("1001", 1, "assumed"),
    )
    assert story.live.tickets == before
