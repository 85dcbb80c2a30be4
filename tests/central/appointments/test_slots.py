"""A slot is a part of a half-day of its site: nobody is sent to a closed door, and no crowd comes
at once."""

from datetime import date, datetime

import pytest

from central.api.freshness import local_time
from central.appointments.book import AppointmentBook, BookingRefusedError, Reason, Wanted
from central.appointments.slots import SlotRule, slots_on
from central.configuration.book import ConfigurationError
from central.configuration.site_rules import site_rules
from central.registry.units import shipped_units
from central.scope import Scope
from central.store.configurations import Configurations, Made
from central.store.connection import Database
from central.store.database import Location, transaction
from tests.central.appointments.sites import CONFIGURATION, PORTAL, SITE, BookedSite
from tests.central.decisions import decide
from tests.central.journal import NODE

WEEK = """
closed_days = ["2026-11-24"]
sessions = [
    { weekdays = [1, 2, 3, 4, 5], issue_from = "07:30", last_ticket = "11:10", closes = "11:30" },
    { weekdays = [1, 2, 3, 4, 5], issue_from = "13:30", last_ticket = "16:00", closes = "17:00" },
]
extra_days = { "2026-11-28" = [
    { weekdays = [6], issue_from = "08:00", last_ticket = "09:00", closes = "09:30" },
] }
"""
HOLIDAY = "2026-11-26"
RULE = SlotRule(holidays=(HOLIDAY, "2026-11-28"))


def with_week(sessions: str = WEEK) -> str:
    head, _, tail = CONFIGURATION.partition("[[site.sessions]]")
    return f"{head}{sessions}[[site.services]]{tail.partition('[[site.services]]')[2]}"


@pytest.fixture
def site(each_db: Database, location: Location) -> BookedSite:
    made = BookedSite(each_db, location)
    decide(location, NODE, with_week())
    made.book = AppointmentBook(location, made.clock, shipped_units, RULE)
    return made


def ms(text: str) -> int:
    return round(datetime.fromisoformat(f"{text}:00+07:00").timestamp() * 1000)


def local(found_ms: int) -> str:
    return local_time(found_ms).strftime("%m-%d %H:%M")


def book(site: BookedSite, at: str, key: str, service: str = "1") -> None:
    assert site.book.book(PORTAL, SITE, Wanted(service, ms(at)), f"key-{key}") is not None


def refused(site: BookedSite, at: str, service: str = "1") -> BookingRefusedError:
    with pytest.raises(BookingRefusedError) as raised:
        site.book.book(PORTAL, SITE, Wanted(service, ms(at)), "another-key")
    return raised.value


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-22T03:00",  # Sunday
        "2026-11-24T08:30",  # closed
        f"{HOLIDAY}T08:30",
        "2026-11-23T23:59",
        "2026-11-23T11:00",  # numbers end at 11:10
        "2026-11-23T07:15",
        "2026-11-23T08:31",
        "2026-11-28T10:00",  # a Saturday that is worked for an hour
    ],
)
def test_a_slot_is_one_of_the_sites_own(site: BookedSite, at: str) -> None:
    error = refused(site, at)
    assert error.reason is Reason.NO_SLOT
    assert error.detail == {"minutes": "15"}
    assert len(error.free_ms) == 3
    for number, free_ms in enumerate(error.free_ms):
        assert site.book.book(PORTAL, SITE, Wanted("1", free_ms), f"free-{number:04}")


def test_the_nearest_free_slots_are_named(site: BookedSite) -> None:
    error = refused(site, "2026-11-23T11:10")
    assert [local(free) for free in error.free_ms] == ["11-23 10:15", "11-23 10:30", "11-23 10:45"]
    for number in range(2):
        book(site, "2026-11-23T10:30", f"full-{number}")
    error = refused(site, "2026-11-23T10:30")
    assert error.reason is Reason.SLOT_FULL
    assert [local(free) for free in error.free_ms] == ["11-23 10:00", "11-23 10:15", "11-23 10:45"]


def test_room_is_for_the_slot_and_not_for_the_minute(site: BookedSite, each_db: Database) -> None:
    book(site, "2026-11-23T08:30", "one")
    book(site, "2026-11-27T08:30", "moved")
    each_db.execute(
        "UPDATE appointments SET slot_ms = ?, day = '2026-11-23' WHERE key = 'key-moved'",
        (ms("2026-11-23T08:37"),),
    )
    assert refused(site, "2026-11-23T08:30").reason is Reason.SLOT_FULL, "booked before slots were"
    book(site, "2026-11-23T08:30", "other", service="2")


def free(site: BookedSite, day: str, service: str = "1") -> dict[str, int | None]:
    found = site.book.free(Scope(), SITE, service, day)
    assert found is not None
    return {local(one.slot_ms): one.left for one in found}


def test_what_is_listed_as_free_can_be_booked(site: BookedSite) -> None:
    day = "2026-11-23"
    before = free(site, day)
    assert [min(before), max(before), {*before.values()}] == ["11-23 07:30", "11-23 15:45", {2}]
    for number, begins in enumerate(before):
        book(site, f"{day}T{begins[-5:]}", f"each-{number}")
    assert {*free(site, day).values()} == {1}
    book(site, f"{day}T07:30", "last")
    assert "11-23 07:30" not in free(site, day)
    assert refused(site, f"{day}T07:30").reason is Reason.SLOT_FULL
    assert {*free(site, day, "2").values()} == {None}, "as many as will"


def test_no_slot_is_free_where_nobody_may_come(site: BookedSite, each_db: Database) -> None:
    for day in ("2026-11-22", "2026-11-24", HOLIDAY, "2027-06-01"):
        assert free(site, day) == {}
    site.clock.now_ms = ms("2026-11-23T15:20")
    assert list(free(site, "2026-11-23")) == ["11-23 15:30", "11-23 15:45"]
    each_db.execute("UPDATE sites SET valid_to = '2026-11-24' WHERE code = ?", (SITE,))
    assert free(site, "2026-11-25") == {}
    with pytest.raises(BookingRefusedError) as raised:
        free(site, "2026-11-23", "9")
    assert raised.value.reason is Reason.SERVICE_NOT_OFFERED


def test_nothing_is_named_that_cannot_be_booked(site: BookedSite, each_db: Database) -> None:
    each_db.execute("UPDATE sites SET valid_to = '2026-11-23' WHERE code = ?", (SITE,))
    site.clock.now_ms = ms("2026-11-23T15:20")
    error = refused(site, "2026-11-23T16:00")
    assert [local(free) for free in error.free_ms] == ["11-23 15:30", "11-23 15:45"]


def test_a_site_without_sessions_takes_nothing_and_says_so(
    site: BookedSite, location: Location
) -> None:
    decide(location, NODE, with_week("sessions = []\n"))
    error = refused(site, "2026-11-23T08:30")
    assert (error.reason, list(error.free_ms)) == (Reason.NO_SLOT, [])


def test_slots_fill_the_half_days_in_which_numbers_are_given_out() -> None:
    rules = site_rules(with_week())
    assert rules is not None
    monday = [local(begins) for begins in slots_on(rules, SlotRule(60), date(2026, 11, 23))]
    assert monday == [f"11-23 {time}" for time in ("07:30", "08:30", "09:30", "13:30", "14:30")]
    saturday = [local(begins) for begins in slots_on(rules, RULE, date(2026, 11, 28))]
    assert saturday == [f"11-28 08:{minute:02}" for minute in (0, 15, 30, 45)]
    assert slots_on(rules, SlotRule(240), date(2026, 11, 23)) == []


@pytest.mark.parametrize("wrong", ['"2"', "2.5", "[1]", "0", "-1", "true"])
def test_what_no_hub_can_read_is_not_published(
    site: BookedSite, location: Location, each_db: Database, wrong: str
) -> None:
    text = CONFIGURATION.replace("per_slot = 2", f"per_slot = {wrong}")
    with pytest.raises(ConfigurationError) as raised:
        decide(location, NODE, text)
    assert "appointments_per_slot" in raised.value.words("vi")
    book(site, "2026-11-23T08:30", "one")
    with transaction(each_db.conn):
        Configurations(each_db.conn).put(NODE, Made(9, text))
    by_an_older_centre = refused(site, "2026-11-23T08:45")
    assert by_an_older_centre.reason is Reason.NOT_TAKEN
    assert by_an_older_centre.detail["node"] == NODE
    assert "appointments_per_slot" in by_an_older_centre.detail["what"]
    decide(location, NODE, CONFIGURATION)
    book(site, "2026-11-23T08:45", "two")


def test_a_configuration_without_hours_is_none(site: BookedSite, location: Location) -> None:
    decide(location, NODE, 'follow_url = "https://centre.example"')
    assert refused(site, "2026-11-23T08:30").reason is Reason.NOT_CONFIGURED
