"""The rules over facts, hours, and how findings become alerts."""

from typing import Any

import pytest

from central.alerts.hours import Opening, Span, span_of
from central.alerts.hysteresis import Patience, Phase, Watched, follow
from central.alerts.rules import (
    Answered,
    Device,
    HubFacts,
    Key,
    Limits,
    Rule,
    SiteFacts,
    findings,
)
from central.rollup.business_day import midnight_ms

MIN = 60_000
FRIDAY, SATURDAY = midnight_ms("2026-11-20"), midnight_ms("2026-11-21")
TEN = FRIDAY + 600 * MIN
SITE = "01-00097-01"
LIMITS = Limits(
    wait_target_ms=20 * MIN,
    wait_people=3,
    silent_after_ms=15 * MIN,
    rating_answers=50,
    rating_drop=0.1,
)
SPANS = (span_of("07:30-11:30"), span_of("13:00-17:00"))
OPENING = Opening(dict.fromkeys((1, 2, 3, 4, 5), SPANS))


def judged(now_ms: int = TEN, **facts: Any) -> dict[Key, bool | None]:
    site = SiteFacts(site=SITE, **{"hubs": (HubFacts("h1", now_ms),), **facts})
    return {found.key: found.raises for found in findings(site, LIMITS, OPENING, now_ms)}


# --- hours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minute", "since"),
    [(449, None), (450, 450), (689, 450), (690, None), (780, 780), (1020, None)],
)
def test_opening_hours_begin_and_end_to_the_minute(minute: int, since: int | None) -> None:
    expected = None if since is None else FRIDAY + since * MIN
    assert OPENING.since_ms(FRIDAY + minute * MIN) == expected


def test_weekends_holidays_and_make_up_days() -> None:
    nine = 540 * MIN
    assert OPENING.since_ms(SATURDAY + nine) is None
    special = Opening(OPENING.weekly, {"2026-11-20": (), "2026-11-21": SPANS})
    assert special.since_ms(FRIDAY + nine) is None
    assert special.since_ms(SATURDAY + nine) == SATURDAY + 450 * MIN


def test_quiet_hours_go_on_over_midnight() -> None:
    quiet = span_of("20:00-06:30")
    assert quiet == Span(1200, 390)
    held = [quiet.holds(minute) for minute in (1199, 1200, 0, 389, 390)]
    assert held == [False, True, True, True, False]


@pytest.mark.parametrize("text", ["7-8h", "24:00-25:00", "07:60-08:00", "0730", ""])
def test_what_is_no_part_of_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        span_of(text)


# --- rules ------------------------------------------------------------------------------------


def test_a_site_where_all_is_well_is_not_mentioned() -> None:
    assert judged(over_eased=2, over_target=2) == {}


@pytest.mark.parametrize(
    ("facts", "raises"),
    [
        ({"over_target": 3, "over_eased": 5}, True),
        ({"over_target": 2, "over_eased": 5}, False),
        ({"waits_known": False, "over_target": 9, "over_eased": 9}, False),
        ({"has_opened": False, "waits_known": False}, None),
    ],
)
def test_waits_raise_above_the_target_and_hold_until_well_below_it(
    facts: dict[str, Any], raises: bool | None
) -> None:
    assert judged(**facts).get(Key(Rule.WAIT, SITE)) is raises


@pytest.mark.parametrize(
    ("now_min", "heard_min", "online", "raises"),
    [
        (600, 586, True, None),
        (600, 584, True, True),
        (600, 590, False, False),
        (600, 580, False, True),
        (455, 300, True, False),
        (466, 300, True, True),
        (1100, 600, True, False),
        (790, 689, True, False),
        (796, 689, True, True),
    ],
)
def test_silence_counts_in_opening_hours_and_outside_them_ends_nothing(
    now_min: int, heard_min: int, online: bool, raises: bool | None
) -> None:
    now_ms, heard_ms = FRIDAY + now_min * MIN, FRIDAY + heard_min * MIN
    found = judged(now_ms, hubs=(HubFacts("h1", heard_ms, online),))
    assert found.get(Key(Rule.SILENT, SITE, "h1")) is raises
    beside = judged(now_ms, hubs=(HubFacts("h1", now_ms), HubFacts("h2", heard_ms, online)))
    assert beside == ({} if raises is None else {Key(Rule.SILENT, SITE, "h2"): raises})


def test_what_a_former_card_owes_is_an_alert_beside_that_of_the_present_one() -> None:
    owing = HubFacts("h1", TEN, former=1, lost=0)
    assert judged(hubs=(owing,)) == {Key(Rule.GAP, SITE, "h1"): True}
    both = judged(hubs=(owing,), missing=3)
    assert both == {Key(Rule.GAP, SITE, "h1"): True, Key(Rule.GAP, SITE): True}


def test_each_device_is_an_alert_of_its_own_and_paper_has_its_rule() -> None:
    lost = (Device("h1/printer", "paper-out"), Device("h1/display-2", "no-answer"))
    assert judged(devices=lost) == {
        Key(Rule.PAPER_OUT, SITE, "h1/printer"): True,
        Key(Rule.DEVICE_LOST, SITE, "h1/display-2"): True,
    }


@pytest.mark.parametrize("online", [True, False])
def test_clock_and_gap_are_held_against_hubs_that_are_there(online: bool) -> None:
    found = judged(clock_ok=False, missing=7, online=online)
    assert found[Key(Rule.CLOCK, SITE)] is (True if online else None)
    assert found[Key(Rule.GAP, SITE)] is (True if online else None)


@pytest.mark.parametrize(
    ("answered", "raises"),
    [
        (Answered(200, 140, 800, 720), True),
        (Answered(200, 166, 800, 720), False),
        (Answered(200, 175, 800, 720), None),
        (Answered(49, 20, 800, 720), None),
        (Answered(200, 140, 49, 45), None),
        (Answered(50, 39, 50, 45), False),
    ],
)
def test_ratings_fall_when_enough_answer_and_chance_does_not_explain_it(
    answered: Answered, raises: bool | None
) -> None:
    assert judged(answered=answered).get(Key(Rule.RATING, SITE)) is raises


# --- hysteresis -------------------------------------------------------------------------------

PATIENCE = Patience(open_after_ms=10 * MIN, close_after_ms=5 * MIN)


def lived(*signs: bool | None) -> list[str]:
    """The phases after one sign a minute."""
    watched: Watched | None = None
    phases = []
    for minute, raises in enumerate(signs):
        watched = follow(watched, raises, PATIENCE, minute * MIN)
        phases.append(watched.phase.value if watched else "-")
        if watched and watched.phase is Phase.CLOSED:
            watched = None
    return phases


def test_what_is_wrong_for_a_moment_is_no_alert() -> None:
    assert lived(*[True] * 10, None) == [*["pending"] * 10, "-"]
    assert lived(*[True] * 10, False) == [*["pending"] * 10, "-"]


def test_an_alert_begins_after_its_time_and_ends_after_all_was_well_for_long_enough() -> None:
    phases = lived(*[True] * 11, *[None] * 6)
    assert phases[9:] == ["pending", "open", *["clearing"] * 5, "closed"]


def test_what_is_not_yet_well_keeps_an_alert_open_and_flapping_does_not_end_it() -> None:
    phases = lived(*[True] * 11, *[False] * 20, None, None, True, None, False, *[None] * 5)
    assert phases[10:31] == ["open"] * 21
    assert phases[31:36] == ["clearing", "clearing", "open", "clearing", "open"]
    assert phases[-1] == "clearing"


def test_what_somebody_closed_stays_silent_until_all_is_well() -> None:
    dismissed = Watched(Phase.DISMISSED, 0)
    assert follow(dismissed, True, PATIENCE, MIN) == dismissed
    assert follow(dismissed, False, PATIENCE, MIN) == dismissed
    assert follow(dismissed, None, PATIENCE, MIN) == Watched(Phase.CLOSED, MIN)


def test_what_is_to_be_waited_for_is_counted_from_now_when_the_clock_was_put_back() -> None:
    pending, later = Watched(Phase.PENDING, 1_000 * MIN), PATIENCE.open_after_ms
    counted = follow(pending, True, PATIENCE, MIN)
    assert counted == Watched(Phase.PENDING, MIN)
    assert follow(counted, True, PATIENCE, MIN + later) == Watched(Phase.OPEN, MIN + later)


def test_without_patience_an_alert_begins_at_once() -> None:
    assert follow(None, True, Patience(0, 0), 5) == Watched(Phase.OPEN, 5)
    assert follow(Watched(Phase.OPEN, 5), None, Patience(0, 0), 6) == Watched(Phase.CLOSED, 6)
