"""The live and the training queue together, and their move to a new journal."""

from collections.abc import Mapping

import pytest

from contract import commands as c
from contract import events as e
from contract.stamp import Stamp
from edge.core.house import House, apply, moved_to_new_journal
from tests.edge.core.story import BOSS, DAY_MS, KIOSK, LAN, MINH, MONDAY_8, Story, open_at

ISSUE = (KIOSK, c.IssueTicket(("1",)))


def test_only_the_first_row_of_a_command_carries_its_id() -> None:
    story = Story().given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    turn = story.turn(LAN, c.CallNext("1", finish_current=True))
    assert [entry.command_id != b"" for entry in turn.entries] == [True]
    story = Story()
    turn = story.turn(KIOSK, c.IssueTicket(("1",)))
    opening, issued = turn.entries
    assert (opening.actor, opening.command_id) == ("hub", b"")
    assert (issued.actor, issued.command_id) == ("kiosk-1", bytes(16))
    assert [entry.seq for entry in turn.entries] == [1, 2]


def test_rows_that_change_no_queue_are_rows_all_the_same() -> None:
    story = Story().given(ISSUE)
    entry = e.Entry(3, story.stamp, "hub", b"", False, e.NodeStarted("0.1.0", "abc"))
    assert apply(story.house, entry) == House(3, story.house.live, story.house.training)


def after_damage(day: str, orders: Mapping[str, int]) -> Story:
    """A site with numbers up to 1002, whose later rows were lost; the mark knows this much."""
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    story.house = moved_to_new_journal(story.house, day, dict(orders))
    story.entries.clear()
    return story


def test_a_new_journal_keeps_the_queue_in_its_order() -> None:
    story = after_damage("2026-11-23", {"1": 2})
    assert story.house.seq == 0
    story.given(ISSUE, (LAN, c.MarkNoShow("1")), (LAN, c.CallNext("1")))
    assert story.live.counters["1"].ticket == "1002"
    places = [ticket.place for ticket in story.live.tickets.values()]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("day", "orders"),
    [
        ("2026-11-23", {"1": 7}),
        ("2026-11-20", {"1": 7}),
        ("2026-11-25", {"1": 7}),
        ("", {}),
    ],
)
@pytest.mark.parametrize("days_later", [0, 2])
@pytest.mark.parametrize("synced", [True, False])
def test_no_number_that_is_or_may_be_in_use_is_given_out_again(
    day: str, orders: dict[str, int], days_later: int, *, synced: bool
) -> None:
    story = after_damage(day, orders).reboot(MONDAY_8 + days_later * DAY_MS, synced=synced)
    story.given(ISSUE)
    (issued,) = [x.event for x in story.entries if isinstance(x.event, e.TicketIssued)]
    assert issued.number == f"1{max(2, *orders.values(), 0) + 1:03}"


@pytest.mark.parametrize(
    ("done", "take_back", "refused"),
    [
        ((), c.TakeBackCall("1"), "call-stays"),
        ((c.MarkNoShow("1"),), c.TakeBackNoShow("1"), "no-show-stays"),
        ((c.StartService("1"), c.FinishService("1")), c.ReopenService("1"), "nothing-to-reopen"),
    ],
)
def test_what_only_the_old_journal_tells_cannot_be_taken_back(
    done: tuple[c.AnyCommand, ...], take_back: c.AnyCommand, refused: str
) -> None:
    story = Story(synced=False).given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")))
    story.given(*((LAN, command) for command in done))
    story.house = moved_to_new_journal(story.house, story.live.day, dict(story.live.orders))
    assert story.refuses(LAN, take_back).reason == refused


def test_a_day_lost_with_its_journal_is_remembered_by_the_mark() -> None:
    story = after_damage("2026-11-25", {"1": 7})
    story.reboot(MONDAY_8 + 3 * DAY_MS, synced=True).given(ISSUE)
    story.reboot(MONDAY_8 + 2 * DAY_MS, synced=True).given(ISSUE)
    (*_, last) = [x.event for x in story.entries if isinstance(x.event, e.TicketIssued)]
    assert last.number == "1009"


def test_with_no_row_left_numbers_go_on_above_the_mark() -> None:
    story = Story()
    story.house = moved_to_new_journal(House(), "2026-11-23", {"1": 41})
    story.given(ISSUE)
    assert set(story.live.tickets) == {"1042"}


def test_a_machine_that_ran_all_night_goes_on_above_a_damaged_journal() -> None:
    story = Story(synced=False).later(minutes=24 * 60).given(ISSUE, ISSUE)
    story.given((LAN, c.VoidTicket("1001", "x")), (LAN, c.VoidTicket("1002", "x")))
    story.house = moved_to_new_journal(story.house, story.live.day, dict(story.live.orders))
    story.later(minutes=10).clock(MONDAY_8 + 2 * DAY_MS, synced=True).given(ISSUE)
    assert set(story.live.tickets) == {"1003"}


@pytest.mark.parametrize("named", [False, True])
def test_a_spare_that_ran_all_night_keeps_who_took_a_number_this_morning(*, named: bool) -> None:
    story = Story(synced=False).given(ISSUE, ISSUE)
    story.house = moved_to_new_journal(story.house, story.live.day, {"1": 42})
    story.stamp = Stamp(MONDAY_8, 20 * 3_600 * 1_000_000_000, "spare", synced=False)
    if named:
        story.given((BOSS, c.OpenDay("2026-11-24")))
    story.clock(MONDAY_8 + 2 * DAY_MS, synced=True).given(ISSUE)
    assert list(story.live.tickets) == ["1001", "1002", "1043"]


def test_numbers_that_only_the_paper_tells_of_are_not_given_out_again() -> None:
    story = Story(wall_ms=MONDAY_8 - 3 * DAY_MS).given(ISSUE)
    story.house = moved_to_new_journal(story.house, story.live.day, {"1": 42})
    story.stamp = Stamp(MONDAY_8, 20 * 3_600 * 1_000_000_000, "spare", synced=True)
    story.given(ISSUE)
    assert set(story.live.tickets) == {"1043"}, "Friday's 1001 has gone, today's 1042 may be here"


def test_a_new_journal_that_is_read_without_its_beginning_still_knows_the_numbers() -> None:
    story = after_damage("2026-11-23", {"1": 7})
    story.given((LAN, c.StartService("1")), (LAN, c.FinishService("1")), (LAN, c.CallNext("1")))
    story.given((LAN, c.TransferTicket("1", "2")), *open_at("2", MINH), (MINH, c.CallNext("2")))
    house = House()
    for entry in story.entries:
        house = apply(house, entry)
    assert house.live.orders == {"1": 7}
    assert house.live.day == "2026-11-23"
