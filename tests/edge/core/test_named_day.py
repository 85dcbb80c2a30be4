"""The day that a supervisor names, and who has gone home, where no clock can tell."""

import pytest

from contract import commands as c
from contract import events as e
from contract.refusals import Reason, Refused
from tests.edge.core.story import (
    BOSS,
    DAY_MS,
    KIOSK,
    LAN,
    MINH,
    MONDAY_8,
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
    assert (story.live.day, story.live.issued) == ("2026-11-23", 2)


def test_that_somebody_has_gone_is_said_by_any_clock_but_another_day_is_not() -> None:
    story = Story().given(ISSUE, ISSUE)
    story.given((BOSS, c.OpenDay("2026-11-23", ("1001",), of_day="2026-11-23")))
    assert story.live.tickets["1001"].phase == "void"
    refused = story.refuses(BOSS, c.OpenDay("2026-11-25", ("1002",), of_day="2026-11-23"))
    assert refused.reason == "day-not-later"
    assert story.live.tickets["1002"].phase == "waiting"
