"""Alerts about long waits, of a real database over hours."""

import pytest

from central.store.database import Location
from contract import events as e
from tests.central.alerts.office import MIN, Office, quiet_day, receiver
from tests.central.journal import DAY, NODE, Journal


@pytest.fixture
def database(location: Location) -> Location:
    """Where an empty database is, of each engine in turn."""
    return location


def test_who_comes_long_before_the_slot_does_not_wait_yet(database: Location) -> None:
    office = Office(database)
    journal = quiet_day()
    for number in range(3):
        early_ms = 149 * MIN
        code = f"A1B{number}"
        journal.add(
            e.TicketIssued(f"100{number}", ("1",), appointment=code, early_ms=early_ms), MIN
        )
    office.live(75, journal)
    assert office.open() == []
    office.live(110, journal)
    assert office.open() == [("wait", NODE[:11], "")]


def test_long_waits_raise_and_a_silent_site_ends_nothing(database: Location) -> None:
    journal = quiet_day()
    for order in range(1, 5):
        journal.add(e.TicketIssued(f"100{order}", ("1",)), order * 1000)
    office = Office(database)
    office.live(29, journal)
    assert office.open() == []
    office.live(3, journal)
    assert office.open() == [("wait", NODE[:11], "")]
    assert office.words() == ["4 người chờ quá mục tiêu, lâu nhất 31 phút (lúc 08:02 20/11)"]
    office.live(20)
    assert office.open() == [("silent", NODE[:11], "h1"), ("wait", NODE[:11], "")]
    known = "4 người chờ quá mục tiêu, lâu nhất 34 phút (lúc 08:05 20/11)"
    assert known in office.words(), "as of when the site was last heard"
    for order in range(1, 4):
        journal.add(e.TicketVoided(f"100{order}", "left"), 60 * MIN)
    office.live(8, journal)
    assert office.open() == []


def test_while_a_new_journal_does_not_know_who_waits_nothing_is_told_as_over(
    database: Location,
) -> None:
    journal = quiet_day()
    for order in range(1, 5):
        journal.add(e.TicketIssued(f"100{order}", ("1",)), order * 1000)
    office = Office(database, receiver("hanoi", "01"))
    office.live(32, journal)
    assert office.open() == [("wait", NODE[:11], "")]
    new = Journal(epoch="00000000000000bb")
    new.add(e.NodeStarted("0.1.0", "c1"), 33 * MIN)
    office.live(20, new)
    assert office.open() == [("wait", NODE[:11], "")]
    assert len(office.sent) == 1, "nobody heard that it is over"
    new.add(e.DayOpened(DAY, trusted=True, last_orders={}), 53 * MIN)
    office.live(8, new)
    assert office.open() == [], "nobody was brought along: the hub knows that the house is empty"
    assert "đã hết" in office.sent[1][1].text
