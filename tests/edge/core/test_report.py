"""The day's figures, by service, counter and member of staff."""

from random import Random

import pytest
from msgspec.structs import replace

from contract import commands as c
from contract.day_report import DayReport, Ratings, Spread
from edge.core.report import day_report, figures_of
from simulation.recount import quantile, recount
from tests.edge.core.life import COUNTERS, LINES, WHIMS, Life
from tests.edge.core.story import BOSS, GREETER, KIOSK, LAN, MINH, MINUTE_MS, PAD, RULES, Story
from tests.edge.core.story import open_at as sit_at

ISSUE = (KIOSK, c.IssueTicket(("1",)))
NONE = Spread(0, None, None, None)


def report(story: Story, *, ratings_by_staff: bool = False) -> DayReport:
    rules = replace(RULES, ratings_by_staff=ratings_by_staff)
    rows = [entry for entry in story.entries if not entry.training]
    return day_report(rules, story.live.day, rows)


def serve(story: Story, minutes: float, number: str) -> None:
    """Lan calls the next at counter 1, and serves them so long."""
    story.given((LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    assert story.live.counters["1"].ticket == number
    story.later(minutes=minutes).given((LAN, c.FinishService("1")))


def test_a_day_by_hand() -> None:
    story = Story().given(*sit_at("1"), *sit_at("3", MINH), ISSUE, ISSUE, ISSUE)
    story.given((GREETER, c.IssueTicket(("2",))), (LAN, c.IssueTicket(("1", "2"))))
    serve(story.later(minutes=2), 5, "1001")  # waited 2
    story.given((PAD, c.Rate("1", 4)), (PAD, c.Rate("1", 1)))
    serve(story, 10, "1002")  # waited 7
    story.given((PAD, c.Rate("1", 3)))
    story.given((LAN, c.CallNext("1")))  # 1003 waited 17
    story.later(minutes=1).given((LAN, c.MarkNoShow("1")))
    story.given((MINH, c.CallNext("3")), (MINH, c.StartService("3")))  # 2001 waited 18
    story.later(minutes=4).given((MINH, c.ParkTicket("3", "signature")))
    story.later(minutes=6).given((MINH, c.ResumeTicket("3", "2001")), (MINH, c.StartService("3")))
    story.later(minutes=1).given((MINH, c.FinishService("3")))  # worked 5, visit 29
    serve(story, 2, "1004")  # waited 29; its second service still waits
    story.given((LAN, c.PauseCounter("1", "họp")))
    story.later(minutes=15).given((LAN, c.OpenCounter("1")), (LAN, c.VoidTicket("1003", "về rồi")))

    day = report(story)

    assert (day.day, day.tickets, day.visits, day.served) == ("2026-11-23", 5, 3, 4)
    assert (day.no_shows, day.voided, day.presses_ignored) == (1, 1, 1)
    assert day.waits == Spread(5, 17 * MINUTE_MS, 29 * MINUTE_MS, 29 * MINUTE_MS)
    assert day.second_waits == Spread(1, 6 * MINUTE_MS, 6 * MINUTE_MS, 6 * MINUTE_MS)
    assert day.service_times == Spread(4, 5 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS)
    assert day.visit_times == Spread(3, 17 * MINUTE_MS, 29 * MINUTE_MS, 29 * MINUTE_MS)
    assert day.ratings == Ratings(2, 3.5)
    assert day.issued_by == {"greeter-1": 1, "kiosk-1": 3, "lan": 1}

    first, second, third = day.services
    assert (first.service, first.tickets, first.served, first.no_shows) == ("1", 4, 3, 1)
    assert (first.waits.count, first.ratings) == (4, Ratings(2, 3.5))
    assert (second.service, second.tickets, second.served) == ("2", 1, 1)
    assert second.service_times == Spread(1, 5 * MINUTE_MS, 5 * MINUTE_MS, 5 * MINUTE_MS)
    assert (third.service, third.tickets, third.waits, third.ratings) == (
        "8",
        0,
        NONE,
        Ratings(0, None),
    )

    one, two, three = day.counters
    assert (one.counter, one.called, one.served, one.no_shows) == ("1", 4, 3, 1)
    assert (one.pauses, one.paused_ms) == (1, 15 * MINUTE_MS)
    assert (two.counter, two.called, two.waits) == ("2", 0, NONE)
    assert (three.counter, three.served, three.ratings) == ("3", 1, Ratings(0, None))

    lan, minh = day.staff
    assert (lan.staff, lan.issued, lan.called, lan.served, lan.no_shows) == ("lan", 1, 4, 3, 1)
    assert (lan.pauses, lan.paused_ms, lan.parked) == (1, 15 * MINUTE_MS, 0)
    assert (minh.staff, minh.called, minh.served, minh.parked) == ("minh", 1, 1, 1)


def test_a_named_persons_ratings_are_counted_and_their_mean_told_by_policy_only() -> None:
    story = Story().given(*sit_at("1"), ISSUE)
    serve(story, 3, "1001")
    story.given((PAD, c.Rate("1", 2)))
    assert report(story).staff[0].ratings == Ratings(1, None)
    assert report(story, ratings_by_staff=True).staff[0].ratings == Ratings(1, 2.0)


def test_what_others_do_at_a_counter_belongs_to_who_sits_there() -> None:
    story = Story().given(*sit_at("1"), (BOSS, c.OpenCounter("2")), ISSUE, ISSUE)
    story.given((BOSS, c.CallNext("1")), (BOSS, c.CallNext("2")))
    called = {figures.staff: figures.called for figures in report(story).staff}
    assert called == {"lan": 1, "boss": 1}


def test_a_rating_belongs_to_who_served_even_after_a_handover() -> None:
    story = Story().given(*sit_at("1"), ISSUE)
    serve(story, 3, "1001")
    story.given((LAN, c.SignOut("1")), *sit_at("1", MINH), (PAD, c.Rate("1", 4)))
    assert {x.staff: x.ratings.count for x in report(story).staff} == {"lan": 1, "minh": 0}


def test_ones_own_figures() -> None:
    story = Story().given(*sit_at("1"), ISSUE, (GREETER, c.IssueTicket(("1",))))
    serve(story, 3, "1001")
    day = report(story)
    assert figures_of(day, "lan").served == 1
    assert figures_of(day, "lan") == day.staff[0]
    greeter = figures_of(day, "greeter-1")
    assert (greeter.issued, greeter.served, greeter.service_times) == (1, 0, NONE)
    assert figures_of(day, "nobody").issued == 0


def test_transfers_and_a_service_that_no_clock_measured() -> None:
    story = Story().given(*sit_at("1"), *sit_at("3", MINH), ISSUE, (LAN, c.CallNext("1")))
    story.given((LAN, c.StartService("1")), (LAN, c.TransferTicket("1", "2")))
    story.given((MINH, c.CallNext("3")), (MINH, c.StartService("3")))
    story.reboot(0, synced=False).given((MINH, c.FinishService("3")))
    day = report(story)
    assert (day.visits, day.served, day.visit_times, day.service_times) == (1, 1, NONE, NONE)
    assert [figures.transferred for figures in day.staff] == [1, 0]


def test_tickets_carried_into_the_day_belong_to_it() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False).given(ISSUE, ISSUE)
    story.clock(Story().stamp.wall_ms, synced=True).given(*sit_at("1"), ISSUE)
    rows = [entry for entry in story.entries if entry.seq >= story.live.today.opened_seq]
    assert day_report(RULES, story.live.day, rows).tickets == story.live.today.issued == 3


@pytest.mark.parametrize("seed", range(6))
def test_a_busy_day_agrees_with_the_recount_by_raw_stamps(seed: int) -> None:
    random = Random(seed)
    life = Life(honest=True, wrong_ms=0)
    life.change_clock("set", 0)
    for counter in COUNTERS:
        life.order(BOSS, c.SignIn(counter))
    for _ in range(400):
        if random.random() < 0.3:
            life.order(BOSS, c.IssueTicket(random.choice(LINES)))
        life.pass_time(random.randrange(60_000), ns=random.randrange(1_000_000))
        life.work(random.choice(COUNTERS), random.choice(WHIMS), training=random.random() < 0.1)
    entries = life.entries

    counted = recount(entries)
    rows = [entry for entry in entries if not entry.training]
    day = day_report(RULES, life.house.live.day, rows)

    assert counted.finished > 50
    assert (day.tickets, day.visits, day.served) == (
        counted.issued,
        counted.visits,
        counted.finished,
    )
    assert (day.no_shows, day.voided) == (counted.no_shows, counted.voided)
    assert (day.ratings.count, day.presses_ignored) == (
        len(counted.ratings),
        counted.presses_ignored,
    )
    assert {x.counter: x.served for x in day.counters if x.served} == {
        name: count.finished for name, count in counted.counters.items() if count.finished
    }
    for spread, values_ms in (
        (day.waits, counted.waits_ms),
        (day.second_waits, counted.second_waits_ms),
        (day.service_times, counted.services_ms),
    ):
        assert spread.count == len(values_ms)
        assert spread.p90_ms == pytest.approx(quantile(values_ms, 0.9), abs=20)


def test_the_quantiles_are_of_the_nearest_rank() -> None:
    story = Story().given(*sit_at("1"), *[ISSUE] * 10)
    for order in range(1, 11):
        serve(story, order, f"1{order:03d}")
    times = report(story).service_times
    assert times == Spread(10, 5 * MINUTE_MS, 9 * MINUTE_MS, 10 * MINUTE_MS)
