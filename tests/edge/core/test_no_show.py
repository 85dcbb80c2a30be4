"""A no-show that is taken back within ten seconds leaves no trace but its two rows."""

import pytest

from central.rollup.fold import FoldState, fold
from central.store.cells import merge
from contract import commands as c
from contract import events as e
from contract.commands import Actor
from contract.stamp import Span
from edge.core.evolve import evolve
from edge.core.log import log_page
from edge.core.report import day_report, figures_of
from simulation.recount import recount
from tests.edge.core.life import day_of_mistakes
from tests.edge.core.mistakes import CALL, FINISH, ISSUE, START, figures, picture, report, timeless
from tests.edge.core.story import BOSS, LAN, MINH, RULES, Story, open_at

NO_SHOW = (LAN, c.MarkNoShow("1"))
TAKE_BACK = (LAN, c.TakeBackNoShow("1"))


def called() -> Story:
    """Lan has called 1001 twice for a minute, and 1002 waits."""
    story = Story().given(*open_at("1"), ISSUE, ISSUE).later(minutes=2).given(CALL)
    return story.later(minutes=1).given((LAN, c.Recall("1")))


def test_the_number_is_called_on_as_though_it_had_never_been_marked() -> None:
    story = called()
    before, shown = story.live, picture(story)
    story.given(NO_SHOW).later(s=10)
    (event,) = story.does(*TAKE_BACK)
    assert isinstance(event, e.NoShowTakenBack)
    assert (event.number, event.counter, event.walk) == ("1001", "1", Span(60_000))
    assert timeless(story.live) == timeless(before)
    assert picture(story).counters[0] == shown.counters[0]
    assert picture(story).calls == shown.calls, "hall and voice have nothing to say of it"

    (started,) = story.later(s=5).does(*START)
    assert isinstance(started, e.ServiceStarted)
    assert started.walk == Span(75_000)


def test_ten_seconds_are_ten_seconds() -> None:
    story = called().given(NO_SHOW).later(s=10, ms=1)
    refused = story.refuses(*TAKE_BACK)
    assert (refused.reason, refused.detail) == ("no-show-stays", {"counter": "1", "seconds": "10"})


def test_the_call_before_can_still_be_taken_back_too() -> None:
    story = Story().given(*open_at("1"), ISSUE, CALL, NO_SHOW, TAKE_BACK)
    story.given((LAN, c.TakeBackCall("1")))
    assert (story.live.tickets["1001"].phase, story.live.tickets["1001"].calls) == ("waiting", 0)


def test_a_counter_that_has_called_since_has_gone_on() -> None:
    story = called().given(NO_SHOW, CALL)
    assert story.refuses(*TAKE_BACK).reason == "counter-busy"
    story.given((LAN, c.TakeBackCall("1")))
    assert story.refuses(*TAKE_BACK).reason == "no-show-stays"
    story.given((LAN, c.ReturnTicket("1001")), CALL)
    assert story.live.counters["1"].ticket == "1001"


@pytest.mark.parametrize("back", [True, False])
def test_whom_another_counter_has_called_meanwhile_stays_there(*, back: bool) -> None:
    story = called().given(*open_at("2", MINH), NO_SHOW, (LAN, c.ReturnTicket("1001"))).later(s=1)
    story.given((MINH, c.CallTicket("2", "1001", "gần quầy")))
    if back:
        story.given((MINH, c.MarkNoShow("2")))
    assert story.refuses(*TAKE_BACK).reason == "no-show-stays"


def test_who_was_sent_to_this_counter_is_still_its_own_after_the_next_no_show() -> None:
    story = called().given(*open_at("2", MINH), (LAN, c.TransferTicket("1", "1", "2")))
    story.given((MINH, c.CallNext("2")), (MINH, c.MarkNoShow("2")), (MINH, c.TakeBackNoShow("2")))
    story.given((MINH, c.MarkNoShow("2")))
    assert story.live.tickets["1001"].counter == "2"


def test_who_was_called_back_for_a_signature_too() -> None:
    story = called().given(START, (LAN, c.ParkTicket("1", "signature")))
    story.given((LAN, c.ResumeTicket("1", "1001")))
    before = story.live
    story.given(NO_SHOW).later(s=3).given(TAKE_BACK)
    assert timeless(story.live) == timeless(before)
    story.given(START, FINISH)


def test_a_restart_of_the_hub_forgets_nothing_and_a_new_day_everything() -> None:
    story = called().given(NO_SHOW)
    story.reboot(story.stamp.wall_ms + 4_000, synced=True).given(TAKE_BACK)
    assert story.live.counters["1"].ticket == "1001"

    story = Story(synced=False).given(*open_at("1"), ISSUE, CALL, NO_SHOW)
    story.given((BOSS, c.OpenDay("2026-11-24")))
    assert story.refuses(*TAKE_BACK).reason == "no-show-stays"


def test_a_keypads_no_show_can_be_taken_back_at_the_terminal() -> None:
    key = Actor("key", "keypad", "1")
    story = called().given((key, c.MarkNoShow("1")))
    assert story.refuses(key, c.TakeBackNoShow("1")).reason == "not-allowed"
    story.given(TAKE_BACK)
    assert story.live.counters["1"].ticket == "1001"


def test_a_journal_that_lost_the_no_show_can_still_be_read() -> None:
    mended = called().given(NO_SHOW, TAKE_BACK)
    known = called().live
    assert timeless(evolve(known, mended.entries[-1])) == timeless(known)


def test_the_log_tells_both() -> None:
    story = called().given(NO_SHOW, TAKE_BACK)
    page = log_page(RULES, story.live, story.entries, story.stamp)
    assert [(line.kind, line.number) for line in page.lines if "no-show" in line.kind] == [
        ("no-show-taken-back", "1001"),
        ("no-show", "1001"),
    ]


# --- figures ----------------------------------------------------------------------------------


def days(*, mistaken: bool) -> Story:
    """1001 is served and 1002 absent; the no-show at 08:14:58 is `mistaken`, and taken back at
    08:15:03."""
    story = Story().given(*open_at("1"), ISSUE, ISSUE).later(minutes=12).given(CALL)
    story.later(minutes=2, s=58)
    if mistaken:
        story.given(NO_SHOW)
    story.later(s=5)
    if mistaken:
        story.given(TAKE_BACK)
    story.later(minutes=1).given(START).later(minutes=4).given(FINISH, CALL)
    return story.later(minutes=3).given(NO_SHOW, (LAN, c.CloseCounter("1")))


def test_hub_and_centre_count_as_though_nobody_had_been_marked() -> None:
    right, mended = days(mistaken=False), days(mistaken=True)
    assert len(mended.entries) == len(right.entries) + 2
    assert report(mended) == report(right)
    assert report(mended).no_shows == figures_of(report(mended), "lan").no_shows == 1
    assert figures(fold(FoldState(), mended.entries)[1]) == figures(
        fold(FoldState(), right.entries)[1]
    )
    one, other = recount(mended.entries), recount(right.entries)
    assert (one.no_shows, one.counters) == (1, other.counters)


@pytest.mark.parametrize("cut", range(6, 9))
def test_the_centre_may_hear_of_the_mistake_later(cut: int) -> None:
    entries = days(mistaken=True).entries
    assert isinstance(entries[6].event, e.NoShowMarked)
    state, first = fold(FoldState(), entries[:cut])
    _, rest = fold(state, entries[cut:])
    _, whole = fold(FoldState(), entries)
    for key, tally in whole.quarters.items():
        assert merge([first.quarters[key], rest.quarters[key]]) == tally
    (day,) = whole.days.values()
    assert day.no_shows == 1


def test_who_marked_it_loses_it_whoever_takes_it_back() -> None:
    story = called().given(NO_SHOW, (BOSS, c.TakeBackNoShow("1")))
    assert [(person.staff, person.no_shows) for person in report(story).staff] == [("lan", 0)]


@pytest.mark.parametrize("seed", range(5))
def test_hub_centre_and_recount_agree_on_days_full_of_mistakes(seed: int) -> None:
    life = day_of_mistakes(seed, "absent", "here after all")
    entries = life.entries
    taken_back = sum(isinstance(entry.event, e.NoShowTakenBack) for entry in entries)
    marked = sum(isinstance(entry.event, e.NoShowMarked) for entry in entries)
    assert taken_back > 10
    hub = day_report(RULES, life.house.live.day, entries)
    counted = recount(entries)
    (centre,) = fold(FoldState(), entries)[1].days.values()
    assert hub.no_shows == counted.no_shows == centre.no_shows == marked - taken_back
    assert hub.no_shows == sum(figures.no_shows for figures in hub.counters)
    assert hub.no_shows == sum(figures.no_shows for figures in hub.staff)
