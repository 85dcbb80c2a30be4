"""What a published configuration says of opening hours."""

import pytest

from central.alerts.hours import Opening, Span
from central.alerts.settings import AlertSettings
from central.alerts.site_hours import site_opening
from tests.central.decisions import open_at

HOLIDAY, OWN_HOLIDAY, SATURDAY = "2027-02-05", "2026-12-01", "2026-11-28"
NATION = AlertSettings(closed_days=(HOLIDAY,), extra_days=("2026-11-21",)).opening_hours()
MORNING, AFTERNOON, EARLY = Span(450, 690), Span(810, 1020), Span(420, 600)

FOLLOW = 'follow_url = "https://centre.example/{site}"'
OWN_HOURS = f"""closed_days = ["{OWN_HOLIDAY}"]
sessions = [
{{ weekdays = [1, 2, 3, 4, 5, 6], issue_from = "07:30", last_ticket = "11:15", closes = "11:30" }},
{{ weekdays = [1, 2, 3, 4, 5], issue_from = "13:30", last_ticket = "16:45", closes = "17:00" }},
]

[site.extra_days]
{SATURDAY} = [{{ weekdays = [6], issue_from = "07:00", last_ticket = "09:30", closes = "10:00" }}]
"""
PUBLISHED = FOLLOW + open_at(OWN_HOURS)


def opening(text: str) -> Opening:
    found = site_opening(text, NATION)
    assert found is not None
    return found


def test_a_site_opens_from_its_first_number_to_its_end() -> None:
    found = opening(PUBLISHED)
    assert found.weekly == {
        **dict.fromkeys((1, 2, 3, 4, 5), (MORNING, AFTERNOON)),
        6: (MORNING,),
        7: (),
    }
    assert found.special == {HOLIDAY: (), OWN_HOLIDAY: (), SATURDAY: (EARLY,)}


def test_a_site_that_works_on_a_holiday_says_so() -> None:
    found = opening(PUBLISHED.replace(SATURDAY, HOLIDAY))
    assert found.special == {HOLIDAY: (EARLY,), OWN_HOLIDAY: ()}


def test_make_up_days_of_the_nation_are_not_those_of_a_site_with_hours_of_its_own() -> None:
    assert NATION.special["2026-11-21"]
    assert "2026-11-21" not in opening(PUBLISHED).special


@pytest.mark.parametrize(
    "text",
    [
        "",
        FOLLOW,
        '[site]\nsite = "01-00097-01"',
        PUBLISHED.replace("11:30", "25:30"),
        PUBLISHED.replace("[1, 2, 3, 4, 5, 6]", '"every day"'),
        "[site",
    ],
)
def test_where_no_hours_can_be_read_the_site_keeps_to_the_nation(text: str) -> None:
    assert site_opening(text, NATION) is None
