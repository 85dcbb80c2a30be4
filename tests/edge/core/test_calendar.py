"""Business days and hours, by clocks that may be wrong by decades."""

import pytest

from contract import commands as c
from contract import events as e
from contract.stamp import Stamp
from edge.core.calendar import (
    clock_step,
    hours,
    issuing,
    may_be_earlier,
    remembered,
)
from tests.edge.core.story import (
    BOSS,
    DAY_MS,
    KIOSK,
    LAN,
    MINH,
    MINUTE_MS,
    MONDAY_8,
    RULES,
    Story,
    open_at,
    opened,
    shown,
)

ISSUE = (KIOSK, c.IssueTicket(("1",)))
IN_1973 = 100_000_000_000
IN_2426 = MONDAY_8 + 400 * 365 * DAY_MS


# --- cold boots -------------------------------------------------------------------------------


def test_a_cold_boot_in_1973_gives_out_numbers_at_once() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(ISSUE)
    assert opened(story) == e.DayOpened("1973-03-03", trusted=False, last_orders={})
    assert set(story.live.tickets) == {"1001"}


def test_when_the_clock_is_set_later_that_day_everyone_keeps_number_and_place() -> None:
    story = Story(wall_ms=IN_1973, synced=False)
    story.given(*open_at("1"), ISSUE, ISSUE, ISSUE)
    story.given((LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    story.later(minutes=40).clock(MONDAY_8, synced=True)

    story.given(ISSUE)

    assert opened(story) == e.DayOpened(
        "2026-11-23",
        trusted=True,
        last_orders={"1": 3},
        carried=("1001", "1002", "1003"),
        counters=("1",),
    )
    assert list(story.live.tickets) == ["1001", "1002", "1003", "1004"]
    assert story.live.counters["1"].ticket == "1001"
    assert story.live.today.issued == 4
    assert [call.number for call in story.live.calls] == ["1001"], "the hall screen keeps it"
    story.given((LAN, c.FinishService("1")), (LAN, c.CallNext("1")))
    assert story.live.counters["1"].ticket == "1002"


def test_numbers_used_before_the_clock_was_set_are_not_used_again_even_when_nobody_is_left() -> (
    None
):
    story = Story(wall_ms=IN_1973, synced=False)
    story.given(ISSUE, (LAN, c.VoidTicket("1001", "nhầm")), (BOSS, c.OpenDay("2026-11-20")))
    assert story.live.tickets == {}
    story.clock(MONDAY_8, synced=True).given(ISSUE)
    assert set(story.live.tickets) == {"1002"}


def test_a_morning_without_network_goes_on_in_the_day_before_and_is_mended_later() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.reboot(MONDAY_8, synced=False).given(ISSUE)
    assert story.live.day == "2026-11-23", "no clock can tell that it is Tuesday"

    story.later(minutes=30).clock(MONDAY_8 + 2 * DAY_MS, synced=True).given(ISSUE)

    assert opened(story) == e.DayOpened(
        "2026-11-25",
        trusted=True,
        last_orders={"1": 3},
        carried=("1003",),
        abandoned=("1001", "1002"),
    )
    assert list(story.live.tickets) == ["1003", "1004"]
    assert story.live.counters["1"].phase == "closed"
    assert story.live.counters["1"].staff is None


def test_who_was_seen_this_morning_is_of_today_whenever_the_number_was_issued() -> None:
    story = Story().given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    story.given((LAN, c.ParkTicket("1", "papers")), ISSUE)
    story.reboot(MONDAY_8, synced=False).given((LAN, c.ResumeTicket("1", "1001")))

    story.later(minutes=5).clock(MONDAY_8 + 2 * DAY_MS, synced=True).given(
        (LAN, c.StartService("1"))
    )

    assert opened(story).carried == ("1001",)
    assert opened(story).abandoned == ("1002",)
    assert opened(story).counters == ("1",)
    assert story.live.tickets["1001"].phase == "serving"


def test_a_ticket_left_at_a_counter_overnight_leaves_no_ghost() -> None:
    story = Story(synced=False).given(ISSUE).reboot(MONDAY_8, synced=True)
    story.given(*open_at("1"), (LAN, c.CallNext("1")))
    story.later(minutes=48 * 60).given(ISSUE)
    assert opened(story).abandoned == ("1001",), "given out before the machine began on Monday"
    assert story.live.tickets.keys() == {"1002"}, "no clock says on which day 1001 was given out"
    assert story.live.counters["1"].ticket is None


def test_who_came_in_an_evening_without_a_clock_is_gone_two_mornings_later() -> None:
    story = Story().given(ISSUE).reboot(IN_1973, synced=False).given(ISSUE)
    story.reboot(MONDAY_8 + 2 * DAY_MS, synced=True).given(*open_at("1"), ISSUE)
    assert opened(story).carried == ("1002",), "it may have been given out this morning"
    story.reboot(MONDAY_8 + 7 * DAY_MS, synced=True).given(ISSUE)
    assert opened(story).abandoned == ("1002", "1003")
    assert list(story.live.tickets) == ["1001"]


def test_who_was_seen_since_is_not_gone_two_mornings_later() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(*open_at("1"), ISSUE)
    story.reboot(MONDAY_8, synced=True).given((LAN, c.CallNext("1"))).reboot(IN_1973, synced=False)
    story.given((LAN, c.MarkNoShow("1"))).reboot(MONDAY_8 + 2 * DAY_MS, synced=True)
    story.given(ISSUE)
    assert opened(story).carried == ("1001",), "somebody looked for them, perhaps this morning"


def test_who_came_before_a_machine_ran_all_night_is_gone_on_the_second_day_with_a_clock() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(ISSUE)
    story.reboot(MONDAY_8, synced=False).later(minutes=24 * 60).given(ISSUE)
    story.clock(MONDAY_8 + 2 * DAY_MS, synced=True).given(ISSUE)
    assert opened(story).carried == ("1001", "1002"), "1001 may be of another machine, this morning"
    story.later(minutes=24 * 60).given(ISSUE)
    assert opened(story).abandoned == ("1001", "1002", "1003")
    assert story.live.tickets.keys() == {"1001"}


def test_who_waits_in_this_very_start_stays_when_a_wrong_clock_is_corrected_forwards() -> None:
    story = Story(wall_ms=IN_1973, synced=False).given(ISSUE)
    story.clock(MONDAY_8 - 3 * DAY_MS, synced=True).given(ISSUE)
    story.later(minutes=1).clock(MONDAY_8, synced=True).given(ISSUE)
    assert opened(story).carried == ("1001", "1002")
    assert list(story.live.tickets) == ["1001", "1002", "1003"]


def test_a_ticket_may_be_earlier_after_a_start_or_half_a_day_where_no_clock_can_tell() -> None:
    story = Story(wall_ms=IN_1973, synced=False)
    first = story.stamp
    story.later(minutes=12 * 60)
    assert not may_be_earlier(story.live, first, story.stamp)
    story.later(s=1)
    assert may_be_earlier(story.live, first, story.stamp)
    story.reboot(IN_1973, synced=False)
    assert may_be_earlier(story.live, first, story.stamp)
    story.clock(MONDAY_8, synced=True)
    assert not may_be_earlier(story.live, first, story.stamp), "a clock knows better"


# --- midnight and the days after --------------------------------------------------------------


def test_numbers_begin_anew_on_the_next_day_and_counters_are_closed() -> None:
    story = Story().given(*open_at("1"), ISSUE)
    story.later(minutes=48 * 60).given(ISSUE)
    assert opened(story) == e.DayOpened(
        "2026-11-25", trusted=True, last_orders={}, abandoned=("1001",)
    )
    assert set(story.live.tickets) == {"1001"}
    assert (story.live.today.issued, story.live.counters["1"].phase) == (1, "closed")
    assert story.does(MINH, c.SignIn("1")) == (e.StaffSignedIn("minh", "1"),)


def test_a_refused_order_opens_the_day_too() -> None:
    story = Story().given(ISSUE).later(minutes=24 * 60)
    assert story.refuses(KIOSK, c.IssueTicket(("1",))).reason == "closed-now", "a holiday"
    assert story.live.day == "2026-11-24"


def test_a_clock_once_set_is_believed_for_as_long_as_the_machine_runs() -> None:
    story = Story().given(ISSUE).clock(IN_1973, synced=False)
    story.given(ISSUE)
    assert story.live.day == "2026-11-23"
    story.later(minutes=48 * 60).given(ISSUE)
    assert (story.live.day, story.live.orders) == ("2026-11-25", {"1": 1})


def test_a_clock_that_jumps_400_years_and_back_loses_nobody_and_repeats_no_number() -> None:
    story = Story().given(ISSUE).clock(IN_2426, synced=True).given(ISSUE)
    assert story.live.day == "2426-08-18"
    story.clock(MONDAY_8, synced=True).given(ISSUE)
    assert story.live.day == "2026-11-23"
    assert list(story.live.tickets) == ["1001", "1002", "1003"]
    assert {t.phase for t in story.live.tickets.values()} == {"waiting"}


def test_a_day_that_comes_back_goes_on_above_its_numbers() -> None:
    story = Story().given(ISSUE, ISSUE, (LAN, c.VoidTicket("1001", "x")))
    story.given((LAN, c.VoidTicket("1002", "x")))
    for days in range(1, 40):
        story.reboot(MONDAY_8 + 7 * days * DAY_MS, synced=True).given(ISSUE)
        assert "1001" in story.live.tickets
    story.reboot(MONDAY_8, synced=True).given(ISSUE)
    assert "1003" in story.live.tickets


def test_days_without_numbers_push_no_other_day_out_of_memory() -> None:
    past = remembered({}, "2026-11-23", {"1": 7})
    for day in range(1, 29):
        past = remembered(past, f"2027-02-{day:02}", {})
    assert past == {"2026-11-23": {"1": 7}}


def test_only_a_trusted_clock_lets_numbers_begin_anew() -> None:
    story = Story().given(ISSUE).reboot(IN_1973, synced=False)
    story.given((BOSS, c.OpenDay("2026-11-25")), ISSUE)
    assert opened(story).abandoned == ("1001",)
    assert list(story.live.tickets) == ["1002"]


def test_what_no_calendar_holds_is_its_last_day() -> None:
    story = Story(wall_ms=10**18).given((LAN, c.SignIn("1")), (LAN, c.IssueTicket(("1",))))
    assert story.live.day == "9999-12-31"


# --- hours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "time", "state"),
    [
        (-31, "2026-11-23 07:29", "closed"),
        (-30, "2026-11-23 07:30", "open"),
        (194, "2026-11-23 11:14", "open"),
        (195, "2026-11-23 11:15", "after-last-ticket"),
        (210, "2026-11-23 11:30", "closed"),
        (330, "2026-11-23 13:30", "open"),
        (510, "2026-11-23 16:30", "after-last-ticket"),
        (540, "2026-11-23 17:00", "closed"),
        (24 * 60, "2026-11-24 08:00", "closed"),
        (48 * 60, "2026-11-25 08:00", "open"),
        (5 * 24 * 60, "2026-11-28 08:00", "open"),
        (5 * 24 * 60 + 400, "2026-11-28 14:40", "closed"),
        (6 * 24 * 60, "2026-11-29 08:00", "closed"),
    ],
)
def test_numbers_are_given_out_in_the_hours_of_the_day(minutes: int, time: str, state: str) -> None:
    story = Story().later(minutes=minutes)
    assert shown(story.stamp.wall_ms) == time
    assert issuing(RULES, story.live, story.stamp) == state


def test_a_clock_that_cannot_be_trusted_closes_nothing() -> None:
    story = Story(wall_ms=MONDAY_8 - 5 * 60 * MINUTE_MS, synced=False)
    assert issuing(RULES, story.live, story.stamp) == "open"


def test_hours_in_words() -> None:
    assert hours(RULES, "2026-11-23") == "07:30–11:15, 13:30–16:30"
    assert hours(RULES, "2026-11-24") == "–"
    assert hours(RULES, "2026-11-28") == "07:30–11:15"
    refused = Story().later(minutes=250).refuses(KIOSK, c.IssueTicket(("1",)))
    assert refused.detail == {"hours": "07:30–11:15, 13:30–16:30"}


# --- steps ------------------------------------------------------------------------------------


def test_a_step_of_the_wall_clock_is_told_and_small_drift_is_not() -> None:
    before = Stamp(MONDAY_8, 0, "boot-1", synced=False)
    second = 1_000_000_000

    def step(wall_ms: int, *, synced: bool = False, boot: str = "boot-1") -> e.ClockStepped | None:
        return clock_step(before, Stamp(MONDAY_8 + wall_ms, 10 * second, boot, synced))

    assert step(10_000) is None
    assert step(10_999) is None
    assert step(9_001) is None
    assert step(11_000) == e.ClockStepped(1000, synced=False)
    assert step(-DAY_MS) == e.ClockStepped(-DAY_MS - 10_000, synced=False)
    assert step(10_000, synced=True) == e.ClockStepped(0, synced=True)
    assert step(DAY_MS, boot="boot-2") is None
