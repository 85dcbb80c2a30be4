"""What can be booked, moved and cancelled, and what is refused, in either store."""

import re

import pytest

from central.appointments import book as book_module
from central.appointments.book import BookingRefusedError, Reason, Wanted
from central.scope import Scope
from central.store.appointments import AppointmentRow
from tests.central.appointments.sites import (
    DAY_MS,
    MINUTE_MS,
    OTHER_SITE,
    PORTAL,
    PORTAL_OF_DANANG,
    SITE,
    BookedSite,
)
from tests.central.journal import DAY, MORNING_MS

SLOT_MS = MORNING_MS + 60 * MINUTE_MS


def booked(
    site: BookedSite, code: str, *, slot_ms: int = SLOT_MS, service: str = "1"
) -> AppointmentRow:
    row = site.book.book(PORTAL, SITE, Wanted(service, slot_ms, code), f"key-of-{code}")
    assert row is not None
    return row


def refusal(site: BookedSite, wanted: Wanted, *, key: str = "another-key") -> Reason:
    with pytest.raises(BookingRefusedError) as refused:
        site.book.book(PORTAL, SITE, wanted, key)
    return refused.value.reason


def test_a_booking_is_kept_and_listed_on_its_day(site: BookedSite) -> None:
    row = booked(site, "HEN-01")
    assert (row.service, row.slot_ms, row.day, row.cancelled) == ("1", SLOT_MS, DAY, False)
    assert not row.is_at_site
    assert site.book.page(Scope(), SITE, DAY, 0, 10) == (1, [row])
    assert site.book.one(Scope("01"), SITE, "HEN-01") == row
    assert site.book.page(Scope(), SITE, "2026-11-21", 0, 10) == (0, [])


def test_a_page_is_by_slot_and_counts_the_rest(site: BookedSite) -> None:
    for place, code in enumerate(("C3", "A1", "B2")):
        booked(site, f"HEN-{code}", slot_ms=SLOT_MS + place * MINUTE_MS)
    found = site.book.page(Scope(), SITE, DAY, 1, 1)
    assert found is not None
    assert (found[0], [row.code for row in found[1]]) == (3, ["HEN-A1"])


def test_the_same_key_books_once_and_another_booking_needs_another(site: BookedSite) -> None:
    wanted = Wanted("1", SLOT_MS)
    first = site.book.book(PORTAL, SITE, wanted, "key-0001")
    assert first is not None
    assert site.book.book(PORTAL, SITE, wanted, "key-0001") == first
    assert refusal(site, Wanted("2", SLOT_MS), key="key-0001") is Reason.KEY_REUSED
    moved = site.book.move(Scope(), SITE, first.code, Wanted("1", SLOT_MS + MINUTE_MS))
    assert site.book.book(PORTAL, SITE, wanted, "key-0001") == moved, "as it stands now"


def test_the_centre_makes_codes_that_a_kiosk_knows(site: BookedSite) -> None:
    rows = [
        site.book.book(PORTAL, SITE, Wanted("2", SLOT_MS), f"key-{number:04d}")
        for number in range(20)
    ]
    codes = {row.code for row in rows if row is not None}
    assert len(codes) == 20
    assert all(re.fullmatch(r"(?=.*\d)(?=.*[A-Z])[A-Z2-9]{8}", code) for code in codes)


def test_what_is_out_of_scope_is_like_what_does_not_exist(site: BookedSite) -> None:
    booked(site, "HEN-01")
    away, wanted = PORTAL_OF_DANANG, Wanted("1", SLOT_MS, "HEN-02")
    assert site.book.book(away, SITE, wanted, "key-0001") is None
    assert site.book.one(away.scope, SITE, "HEN-01") is None
    assert site.book.page(away.scope, SITE, DAY, 0, 10) is None
    assert site.book.move(away.scope, SITE, "HEN-01", wanted) is None
    assert site.book.cancel(away.scope, SITE, "HEN-01") is None
    assert site.book.book(PORTAL, "99-99999-01", wanted, "key-0001") is None
    assert site.book.move(Scope(), SITE, "HEN-99", wanted) is None


def test_what_the_site_cannot_take_is_refused(site: BookedSite) -> None:
    booked(site, "HEN-01")
    assert refusal(site, Wanted("1", SLOT_MS, "HEN-01")) is Reason.CODE_TAKEN
    assert refusal(site, Wanted("9", SLOT_MS)) is Reason.SERVICE_NOT_OFFERED
    assert refusal(site, Wanted("1", MORNING_MS - 1)) is Reason.SLOT_PAST
    assert refusal(site, Wanted("1", MORNING_MS + 91 * DAY_MS)) is Reason.SLOT_TOO_FAR
    with pytest.raises(BookingRefusedError) as refused:
        site.book.book(PORTAL, OTHER_SITE, Wanted("1", SLOT_MS), "another-key")
    assert refused.value.reason is Reason.NOT_CONFIGURED
    found = site.book.page(Scope(), SITE, DAY, 0, 10)
    assert found is not None
    assert found[0] == 1, "nothing of it was kept"


def test_a_slot_holds_as_many_as_the_configuration_says(site: BookedSite) -> None:
    booked(site, "HEN-01")
    booked(site, "HEN-02")
    assert refusal(site, Wanted("1", SLOT_MS)) is Reason.SLOT_FULL
    booked(site, "HEN-03", service="2")
    booked(site, "HEN-04", slot_ms=SLOT_MS + MINUTE_MS)
    with pytest.raises(BookingRefusedError, match="slot-full"):
        site.book.move(Scope(), SITE, "HEN-04", Wanted("1", SLOT_MS))
    site.book.cancel(Scope(), SITE, "HEN-02")
    moved = site.book.move(Scope(), SITE, "HEN-04", Wanted("1", SLOT_MS))
    assert moved is not None
    assert moved.slot_ms == SLOT_MS


def test_a_day_has_an_end(site: BookedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MOST_A_DAY", 2)
    booked(site, "HEN-01", service="2")
    booked(site, "HEN-02", service="2")
    assert refusal(site, Wanted("2", SLOT_MS)) is Reason.DAY_FULL
    booked(site, "HEN-03", slot_ms=SLOT_MS + DAY_MS)
    still = site.book.move(Scope(), SITE, "HEN-02", Wanted("2", SLOT_MS + MINUTE_MS))
    assert still is not None, "it takes the place of itself"


def test_a_cancelled_appointment_stays_so(site: BookedSite) -> None:
    booked(site, "HEN-01")
    first = site.book.cancel(Scope(), SITE, "HEN-01")
    assert first is not None
    assert first.cancelled
    assert site.book.cancel(Scope(), SITE, "HEN-01") == first
    with pytest.raises(BookingRefusedError, match="cancelled"):
        site.book.move(Scope(), SITE, "HEN-01", Wanted("1", SLOT_MS))
    assert refusal(site, Wanted("1", SLOT_MS, "HEN-01")) is Reason.CODE_TAKEN
