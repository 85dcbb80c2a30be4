"""Appointments and the days of their site: none before its unit's first, none after its last."""

import csv
from datetime import date
from pathlib import Path

import httpx
import pytest

from central.appointments.book import AppointmentBook, BookingRefusedError, Reason, Wanted
from central.appointments.slots import SlotRule
from central.registry.dated_names import DatedName, DatedNames
from central.registry.register import Registration, Withdrawn, compare, register
from central.registry.sites import parse_sites
from central.scope import Scope
from central.store.access import AccessStore
from central.store.appointments import AppointmentRow, Withdrawal
from central.store.appointments_delivery import Deliveries
from central.store.connection import Database
from central.store.database import database_of, reading, writing
from tests.central.appointments.sites import DAY_MS, MINUTE_MS, PORTAL, SITE, BookedSite
from tests.central.journal import DAY, MORNING_MS
from tests.central.nation import SITE as SERVED
from tests.central.nation import Nation, nation
from tests.central.test_registry_commands import Operator

SLOT_MS = MORNING_MS + 60 * MINUTE_MS
LAST, AFTER, LATER = "2026-11-25", "2026-11-26", "2026-11-30"
HEAD = "site,name,type,national_code,valid_to"


def slot_on(day: str) -> int:
    return SLOT_MS + (date.fromisoformat(day) - date.fromisoformat(DAY)).days * DAY_MS


def booked(site: BookedSite, code: str, day: str) -> AppointmentRow:
    row = site.book.book(PORTAL, SITE, Wanted("2", slot_on(day), code), f"key-of-{code}")
    assert row is not None
    return row


def ends(db: Database, last: str = LAST) -> Registration:
    lines = [HEAD, f"{SITE},Hồng Hà,centre,,{last}"]
    return register(db, parse_sites(lines), who="x", now_ms=MORNING_MS)


def found(site: BookedSite, code: str) -> AppointmentRow:
    row = site.book.one(Scope(), SITE, code)
    assert row is not None
    return row


# --- what is refused --------------------------------------------------------------------------


def test_nothing_is_booked_or_moved_beyond_the_last_day(
    each_db: Database, site: BookedSite
) -> None:
    ends(each_db)
    first = booked(site, "HEN-01", LAST)
    with pytest.raises(BookingRefusedError) as refused:
        booked(site, "HEN-02", AFTER)
    assert refused.value.reason is Reason.SITE_ENDED
    assert refused.value.detail == {"site": SITE, "last": LAST}
    with pytest.raises(BookingRefusedError, match="site-ended"):
        site.book.move(Scope(), SITE, "HEN-01", Wanted("2", slot_on(AFTER)))
    assert found(site, "HEN-01") == first
    ends(each_db, "")
    booked(site, "HEN-02", AFTER)


def test_nothing_is_booked_before_the_sites_unit_begins(site: BookedSite) -> None:
    units = DatedNames([DatedName(SITE[:8], "Phường Mới", date.fromisoformat(LAST))])
    site.book = AppointmentBook(site.location, site.clock, lambda: units, SlotRule(length_min=1))
    with pytest.raises(BookingRefusedError) as refused:
        booked(site, "HEN-01", "2026-11-24")
    assert refused.value.reason is Reason.SITE_NOT_BEGUN
    assert refused.value.detail == {"site": SITE, "first": LAST}
    booked(site, "HEN-01", LAST)


def test_a_unit_that_no_list_has_refuses_nobody(site: BookedSite) -> None:
    site.book = AppointmentBook(
        site.location, site.clock, lambda: DatedNames([]), SlotRule(length_min=1)
    )
    booked(site, "HEN-01", DAY)


# --- what was booked before -------------------------------------------------------------------


def test_a_comparison_names_them_and_changes_nothing(each_db: Database, site: BookedSite) -> None:
    for code, day in (("HEN-01", LAST), ("HEN-02", LATER), ("HEN-03", AFTER)):
        booked(site, code, day)
    site.book.cancel(Scope(), SITE, booked(site, "HEN-04", LATER).code)
    changes = compare(each_db, parse_sites([HEAD, f"{SITE},Hồng Hà,centre,,{LAST}"]), DAY)
    beyond = (("HEN-03", AFTER), ("HEN-02", LATER))
    assert changes.withdrawn == (Withdrawn(SITE, LAST, beyond),)
    assert not found(site, "HEN-02").cancelled
    assert compare(each_db, parse_sites([HEAD, f"{SITE},Hồng Hà,centre,,"]), DAY).withdrawn == ()


def test_they_are_cancelled_and_the_hub_is_told(each_db: Database, site: BookedSite) -> None:
    kept, gone = booked(site, "HEN-01", LAST), booked(site, "HEN-02", AFTER)
    with reading(site.location) as conn:
        before = Deliveries(conn).changes(SITE, 0, DAY, 10)
    ends(each_db)
    assert found(site, "HEN-01") == kept
    row = found(site, gone.code)
    assert (row.cancelled, row.withdrawn) == (True, Withdrawal.SITE_ENDED)
    with reading(site.location) as conn:
        told = Deliveries(conn).changes(SITE, before[-1].change, DAY, 10)
        lines = [row for row, _ in AccessStore(conn).audit(0, 10) if row.who == "x"]
    assert [(change.code, change.service) for change in told] == [("HEN-02", None)]
    assert [(line.action, line.subject) for line in lines[-2:]] == [
        ("sites-imported", "0 new, 1 changed"),
        ("appointments-withdrawn", f"{SITE}: 1 after {LAST}"),
    ]
    assert ends(each_db).withdrawn == (), "once"


def test_whoever_has_checked_in_is_served_and_days_gone_by_stay(
    each_db: Database, site: BookedSite
) -> None:
    for code, day in (("HEN-01", DAY), ("HEN-02", AFTER)):
        booked(site, code, day)
    each_db.execute(
        "UPDATE appointments SET phase = 'checked_in', phase_ms = 1 WHERE code = 'HEN-02'"
    )
    lines = parse_sites([HEAD, f"{SITE},Hồng Hà,centre,,2026-11-19"])
    assert compare(each_db, lines, AFTER).withdrawn == ()
    [withdrawn] = compare(each_db, lines, DAY).withdrawn
    assert withdrawn.appointments == (("HEN-01", DAY),)


def test_an_end_that_is_taken_back_brings_none_of_them_back(
    each_db: Database, site: BookedSite
) -> None:
    """Their citizens were told."""
    booked(site, "HEN-01", AFTER)
    ends(each_db)
    ends(each_db, "")
    assert found(site, "HEN-01").withdrawn


@pytest.mark.parametrize(("language", "words"), [("vi", "đã qua"), ("en", "is over")])
def test_a_slot_that_is_over_is_neither_moved_nor_cancelled(
    tmp_path: Path, language: str, words: str
) -> None:
    with nation(tmp_path) as served:
        with writing(database_of(tmp_path)) as db:
            db.execute("UPDATE appointments SET slot_ms = slot_ms - 4 * 3600000")
        path = f"/api/v1/sites/{SERVED}/appointments/HEN-0001"
        wanted = {"service": "1", "slot": f"{LATER}T14:00:00+07:00"}
        with served.client("booking") as client:
            client.headers["Accept-Language"] = language
            for answer in (client.delete(path), client.put(path, json=wanted)):
                assert answer.status_code == 409
                assert answer.json()["type"] == "urn:thutu:booking:appointment-past"
                assert words in answer.json()["detail"]
            assert client.get(path).json()["state"] == "booked"


# --- in words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", f"hoạt động đến hết ngày {DAY}"), ("en", f"works until the end of {DAY}")],
)
def test_the_api_says_why(tmp_path: Path, language: str, words: str) -> None:
    with nation(tmp_path) as served:
        slot = {"service": "1", "slot": f"{LATER}T14:00:00+07:00"}
        made = post(served, slot | {"code": "HEN-0002"})
        assert (made.status_code, made.json()["cancelled_because"]) == (201, None)
        with writing(database_of(tmp_path)) as db:
            lines = [HEAD, f"{SERVED},Hồng Hà,centre,,{DAY}"]
            register(db, parse_sites(lines), who="x", now_ms=MORNING_MS)
        with served.client("booking") as client:
            path = f"/api/v1/sites/{SERVED}/appointments"
            [shown] = client.get(f"{path}?day={LATER}").json()["appointments"]
            assert (shown["state"], shown["cancelled_because"]) == ("cancelled", "site-ended")
            [kept] = client.get(path).json()["appointments"]
            assert (kept["state"], kept["cancelled_because"]) == ("booked", None)
        refused = post(served, slot, language)
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:thutu:booking:site-ended",
        )
        assert refused.headers["content-type"] == "application/problem+json"
        assert words in refused.json()["detail"]


def post(served: Nation, slot: dict[str, str], language: str = "vi") -> httpx.Response:
    headers = {"Idempotency-Key": f"key-{len(slot)}-of-{language}", "Accept-Language": language}
    with served.client("booking") as client:
        return client.post(f"/api/v1/sites/{SERVED}/appointments", json=slot, headers=headers)


def test_the_import_says_how_many_and_from_when_to_when(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    operator = Operator(tmp_path, monkeypatch, capsys)
    with writing(operator.database) as db:
        site = BookedSite(db, operator.database)
        for code, day in (("HEN-01", "2999-01-01"), ("HEN-02", "2999-01-02")):
            site.clock.now_ms = slot_on(day) - DAY_MS
            booked(site, code, day)
    with operator.list.open("w", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD.split(","), [SITE, "Hồng Hà", "centre", "", "2998-12-31"]])
    of_site = f"{SITE}: appointments after its last day, 2998-12-31: 2"
    days = "from 2999-01-01 to 2999-01-02"
    dry_run = operator.imports("--dry-run", of="sites")
    assert dry_run[0].startswith(f"{of_site}, {days}. The import cancels them")
    assert dry_run[1].endswith("(nothing was stored).")
    assert operator.imports(of="sites")[0].startswith(f"{of_site}, {days}, were cancelled")
    assert len(operator.imports(of="sites")) == 1
