"""The log of what deserves an explanation."""

import msgspec

from contract import commands as c
from contract.day_log import LogLine, LogPage
from contract.events import Entry
from edge.core.log import log_page
from tests.edge.core.story import (
    BOSS,
    GREETER,
    KIOSK,
    LAN,
    MINH,
    MINUTE_MS,
    MONDAY_8,
    RULES,
    Story,
    open_at,
)

ISSUE = (KIOSK, c.IssueTicket(("1",)))


def page(story: Story, *, before: int | None = None, limit: int = 50) -> LogPage:
    """What a supervisor reads now, of the live queue."""
    rows = (entry for entry in story.entries if not entry.training)
    return log_page(RULES, story.live, rows, story.stamp, before=before, limit=limit)


def lines(story: Story) -> list[LogLine]:
    """The whole log but the day's opening, oldest first."""
    return [line for line in reversed(page(story).lines) if line.kind != "day-opened"]


def test_an_ordinary_day_needs_no_explanation_but_who_opened_it() -> None:
    story = Story().given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    story.given((LAN, c.FinishService("1")))
    assert page(story) == LogPage(
        "2026-11-23",
        (LogLine(1, MONDAY_8, "day-opened", "hub", day="2026-11-23", abandoned=0),),
        None,
    )


def test_a_call_out_of_turn_says_who_when_and_why() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE)
    story.later(minutes=7).given((LAN, c.CallTicket("1", "1002", "ốm")))
    assert lines(story) == [
        LogLine(
            len(story.entries),
            MONDAY_8 + 7 * MINUTE_MS,
            "out-of-turn",
            "lan",
            number="1002",
            counter="1",
            service="1",
            reason="ốm",
        )
    ]


def test_a_priority_given_by_hand_and_none_of_an_appointment() -> None:
    story = Story().given((GREETER, c.IssueTicket(("1",), priority="elderly")))
    story.given((BOSS, c.BookAppointment("A-1", "1", MONDAY_8)), (KIOSK, c.CheckIn("A-1")))
    (line,) = lines(story)
    assert (line.kind, line.actor, line.number) == ("priority", "greeter-1", "1001")
    assert (line.services, line.priority) == (("1",), "elderly")


def test_skipped_and_voided_numbers() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.given((LAN, c.MarkNoShow("1")), (MINH, c.VoidTicket("1002", "lấy nhầm")))
    assert [(x.kind, x.actor, x.number, x.counter, x.reason) for x in lines(story)] == [
        ("no-show", "lan", "1001", "1", None),
        ("void", "minh", "1002", None, "lấy nhầm"),
    ]


def test_what_a_counter_serves_is_told_when_it_changes_and_only_then() -> None:
    story = Story().given((BOSS, c.AssignServices("1", ("2",), "đông")), *open_at("1"))
    story.given((LAN, c.CloseCounter("1")), (LAN, c.OpenCounter("1", ("8",))))
    story.given((LAN, c.OpenCounter("1", ("1", "8"))), (BOSS, c.AssignServices("1")))
    changed = [x for x in lines(story) if x.kind == "services"]
    assert [(x.actor, x.counter, x.services, x.reason) for x in changed] == [
        ("boss", "1", ("2",), "đông"),
        ("lan", "1", ("8",), None),
        ("lan", "1", ("1", "8"), None),
        ("boss", "1", ("1",), None),
    ]


def test_a_counter_that_closes_within_its_hours_closes_early() -> None:
    story = Story().given(*open_at("1"))
    story.later(minutes=3 * 60 + 29).given((LAN, c.CloseCounter("1")))  # 11:29
    assert [(x.kind, x.counter, x.actor) for x in lines(story)] == [("closed-early", "1", "lan")]

    story = Story().given(*open_at("1"))
    story.later(minutes=3 * 60 + 30).given((LAN, c.CloseCounter("1")))  # 11:30
    assert lines(story) == []


def test_no_clock_no_early_closing() -> None:
    story = Story(synced=False).given(*open_at("1"), (LAN, c.CloseCounter("1")))
    assert lines(story) == []
    story.clock(MONDAY_8, synced=True).given(*open_at("2", MINH))
    assert [x.kind for x in lines(story)] == ["closed-early"], "the clock is known by now"
    story.reboot(MONDAY_8, synced=True)
    assert lines(story) == []


def test_the_roll_and_the_day_that_was_left_unfinished() -> None:
    story = Story().given(ISSUE, ISSUE)
    story.later(minutes=2 * 24 * 60).given((LAN, c.UseRoll("1045")), (LAN, c.LeaveRoll("1")))
    roll_ended, roll_started, opened, _ = page(story).lines
    assert (opened.kind, opened.day, opened.abandoned) == ("day-opened", "2026-11-25", 2)
    assert (roll_started.kind, roll_started.number) == ("roll-started", "1045")
    assert (roll_ended.kind, roll_ended.series) == ("roll-ended", "1")


def test_pages_follow_each_other_without_gap_or_double() -> None:
    story = Story()
    for order in range(1, 24):
        story.given(ISSUE, (LAN, c.VoidTicket(f"1{order:03d}", f"lý do {order}")))
    read: list[LogLine] = []
    before: int | None = None
    sizes = []
    while True:
        found = page(story, before=before, limit=5)
        read += found.lines
        sizes.append(len(found.lines))
        before = found.before
        if before is None:
            break
    assert sizes == [5, 5, 5, 5, 4]
    assert tuple(read) == page(story).lines
    assert [line.seq for line in read] == sorted({line.seq for line in read}, reverse=True)


def test_a_line_in_json_says_only_what_it_knows() -> None:
    story = Story().given(ISSUE, (BOSS, c.VoidTicket("1001", "lấy nhầm")))
    assert msgspec.to_builtins(lines(story)[0]) == {
        "seq": 3,
        "at_ms": MONDAY_8,
        "kind": "void",
        "actor": "boss",
        "number": "1001",
        "reason": "lấy nhầm",
    }


def test_rows_of_a_counter_that_the_rules_no_longer_have() -> None:
    story = Story().given(*open_at("1"))
    rules = msgspec.structs.replace(RULES, counters=RULES.counters[1:])
    rows: list[Entry] = [*story.entries]
    changed = [x for x in log_page(rules, story.live, rows, story.stamp).lines if x.counter]
    assert [(x.kind, x.services) for x in changed] == [("services", ("1",))]
