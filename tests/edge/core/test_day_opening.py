"""A day that is left by mistake, because a clock jumped or a person erred, goes on where it was."""

import pytest

from contract import commands as c
from contract import events as e
from contract.day_report import DayReport
from edge.core.house import House, apply
from edge.core.log import log_page
from edge.core.report import day_report
from tests.edge.core.story import (
    BOSS,
    DAY_MS,
    LAN,
    MINUTE_MS,
    MONDAY_8,
    PAD,
    RULES,
    Story,
    open_at,
)

ISSUE = (LAN, c.IssueTicket(("1",)))
SERVICE = ((LAN, c.CallNext("1")), (LAN, c.StartService("1")), (LAN, c.FinishService("1")))
MONDAY, TUESDAY = "2026-11-23", "2026-11-24"


def served_until_nine(*, synced: bool = True) -> Story:
    """Two of three were served, one rated, one pressed once more."""
    story = Story(synced=synced).given(*open_at("1"), ISSUE, ISSUE, ISSUE)
    for _ in range(2):
        story.later(minutes=20).given(*SERVICE, (PAD, c.Rate("1", 4)))
    return story.later(minutes=20).given((PAD, c.Rate("1", 1)))


def report(story: Story) -> DayReport:
    rows = [entry for entry in story.entries if entry.seq >= story.live.today.opened_seq]
    return day_report(RULES, story.live.day, rows)


def told(story: Story) -> tuple[str, int, int, int, int, int]:
    """What hub and report say of the day, which is the same."""
    live, counted = story.live, report(story)
    assert (counted.tickets, counted.visits) == (live.today.issued, live.today.finished)
    assert (counted.ratings.count, counted.presses_ignored) == (
        live.today.ratings,
        live.today.presses_ignored,
    )
    served = {counter.counter: counter.served for counter in counted.counters}
    assert {id_: n for id_, n in served.items() if n} == {
        id_: n for id_, n in live.today.served.items() if n
    }
    house = House()
    for entry in story.entries:
        house = apply(house, entry)
    assert house == story.house
    return (
        live.day,
        live.today.issued,
        live.today.finished,
        live.today.ratings,
        live.today.presses_ignored,
        sum(served.values()),
    )


def test_a_clock_that_jumps_to_the_next_day_and_back_loses_nothing_of_the_day() -> None:
    story = served_until_nine()
    before, recent = told(story), story.live.today.recent_ms
    assert before == (MONDAY, 3, 2, 2, 1, 2)

    story.clock(MONDAY_8 + DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    assert told(story) == (TUESDAY, 1, 0, 0, 0, 0)
    story.clock(MONDAY_8 + 61 * MINUTE_MS, synced=True).given((BOSS, c.OpenCounter("2")))
    assert told(story) == before
    assert story.live.today.recent_ms == recent

    story.given(*SERVICE)
    assert told(story) == (MONDAY, 3, 3, 2, 1, 3)


def test_who_came_meanwhile_belongs_to_the_day_and_what_was_done_meanwhile_to_the_other() -> None:
    story = served_until_nine().clock(MONDAY_8 + DAY_MS, synced=True)
    story.given((LAN, c.VoidTicket("1003", "nhầm")), ISSUE, ISSUE, *SERVICE)
    assert told(story)[:3] == (TUESDAY, 3, 1)
    story.clock(MONDAY_8 + 61 * MINUTE_MS, synced=True).given(*SERVICE)
    assert told(story) == (MONDAY, 4, 3, 2, 1, 3), "one of the two is still here, and is served"
    assert report(story).voided == 0

    page = log_page(RULES, story.live, story.entries, story.stamp)
    assert "void" in [line.kind for line in page.lines], "but the log leaves nothing out"


def test_the_next_day_begins_anew_when_it_truly_comes() -> None:
    story = served_until_nine().clock(MONDAY_8 + DAY_MS, synced=True).given(ISSUE)
    story.clock(MONDAY_8 + 61 * MINUTE_MS, synced=True).given(*SERVICE, *SERVICE)
    story.later(minutes=23 * 60).given((BOSS, c.SignIn("2")))
    assert told(story) == (TUESDAY, 0, 0, 0, 0, 0)
    assert isinstance(story.entries[story.live.today.opened_seq - 1].event, e.DayOpened)


def test_so_it_does_after_a_night_without_power() -> None:
    story = served_until_nine().clock(MONDAY_8 + DAY_MS, synced=True).given(ISSUE)
    story.clock(MONDAY_8 + 61 * MINUTE_MS, synced=True).given(*SERVICE, *SERVICE)
    story.reboot(MONDAY_8 + DAY_MS - 30 * MINUTE_MS, synced=True).given(*open_at("1"))
    assert told(story) == (TUESDAY, 0, 0, 0, 0, 0)


def test_a_clock_that_jumps_to_the_day_before_and_back_loses_nothing_either() -> None:
    story = Story(wall_ms=MONDAY_8 - DAY_MS).given(ISSUE).later(minutes=24 * 60)
    story.given(*open_at("1"), ISSUE, *SERVICE)
    before = told(story)
    assert before[:3] == (MONDAY, 1, 1)
    story.clock(MONDAY_8 - DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    assert told(story)[:3] == ("2026-11-22", 1, 0), "which goes on where it was, too"
    story.clock(MONDAY_8 + MINUTE_MS, synced=True).given((BOSS, c.OpenCounter("2")))
    assert told(story) == before


def test_a_restart_on_the_wrong_day_makes_no_difference() -> None:
    story = served_until_nine()
    before = told(story)
    story.reboot(MONDAY_8 + DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    story.reboot(MONDAY_8 + 61 * MINUTE_MS, synced=True).given((BOSS, c.SignIn("2")))
    day, issued, *others = told(story)
    assert (day, issued) == (MONDAY, 3)
    assert tuple(others) == before[2:]


@pytest.mark.parametrize("reboots", [False, True])
def test_a_person_who_named_a_wrong_day_may_name_the_right_one(*, reboots: bool) -> None:
    story = served_until_nine(synced=False)
    if reboots:
        story.reboot(0, synced=False).later(minutes=1)
    before = told(story)
    story.given((BOSS, c.OpenDay("2026-11-25")))
    assert told(story)[:3] == ("2026-11-25", 1, 0)
    story.given((BOSS, c.OpenDay(MONDAY)))
    assert told(story) == before

    story.given((BOSS, c.OpenDay("2026-11-25")), (BOSS, c.OpenDay(TUESDAY)))
    assert told(story)[:3] == (TUESDAY, 1, 0)
    story.given((BOSS, c.OpenDay(MONDAY)))
    assert told(story) == before, "nor does a second mistake lose it"


def test_a_day_named_without_a_clock_goes_on_when_a_clock_was_wrong_for_a_moment() -> None:
    story = served_until_nine(synced=False).reboot(0, synced=False).later(minutes=1)
    before = told(story)
    story.clock(MONDAY_8 + DAY_MS, synced=True).given((BOSS, c.SignIn("2")))
    assert told(story)[0] == TUESDAY
    story.clock(MONDAY_8 + 61 * MINUTE_MS, synced=True).given((BOSS, c.OpenCounter("2")))
    assert told(story) == before


def test_the_day_after_begins_anew_where_only_persons_name_the_days() -> None:
    story = served_until_nine(synced=False).given((BOSS, c.OpenDay(TUESDAY)))
    story.given((BOSS, c.OpenDay(MONDAY)), *SERVICE).later(minutes=23 * 60)
    story.given((BOSS, c.OpenDay(TUESDAY)))
    assert told(story)[:3] == (TUESDAY, 0, 0)
