import re
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from contract.commands import Actor, BookAppointment
from edge import api
from tests.edge.running_site import RULES, RunningSite

LEVELS = {"three": 3, "four": 4, "five": 5}
CENTRE = Actor("centre", "centre")
SAID_BY_CHOICE = {
    "kiosk": {"done", "back", "found", "nothing_found", "search_example", "checkin_refused"}
    | {"refused_title", "space", "erase"},
    "pad": {f"{name}_{level}" for name, most in LEVELS.items() for level in range(1, most + 1)}
    | {"lost_title", "unknown_title", "unknown"},
}
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
        f"{site.url}/api/words/{language}", params={"page": page}, trust_env=False
    ).json()
    script = (PAGES / page / f"{page}.js").read_text(encoding="utf-8")
    said = set(re.findall(r'say\(\s*"(\w+)"', script))
    said |= set(re.findall(r'data-word="(\w+)"', (PAGES / page / "index.html").read_text("utf-8")))
    said |= SAID_BY_CHOICE[page] | {"page"}
    assert said == {word for word in words if not word.startswith("reason_")}


def test_pages_of_another_kind_have_no_words(site: RunningSite) -> None:
    refused = httpx.get(f"{site.url}/api/words/vi?page=api", trust_env=False)
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
    refused = httpx.get(f"{site.url}/api/words/fr", trust_env=False)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")
