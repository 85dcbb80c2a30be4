"""What a site's configuration no longer has room for in time, and which of its hubs says so, in
either store."""

import pytest

from central.api.appointment_models import appointment
from central.appointments.book import BookingRefusedError, Wanted
from central.appointments.slots import SlotRule
from central.appointments.withdrawal import unfit, withdraw
from central.scope import Scope
from central.store.access import AccessStore
from central.store.appointments import AppointmentRow, Withdrawal
from central.store.appointments_delivery import Deliveries
from central.store.connection import Database
from central.store.database import Location, transaction
from central.store.given_up import retire
from tests.central.appointments.sites import (
    CONFIGURATION,
    DAY_MS,
    MINUTE_MS,
    PORTAL,
    SITE,
    BookedSite,
)
from tests.central.decisions import decide
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.central.test_retired_hubs import send

SLOT_MS = MORNING_MS + 60 * MINUTE_MS
H2 = f"{SITE}-h2"
RULE = SlotRule(length_min=15)
CLOSED = CONFIGURATION.replace("[site]", f'[site]\nclosed_days = ["{DAY}"]')
WITHOUT_1 = CONFIGURATION.replace('id = "1"\nseries', 'id = "9"\nseries').replace(
    'services = ["1", "2"]', 'services = ["9", "2"]'
)
UNTIL_EIGHT = CONFIGURATION.replace('last_ticket = "23:30"', 'last_ticket = "08:30"')


def book(site: BookedSite, code: str, slot_ms: int = SLOT_MS, service: str = "1") -> None:
    site.book.book(PORTAL, SITE, Wanted(service, slot_ms, code), f"key-of-{code}")


def found(site: BookedSite, code: str) -> AppointmentRow:
    row = site.book.one(Scope(), SITE, code)
    assert row is not None
    return row


def codes(db: Database, now_ms: int = MORNING_MS, rule: SlotRule = RULE) -> list[str]:
    return [one.code for one in unfit(db.conn, SITE, rule, now_ms)]


def heard(db: Database, node: str, epoch: str) -> None:
    journal = Journal(node, epoch=epoch)
    journal.open_day()
    send(db, journal, MORNING_MS)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (CONFIGURATION, []),
        (CLOSED, ["HEN-01", "HEN-02"]),
        (WITHOUT_1, ["HEN-01", "HEN-03"]),
        (UNTIL_EIGHT, ["HEN-01", "HEN-02", "HEN-03"]),
        ('follow_url = "https://centre.example"', []),
    ],
)
def test_what_the_site_does_not_offer_any_more_is_named(
    each_db: Database, site: BookedSite, location: Location, text: str, left: list[str]
) -> None:
    """On any minute on which numbers are given out a booking stays, however its slots
    were cut when it was made."""
    book(site, "HEN-01")
    book(site, "HEN-02", SLOT_MS + 7 * MINUTE_MS, service="2")
    book(site, "HEN-03", SLOT_MS + DAY_MS)
    decide(location, NODE, text)
    assert codes(each_db) == left
    assert "HEN-01" not in codes(each_db, SLOT_MS + 1), "its slot is over"


def test_a_holiday_of_all_sites_fits_nobody(each_db: Database, site: BookedSite) -> None:
    book(site, "HEN-01")
    assert codes(each_db, rule=SlotRule(holidays=(DAY,))) == ["HEN-01"]


def test_it_is_cancelled_with_its_reason_and_the_hub_is_told(
    each_db: Database, site: BookedSite, location: Location
) -> None:
    book(site, "HEN-01")
    decide(location, NODE, CLOSED)
    with transaction(each_db.conn):
        withdraw(
            each_db.conn,
            SITE,
            codes(each_db),
            Withdrawal.NOT_OFFERED,
            said="by x",
            who="operator",
            now_ms=MORNING_MS + 1,
        )
    told = appointment(found(site, "HEN-01"), DAY)
    assert (told.state, told.cancelled_because) == ("cancelled", "not-offered")
    [change] = Deliveries(each_db.conn).changes(SITE, MORNING_MS, DAY, 10)
    assert (change.code, change.service) == ("HEN-01", None)
    [line] = [row for row, _ in AccessStore(each_db.conn).audit(0, 10) if row.who == "operator"]
    assert (line.action, line.subject) == ("appointments-withdrawn", f"{SITE}: 1 by x")
    assert codes(each_db) == [], "once"


def test_slots_are_those_of_a_hub_that_stays(
    each_db: Database, site: BookedSite, location: Location
) -> None:
    heard(each_db, NODE, "00000000000000aa")
    heard(each_db, H2, "00000000000000b2")
    book(site, "HEN-01")
    with transaction(each_db.conn):
        retire(each_db.conn, NODE, MORNING_MS)
    with pytest.raises(BookingRefusedError, match="not-configured"):
        site.book.free(Scope(), SITE, "1", DAY)
    assert codes(each_db) == [], "nobody knows what h2 offers"
    decide(location, H2, WITHOUT_1)
    with pytest.raises(BookingRefusedError, match="service-not-offered"):
        site.book.free(Scope(), SITE, "1", DAY)
    assert site.book.free(Scope(), SITE, "2", DAY)
    assert codes(each_db) == ["HEN-01"]


def test_a_hub_that_was_told_no_hours_leaves_them_to_the_other(
    site: BookedSite, location: Location
) -> None:
    decide(location, NODE, 'follow_url = "https://centre.example"')
    decide(location, H2, CONFIGURATION)
    assert site.book.free(Scope(), SITE, "1", DAY)


def test_what_became_of_a_slot_that_is_over_nobody_changes_from_afar(site: BookedSite) -> None:
    for code in ("HEN-01", "HEN-02"):
        book(site, code)
    site.book.cancel(Scope(), SITE, "HEN-02")
    site.clock.now_ms = SLOT_MS + 1
    before = found(site, "HEN-01")
    with pytest.raises(BookingRefusedError, match="appointment-past"):
        site.book.cancel(Scope(), SITE, "HEN-01")
    with pytest.raises(BookingRefusedError, match="appointment-past"):
        site.book.move(Scope(), SITE, "HEN-01", Wanted("1", SLOT_MS + DAY_MS))
    assert site.book.move(Scope(), SITE, "HEN-01", Wanted("1", SLOT_MS)) == before
    cancelled = site.book.cancel(Scope(), SITE, "HEN-02")
    assert cancelled is not None, "the same again changes nothing"
    assert cancelled.cancelled
