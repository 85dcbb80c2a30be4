"""What screens are told."""

import msgspec
from msgspec.structs import replace

from contract import commands as c
from contract.commands import Actor
from contract.site_rules import Counter
from contract.snapshot import CallView, DeviceView, LinkView, RollView, Snapshot
from edge.core.effects import Slip, slip_told, slips_for
from edge.core.view import snapshot
from tests.edge.core.story import (
    BOSS,
    DAY_MS,
    HUB,
    KIOSK,
    LAN,
    MINH,
    MINUTE_MS,
    MONDAY_8,
    PAD,
    RULES,
    Story,
    open_at,
)

NODE = "01-00097-01-h1"
ISSUE = (KIOSK, c.IssueTicket(("1",)))


def picture(story: Story, *, training: bool = False) -> Snapshot:
    link = LinkView(connected=True, unsent=3)
    return snapshot(story.rules, NODE, story.house, story.stamp, link, training=training)


def test_a_working_site_in_one_picture() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.later(minutes=1).given((LAN, c.Recall("1")), (LAN, c.StartService("1")))
    story.later(minutes=2).given((LAN, c.ParkTicket("1", "signature", 10)))
    story.given((LAN, c.CallNext("1")), (LAN, c.MarkNoShow("1")), (LAN, c.SignIn("1")))
    story.given((HUB, c.ReportDevice("printer-1", "lost", "cover open")))

    shown = picture(story)

    assert (shown.node, shown.site, shown.day) == (NODE, "01-00097-01", "2026-11-23")
    assert (shown.seq, shown.now_ms) == (len(story.entries), MONDAY_8 + 3 * MINUTE_MS)
    assert (shown.issuing, shown.clock_trusted) == ("open", True)
    assert [ticket.number for ticket in shown.waiting] == ["1003"]
    (parked,) = shown.parked
    assert (parked.number, parked.park_reason) == ("1001", "signature")
    assert parked.due_ms == MONDAY_8 + 13 * MINUTE_MS
    assert parked.since_ms == MONDAY_8 + 3 * MINUTE_MS
    assert parked.issued_ms == MONDAY_8
    assert [ticket.number for ticket in shown.absent] == ["1002"]
    first, second, _ = shown.counters
    assert (first.phase, first.staff, first.services, first.ticket) == ("open", "lan", ("1",), None)
    assert (second.phase, second.services) == ("closed", ("1", "2"))
    assert [(s.service, s.waiting, s.open_counters) for s in shown.services] == [
        ("1", 1, 1),
        ("2", 0, 0),
        ("8", 0, 0),
    ]
    assert shown.services[0].oldest_ms == MONDAY_8
    assert [(call.number, call.times) for call in shown.calls] == [("1002", 1), ("1001", 2)]
    lost_ms = MONDAY_8 + 3 * MINUTE_MS
    assert shown.devices == (DeviceView("printer-1", "lost", "cover open", lost_ms),)
    assert (shown.issued_today, shown.finished_today, shown.ratings_today) == (3, 0, 0)


def test_a_device_is_as_old_as_its_last_change_and_a_number_has_an_issuer() -> None:
    boards, lost = Actor("boards", "display"), c.ReportDevice("b1", "lost", "no-answer")
    story = Story().given((boards, lost), ISSUE, (LAN, c.IssueTicket(("1",))))
    story.later(minutes=7).given((boards, lost), (HUB, c.ReportDevice("printer-1", "ready")))
    shown = picture(story)
    assert [view.since_ms for view in shown.devices] == [MONDAY_8, MONDAY_8 + 7 * MINUTE_MS]
    assert [ticket.issuer for ticket in shown.waiting] == [KIOSK.id, LAN.id]
    story.given((boards, c.ReportDevice("b1", "lost", "garbled-answer")))
    assert picture(story).devices[0].since_ms == MONDAY_8 + 7 * MINUTE_MS


def test_a_picture_survives_json() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    shown = picture(story)
    assert msgspec.json.decode(msgspec.json.encode(shown), type=Snapshot) == shown


def test_a_fresh_hub_has_something_to_show() -> None:
    shown = picture(Story(synced=False))
    assert (shown.day, shown.seq, shown.clock_trusted) == ("", 0, False)
    assert [counter.phase for counter in shown.counters] == ["closed"] * 3
    assert [counter.services for counter in shown.counters] == [("1",), ("1", "2"), ("2",)]


def test_a_closed_counter_shows_what_the_rules_say_even_when_they_change() -> None:
    story = Story().given((LAN, c.SignIn("1")))
    assert picture(story).counters[0].services == ("1",)
    story.rules = replace(RULES, counters=(Counter("1", ("8",)),))
    assert picture(story).counters[0].services == ("8",)


def test_past_times_follow_the_clock_once_it_is_set() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False).given(ISSUE)
    story.later(minutes=10).clock(MONDAY_8, synced=True).given(*open_at("1"))
    assert picture(story).waiting[0].issued_ms == MONDAY_8 - 10 * MINUTE_MS


def test_a_time_before_the_boot_that_no_clock_knew_is_shown_as_the_boot() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False).given(ISSUE)
    story.reboot(MONDAY_8, synced=True)
    since_boot_ms = story.stamp.mono_ns // 1_000_000
    assert picture(story).waiting[0].issued_ms == MONDAY_8 - since_boot_ms


def test_no_time_is_shown_in_the_future() -> None:
    story = Story(wall_ms=MONDAY_8 + DAY_MS).given((LAN, c.IssueTicket(("1",))))
    story.reboot(MONDAY_8, synced=True)
    assert picture(story).waiting[0].issued_ms == MONDAY_8


def test_training_has_a_picture_of_its_own() -> None:
    story = Story().given(ISSUE)
    story.does(LAN, c.IssueTicket(("1",)), training=True)
    assert [t.number for t in picture(story).waiting] == ["1001"]
    practice = picture(story, training=True)
    assert (practice.training, [t.number for t in practice.waiting]) == (True, ["01001"])


def test_staff_see_what_is_known_of_each_slip() -> None:
    story = Story().given(*[ISSUE] * 5, (KIOSK, c.IssueTicket(("1",), on_paper=False)))
    story.given(
        (HUB, c.ReportPrint("1002", 1, "printed", "confirmed")),
        (HUB, c.ReportPrint("1003", 1, "failed", reason="paper-out")),
        (HUB, c.ReportPrint("1004", 1, "unknown", reason="line lost")),
        (HUB, c.ReportPrint("1005", 1, "unknown", reason="line lost")),
        (LAN, c.ReprintTicket("1005")),
        (HUB, c.ReportPrint("1005", 1, "printed")),
        (LAN, c.UseRoll("1045")),
        ISSUE,
    )
    assert {ticket.number: ticket.slip for ticket in picture(story).waiting} == {
        "1001": "pending",
        "1002": "printed",
        "1003": "failed",
        "1004": "unknown",
        "1005": "pending",
        "1006": "none",
        "1045": "roll",
    }


def test_a_slip_that_has_not_come_out_for_a_quarter_of_an_hour_is_told_to_staff() -> None:
    rules = replace(RULES, prints_on={"kiosk-2": "printer-2"})
    story = Story(rules).given(*open_at("1"), (Actor("kiosk-2", "kiosk"), c.IssueTicket(("1",))))
    story.given(ISSUE, (HUB, c.ReportPrint("1002", 1, "printed"))).later(minutes=15)

    def slips() -> dict[str, str]:
        return {ticket.number: ticket.slip for ticket in picture(story).waiting}

    assert slips() == {"1001": "pending", "1002": "printed"}
    assert slips_for(rules, story.live, "printer-2", story.stamp) == (Slip("1001", 1),)
    story.later(s=1)
    assert slips() == {"1001": "unknown", "1002": "printed"}
    assert slips_for(rules, story.live, "printer-2", story.stamp) == ()

    story.given((LAN, c.ReprintTicket("1001")))
    assert slips() == {"1001": "pending", "1002": "printed"}, "asked for anew"
    assert slips_for(rules, story.live, "printer-2", story.stamp) == (Slip("1001", 2),)
    story.later(minutes=16)
    assert slips()["1001"] == "unknown"
    story.given((LAN, c.UseRoll("1045")))
    assert slips()["1001"] == "pending", "torn off the roll"


def test_of_who_has_left_no_slip_is_missed() -> None:
    story = Story().given(ISSUE, (LAN, c.VoidTicket("1001", "nhầm"))).later(minutes=16)
    assert slip_told(RULES, story.live, story.live.tickets["1001"], story.stamp) == "pending"


def test_a_counter_shows_what_it_serves_now_and_usually() -> None:
    story = Story().given((BOSS, c.AssignServices("1", ("2", "8"))))
    counter = picture(story).counters[0]
    assert (counter.services, counter.usual_services) == (("2", "8"), ("1",))


def test_a_counter_shows_until_when_a_rating_is_due_and_that_it_came_not_which() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    assert picture(story).counters[0].rating_due_ms is None
    story.given((LAN, c.StartService("1")), (LAN, c.FinishService("1")))

    due_ms = MONDAY_8 + 60_000
    assert picture(story).counters[0].rating_due_ms == due_ms
    assert picture(story.later(s=20)).counters[0].rating_due_ms == due_ms, "it does not move"
    story.given((LAN, c.CallNext("1")))
    assert picture(story).counters[0].rating_due_ms == due_ms, "the next has not come yet"
    assert not picture(story).counters[0].rated

    story.given((PAD, c.Rate("1", 1)))
    counter = picture(story).counters[0]
    assert (counter.rating_due_ms, counter.rated) == (None, True)

    story.given((LAN, c.StartService("1")), (LAN, c.FinishService("1")))
    assert not picture(story).counters[0].rated
    assert picture(story.later(s=60)).counters[0].rating_due_ms == story.stamp.wall_ms
    assert picture(story.later(ms=1)).counters[0].rating_due_ms is None


def test_no_rating_is_due_while_the_next_citizen_is_served() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.given((LAN, c.StartService("1")), (LAN, c.CallNext("1", finish_current=True)))
    story.given((LAN, c.StartService("1")))
    assert picture(story).counters[0].rating_due_ms is None


def test_presses_that_do_not_count_are_counted() -> None:
    story = Story().given(ISSUE, (PAD, c.Rate("1", 4)), (PAD, c.Rate("1", 1)))
    assert (picture(story).ratings_today, picture(story).presses_ignored_today) == (0, 2)


def test_a_series_on_its_roll_shows_the_next_slip() -> None:
    story = Story().given(ISSUE, (LAN, c.UseRoll("1045")))
    assert picture(story).rolls == (RollView("1", "1045", ("1",)),)
    story.given(ISSUE)
    assert picture(story).rolls == (RollView("1", "1046", ("1",)),)
    story.given((LAN, c.LeaveRoll("1")))
    assert picture(story).rolls == ()


def test_who_has_come_before_the_slot_waits_from_the_slot_on() -> None:
    slot_ms = MONDAY_8 + 30 * MINUTE_MS
    story = Story().given((BOSS, c.BookAppointment("A-1", "1", slot_ms)))
    story.given((KIOSK, c.CheckIn("A-1"))).later(minutes=10)
    assert picture(story).services[0].oldest_ms == picture(story).now_ms, "nobody waits yet"
    story.later(minutes=40)
    assert picture(story).services[0].oldest_ms == slot_ms
    story.given(ISSUE)
    assert picture(story).services[0].oldest_ms == slot_ms


def test_a_call_says_priority_when_the_number_was_called_with_it() -> None:
    story = Story().given(*open_at("1"))
    story.given((BOSS, c.BookAppointment("A-1", "1", MONDAY_8 + 30 * MINUTE_MS)))
    story.given((KIOSK, c.CheckIn("A-1")), (LAN, c.CallNext("1")))
    assert [call.priority for call in picture(story).calls] == [False], "in turn, before the slot"
    story.later(minutes=31).given((LAN, c.Recall("1")))
    assert [call.priority for call in picture(story).calls] == [False], "the same call"
    story.given((LAN, c.MarkNoShow("1")), (LAN, c.ReturnTicket("1001")), (LAN, c.CallNext("1")))
    assert [call.priority for call in picture(story).calls] == [True]


def test_a_second_call_replaces_the_first_and_a_resumed_one_says_so() -> None:
    story = Story().given(*open_at("1"), *open_at("3", MINH), ISSUE, (LAN, c.CallNext("1")))
    story.given((LAN, c.StartService("1")), (LAN, c.ParkTicket("1", "signature")))
    story.given((MINH, c.ResumeTicket("3", "1001")))
    (call,) = picture(story).calls
    assert call == CallView(len(story.entries), "1001", "3", MONDAY_8, 1, resumed=True)
