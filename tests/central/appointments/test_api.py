"""Appointments over HTTP: for booking systems only, and without a word about a person."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.central.journal import DAY
from tests.central.nation import OTHER_SITE, SITE, WHO, Nation

SLOT = {"service": "1", "slot": f"{DAY}T14:00:00+07:00"}


def at(site: str, code: str = "") -> str:
    return f"/api/v1/sites/{site}/appointments" + (f"/{code}" if code else "")


def key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": f"key-of-{text}"}


@pytest.fixture
def portal(served: Nation) -> Iterator[httpx.Client]:
    with served.client("booking") as client:
        yield client


def test_a_slot_is_booked_shown_moved_and_cancelled(portal: httpx.Client) -> None:
    made = portal.post(at(SITE), json=SLOT | {"code": "HEN-1"}, headers=key("HEN-1"))
    assert made.status_code == 201
    assert made.headers["location"] == at(SITE, "HEN-1")
    assert made.json() == {
        "code": "HEN-1",
        "service": "1",
        "slot": f"{DAY}T14:00:00+07:00",
        "state": "booked",
        "at_site": False,
        "cancelled_because": None,
        "since": None,
    }
    again = portal.post(at(SITE), json=SLOT | {"code": "HEN-1"}, headers=key("HEN-1"))
    assert (again.status_code, again.json()) == (201, made.json())
    shown = portal.get(made.headers["location"])
    assert shown.json() == made.json()
    known = {"If-None-Match": shown.headers["etag"]}
    assert portal.get(made.headers["location"], headers=known).status_code == 304
    moved = portal.put(at(SITE, "HEN-1"), json=SLOT | {"slot": f"{DAY}T15:00:00+07:00"})
    assert (moved.status_code, moved.json()["slot"]) == (200, f"{DAY}T15:00:00+07:00")
    listed = portal.get(f"{at(SITE)}?day={DAY}&limit=1&offset=1").json()
    assert (listed["total"], [one["code"] for one in listed["appointments"]]) == (2, ["HEN-1"])
    assert portal.delete(at(SITE, "HEN-1")).status_code == 204
    assert portal.delete(at(SITE, "HEN-1")).status_code == 204
    assert portal.get(at(SITE, "HEN-1")).json()["state"] == "cancelled"


def test_the_free_slots_of_a_day_are_listed(portal: httpx.Client) -> None:
    path = f"/api/v1/sites/{SITE}/services/1/slots?day={DAY}"
    for one in portal.get(path).json()["slots"]:
        wanted = SLOT | {"slot": one["slot"]}
        assert (
            portal.post(
                at(SITE), json=wanted, headers=key(one["slot"][:16].replace(":", ""))
            ).status_code
            == 201
        )
        assert one["left"] is None, "as many as will"
    unknown = portal.get(path.replace("services/1", "services/9"))
    assert unknown.json()["type"] == "urn:thutu:booking:service-not-offered"
    assert portal.get(path.replace(SITE, "01-99999-01")).status_code == 404


@pytest.mark.parametrize("who", [*WHO, None])
def test_only_a_booking_system_may_and_only_within_its_scope(
    served: Nation, who: str | None
) -> None:
    role, province, _ = WHO[who] if who else (None, None, None)
    with served.client(who) as client:
        for site, path in ((SITE, at(SITE, "HEN-0001")), (OTHER_SITE, at(OTHER_SITE, "HEN-0001"))):
            answers = [
                client.post(at(site), json=SLOT | {"service": "9"}, headers=key("nothing")),
                client.put(path, json=SLOT | {"service": "9"}),
                client.delete(at(site, "HEN-UNKNOWN-1")),
            ]
            found = [answer.status_code for answer in answers]
            if who is None:
                assert found == [401] * 3
            elif role != "booking":
                assert found == [403] * 3
            elif province not in (None, site[:2]):
                assert found == [404] * 3
            else:
                assert found == [409, 409, 404]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Nguyễn Văn A"},
        {"phone": "0912345678"},
        {"code": "001203004567"},
        {"code": "A001203004567"},
        {"code": "H0912-345-678"},
        {"code": "NGUYEN-VAN-A"},
        {"code": "12345"},
        {"code": "h-12345"},
        {"slot": f"{DAY}T14:00:00"},
        {"slot": f"{DAY}T14:00:30+07:00"},
        {"slot": "0001-01-01T00:00:00+14:00"},
        {"service": "1;"},
    ],
)
def test_what_names_a_person_or_no_slot_is_not_taken(
    portal: httpx.Client, wrong: dict[str, Any]
) -> None:
    answer = portal.post(at(SITE), json=SLOT | wrong, headers=key("wrong"))
    assert answer.status_code in {409, 422}, answer.text
    assert (answer.status_code == 409) == ("0001" in str(wrong.get("slot")))
    assert answer.headers["content-type"] == "application/problem+json"
    assert portal.post(at(SITE), json=SLOT).status_code == 422, "a key is needed"


@pytest.mark.parametrize(("language", "word"), [("vi", "dịch vụ"), ("en", "service")])
def test_a_refusal_says_why_in_words_and_for_machines(
    portal: httpx.Client, language: str, word: str
) -> None:
    headers = key("refused") | {"Accept-Language": language}
    answer = portal.post(at(SITE), json=SLOT | {"service": "9"}, headers=headers)
    problem = answer.json()
    assert problem["type"] == "urn:thutu:booking:service-not-offered"
    assert (problem["status"], word in problem["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("language", "free"),
    [
        ("vi", f"Còn chỗ gần nhất: 13:45 {DAY[8:]}/11/2026, 14:00"),
        ("en", f"Free and nearest: 13:45 {DAY[8:]}/11/2026, 14:00"),
    ],
)
def test_a_refusal_names_the_nearest_free_slots(
    portal: httpx.Client, language: str, free: str
) -> None:
    headers = key("uneven") | {"Accept-Language": language}
    wanted = SLOT | {"slot": f"{DAY}T14:01:00+07:00"}
    problem = portal.post(at(SITE), json=wanted, headers=headers).json()
    assert problem["type"] == "urn:thutu:booking:no-slot"
    assert problem["free_slots"] == [
        f"{DAY}T{time}:00+07:00" for time in ("13:45", "14:00", "14:15")
    ]
    assert free in problem["detail"]
