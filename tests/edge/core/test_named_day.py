"""The day that a supervisor names, and who has gone home, where no clock can tell."""

import pytest

from contract import commands as c
from contract import events as e
from contract.day_report import DayReport
from contract.refusals import Reason, Refused
from edge.core.log import log_page
from edge.core.report import day_report
from tests.edge.core.story import (
    BOSS,
    CENTRE,
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
    opened,
)

ISSUE = (KIOSK, c.IssueTicket(("1",)))
IN_1973 = 100_000_000_000


def test_who_has_gone_leaves_the_house_when_a_day_is_named_and_the_others_stay() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(*open_at("1"), ISSUE, ISSUE)
    story.reboot(IN_1973, synced=False).given(ISSUE)

    gone = ("1001", "1002", "7777")
    story.given((BOSS, c.OpenDay("2026-11-23", gone, of_day="1973-03-03")))

    assert opened(story) == e.DayOpened(
        "2026-11-23",
        trusted=False,
        last_orders={"1": 3},
        carried=("1003",),
        abandoned=("1001", "1002"),
    ), "the counter that stood open all night is closed"
    story.given(*open_at("1"), (LAN, c.CallNext("1")))
    assert story.live.counters["1"].ticket == "1003"


def test_whom_a_clerk_has_called_meanwhile_has_not_gone() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(*open_at("1"), ISSUE, ISSUE)
    story.reboot(IN_1973, synced=False).given((LAN, c.CallNext("1")))
    story.given((BOSS, c.OpenDay("2026-11-23", ("1001", "1002"), of_day="1973-03-03")))
    assert opened(story).carried == ("1001",)
    assert opened(story).counters == ("1",)


@pytest.mark.parametrize("night", ["the machine ran on", "without power"])
def test_who_is_at_a_counter_when_a_later_day_is_named_can_be_served_to_the_end(night: str) -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(*open_at("1"), *open_at("2", MINH), ISSUE)
    story.given((LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    if night == "without power":
        story.reboot(IN_1973, synced=False)
    story.later(minutes=13 * 60)

    story.given((BOSS, c.OpenDay("2026-11-23", of_day="1973-03-03")))

    assert opened(story).carried == ("1001",)
    assert opened(story).counters == ("1",), "nobody is at counter 2, which stood open all night"
    story.given((LAN, c.FinishService("1")))
    assert story.live.tickets["1001"].phase == "finished"


def test_who_was_left_at_a_counter_all_night_may_be_said_to_have_gone_and_it_is_closed() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(*open_at("1"), ISSUE, ISSUE)
    story.given((LAN, c.CallNext("1"))).later(minutes=13 * 60).given(*open_at("2", MINH))

    story.given((BOSS, c.OpenDay("2026-11-23", ("1001",), of_day="1973-03-03")))

    assert opened(story).abandoned == ("1001",)
    assert opened(story).counters == ("2",)
    story.given((MINH, c.CallNext("2")))
    assert story.live.counters["2"].ticket == "1002"


def test_who_came_after_the_question_keeps_a_number_that_has_come_back() -> None:
    story = Story(wall_ms=MONDAY_8 - 3 * DAY_MS).given(ISSUE, ISSUE)
    story.reboot(IN_1973, synced=False)
    asked_on, asked_about = story.live.day, tuple(story.live.tickets)
    story.clock(MONDAY_8, synced=True).later(minutes=2).given(ISSUE, ISSUE)
    assert tuple(story.live.tickets) == asked_about, "Monday's 1001 and 1002"

    refused = story.refuses(BOSS, c.OpenDay("2026-11-23", asked_about, asked_on))

    assert refused == Refused(Reason.DAY_CHANGED, {"current": "2026-11-23"})
    assert {ticket.phase for ticket in story.live.tickets.values()} == {"waiting"}


def test_the_order_that_opens_the_day_itself_takes_nobody_out_either() -> None:
    story = Story(wall_ms=MONDAY_8 - 3 * DAY_MS).given(ISSUE).reboot(IN_1973, synced=False)
    story.given(ISSUE).clock(MONDAY_8, synced=True)
    refused = story.refuses(BOSS, c.OpenDay("2026-11-23", ("1002",), "2026-11-20"))
    assert refused.reason == "day-changed"
    assert story.live.tickets.keys() == {"1002"}


def test_a_day_that_another_supervisor_has_named_meanwhile_is_not_named_back() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(ISSUE, (BOSS, c.OpenDay("2026-11-23")))
    still = c.OpenDay("1973-03-03", of_day="1973-03-03")
    assert story.refuses(BOSS, still).reason == "day-changed"
    assert story.live.day == "2026-11-23"


def test_a_citizen_left_at_a_counter_by_a_power_cut_may_be_said_to_have_gone() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.reboot(IN_1973, synced=False)
    gone = story.does(BOSS, c.OpenDay("2026-11-23", ("1001", "1002"), of_day="2026-11-23"))
    assert gone == (e.TicketVoided("1001", "citizen-left"), e.TicketVoided("1002", "citizen-left"))
    assert story.live.counters["1"].ticket is None
    assert (story.live.day, story.live.today.issued) == ("2026-11-23", 2)


def test_that_somebody_has_gone_is_said_by_any_clock_but_another_day_is_not() -> None:
    story = Story().given(ISSUE, ISSUE)
    story.given((BOSS, c.OpenDay("2026-11-23", ("1001",), of_day="2026-11-23")))
    assert story.live.tickets["1001"].phase == "void"
    refused = story.refuses(BOSS, c.OpenDay("2026-11-25", ("1002",), of_day="2026-11-23"))
    assert refused.reason == "day-not-later"
    assert story.live.tickets["1002"].phase == "waiting"


def a_named_morning() -> Story:
    """Monday's power came back without a clock: a supervisor names the day, and three are served,
    one of them out of turn."""
    story = Story(wall_ms=MONDAY_8 - 3 * DAY_MS).given(ISSUE)
    for hour in (1, 2):
        booked = c.BookAppointment(f"A-{hour}", "1", MONDAY_8 + hour * 60 * MINUTE_MS)
        story.given((CENTRE, booked))
    story.reboot(IN_1973, synced=False)
    story.given((BOSS, c.OpenDay("2026-11-23", ("1001",), of_day="2026-11-20")), *open_at("1"))
    story.given((KIOSK, c.CheckIn("A-1")), ISSUE, ISSUE, ISSUE)
    for number in ("1002", "1004", "1003"):
        story.given((LAN, c.CallTicket("1", number, "ốm")), (LAN, c.StartService("1")))
        story.later(minutes=3).given((LAN, c.FinishService("1")), (PAD, c.Rate("1", 4)))
    return story.given((PAD, c.Rate("1", 1)))


def rows_of_the_day(story: Story) -> list[e.Entry]:
    return [entry for entry in story.entries if entry.seq >= story.live.today.opened_seq]


def report(story: Story) -> DayReport:
    return day_report(RULES, story.live.day, rows_of_the_day(story))


def out_of_turn(story: Story) -> list[str | None]:
    page = log_page(RULES, story.live, rows_of_the_day(story), story.stamp)
    return [line.number for line in page.lines if line.kind == "out-of-turn"]


def test_a_clock_that_confirms_the_named_day_keeps_all_that_was_done_on_it() -> None:
    story = a_named_morning()
    before, reported = story.live, report(story)
    assert (reported.tickets, reported.served, reported.presses_ignored) == (4, 3, 1)

    story.clock(MONDAY_8 + 150 * MINUTE_MS, synced=True)
    story.given((HUB, c.ReportDevice("printer-1", "ready")))

    now = story.live
    assert opened(story) == e.DayOpened(
        "2026-11-23", True, {"1": 5}, carried=("1005",), counters=("1",)
    )
    assert (now.day_trusted, now.today.opened_seq) == (True, before.today.opened_seq)
    assert report(story) == reported
    assert out_of_turn(story) == ["1003", "1004", "1002"]
    assert (now.today.issued, now.today.finished, now.today.ratings, now.today.presses_ignored) == (
        4,
        3,
        3,
        1,
    )
    assert now.today.recent_ms == before.today.recent_ms
    assert now.today.served["1"] == 3
    assert now.calls == before.calls
    assert now.tickets.keys() == before.tickets.keys()


def test_who_checked_in_on_a_named_day_does_not_check_in_again_once_a_clock_confirms_it() -> None:
    story = a_named_morning().clock(MONDAY_8 + 5 * MINUTE_MS, synced=True)
    again = c.BookAppointment("A-1", "1", MONDAY_8 + 60 * MINUTE_MS)
    assert [type(event) for event in story.does(CENTRE, again)] == [e.DayOpened], "told again"
    assert story.refuses(KIOSK, c.CheckIn("A-1")).reason == "appointment-taken"
    assert story.refuses(LAN, c.VoidTicket("1002", "nhầm")).reason == "ticket-ended"
    assert isinstance(story.does(KIOSK, c.CheckIn("A-2"))[0], e.TicketIssued)


def test_a_clock_that_shows_another_day_than_the_named_one_begins_anew() -> None:
    story = a_named_morning().clock(MONDAY_8 + DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    assert (story.live.day, story.live.today.issued, story.live.today.finished) == (
        "2026-11-24",
        1,
        0,
    )
    assert story.live.tickets.keys() == {"1005"}
    assert story.entries[story.live.today.opened_seq - 1].event == opened(story)
    assert (report(story).tickets, report(story).served, out_of_turn(story)) == (1, 0, [])
