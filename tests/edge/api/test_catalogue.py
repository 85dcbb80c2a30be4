import re
from pathlib import Path

import httpx
import pytest

from edge import api
from tests.edge.running_site import RULES, RunningSite

KIOSK_JS = Path(api.__file__).with_name("kiosk") / "kiosk.js"
INDEX_HTML = KIOSK_JS.with_name("index.html")


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
def test_the_page_finds_every_word_it_says(site: RunningSite, language: str) -> None:
    words = httpx.get(f"{site.url}/api/words/{language}", trust_env=False).json()
    said = set(re.findall(r'say\(\s*"(\w+)"', KIOSK_JS.read_text(encoding="utf-8")))
    said |= set(re.findall(r'data-word="(\w+)"', INDEX_HTML.read_text(encoding="utf-8")))
    said |= {"take_slip", "no_slip_after", "done", "back", "found", "nothing_found"}
    said |= {"search_example"}
    assert said == set(words)


def test_words_of_a_language_that_nobody_translated(site: RunningSite) -> None:
    refused = httpx.get(f"{site.url}/api/words/fr", trust_env=False)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")
