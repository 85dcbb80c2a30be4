import re
from datetime import date
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from contract.commands import Actor, BookAppointment, IssueTicket
from edge import api
from edge.api.catalogue import catalogue
from tests.edge.running_site import KIOSK, PROCEDURES, RULES, RunningSite

LEVELS = {"three": 3, "four": 4, "five": 5}
CENTRE = Actor("centre", "centre")
SAID_BY_CHOICE = {
    "kiosk": {"done", "back", "found", "nothing_found", "search_example", "checkin_refused"}
    | {"refused_title", "space", "erase", "scan_unknown"}
    | {"take_slip", "slip_sent", "slip_unknown", "take_from_roll", "no_slip_after"},
    "pad": {f"{name}_{level}" for name, most in LEVELS.items() for level in range(1, most + 1)}
    | {"lost_title", "unknown_title", "unknown"},
}
A_DAY_S = 86_400
PAGES = Path(api.__file__).parent


def test_what_a_kiosk_offers(kiosk: httpx.Client) -> None:
    offered = kiosk.get("/api/catalogue").json()
    assert [service["id"] for service in offered["services"]] == ["1", "2", "5"]
    assert offered["services"][0]["name"]["vi"] == "Hộ tịch – Chứng thực"
    assert offered["priorities"][0]["id"] == "elderly"
    assert offered["procedures"][0] == {
        "code": "1.001193",
        "name": {"vi": "Đăng ký khai sinh", "en": "Birth registration"},
        "service": "1",
    }
    assert (offered["site"], offered["unit"]) == (RULES.site, "Phường Hồng Hà")
    assert (offered["rating_levels"], offered["printer"]) == (4, "printer-1")
    assert offered["hours"] == "07:30–11:15, 13:30–16:30"


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("page", ["kiosk", "pad"])
def test_a_page_finds_every_word_it_says(site: RunningSite, language: str, page: str) -> None:
    words = httpx.get(
        f"{site.url}/api/words/{language}", params={"page": page}, trust_env=False, timeout=30
    ).json()
    script = (PAGES / page / f"{page}.js").read_text(encoding="utf-8")
    said = set(re.findall(r'say\(\s*"(\w+)"', script))
    said |= set(re.findall(r'data-word="(\w+)"', (PAGES / page / "index.html").read_text("utf-8")))
    said |= SAID_BY_CHOICE[page] | {"page"}
    assert said == {word for word in words if not word.startswith("reason_")}


def test_pages_of_another_kind_have_no_words(site: RunningSite) -> None:
    refused = httpx.get(f"{site.url}/api/words/vi?page=api", trust_env=False, timeout=30)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")


def test_what_a_terminal_needs(kiosk: httpx.Client) -> None:
    offered = kiosk.get("/api/catalogue").json()
    assert offered["services"][0]["usual_min"] == 10.0
    assert offered["rating_reasons"][1] == {
        "id": "waiting",
        "name": {"vi": "Thời gian chờ đợi", "en": "Waiting time"},
    }


def test_appointments_are_offered_where_slots_are_booked(
    kiosk: httpx.Client, site: RunningSite
) -> None:
    assert kiosk.get("/api/catalogue").json()["appointments"] is False
    site.give(CENTRE, BookAppointment("H123", "1", site.clock.wall_ms))
    assert kiosk.get("/api/catalogue").json()["appointments"] is True


def test_each_kiosk_learns_of_its_own_printer(site: RunningSite, kiosk: httpx.Client) -> None:
    site.restart_with(replace(site.rules, prints_on={"kiosk-2": "printer-2"}))
    with site.client(site.access.add_device(Actor("kiosk-2", "kiosk"))) as further:
        assert further.get("/api/catalogue").json()["printer"] == "printer-2"
    assert kiosk.get("/api/catalogue").json()["printer"] == "printer-1"


def test_who_one_is(kiosk: httpx.Client, pad: httpx.Client) -> None:
    nobody = {"counter": None, "figures": None}
    assert kiosk.get("/api/me").json() == {"id": "kiosk-1", "role": "kiosk", **nobody}
    assert pad.get("/api/me").json() == {
        "id": "pad-1",
        "role": "pad",
        "counter": "1",
        "figures": None,
    }


def test_words_of_a_language_that_nobody_translated(site: RunningSite) -> None:
    refused = httpx.get(f"{site.url}/api/words/fr", trust_env=False, timeout=30)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")


def test_a_procedure_is_offered_on_the_days_on_which_it_is_in_force(site: RunningSite) -> None:
    until_today = replace(PROCEDURES[0], valid_to=date(2026, 11, 23))
    from_tomorrow = replace(PROCEDURES[0], code="1.013978", valid_from=date(2026, 11, 24))

    def offered() -> list[str]:
        now = site.hub.snapshot()
        both = (until_today, from_tomorrow)
        found = catalogue(RULES, both, None, now, appointments=False)
        return [one["code"] for one in found["procedures"]]

    assert offered() == ["1.001193"]
    site.clock.later(A_DAY_S)
    assert offered() == ["1.013978"], "also before the first number of the day"
    site.give(KIOSK, IssueTicket(("1",)))
    site.clock.boot, site.clock.synced, site.clock.wall_ms = "boot-2", False, 0
    assert offered() == ["1.013978"], "the business day stands while no clock can be believed"
