"""The catalogue over HTTP: who may change it, what is answered, and the page that shows it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central.journal import NODE, OTHER_NODE
from tests.central.nation import WHO, Nation, answer
from tests.central.signed_in_page import signed_in_page

BIRTH = {"code": "1.001193", "name": {"vi": "Đăng ký khai sinh"}, "service": "1"}
COPIES = {
    "code": "2.000815",
    "name": {"vi": "Chứng thực bản sao", "en": "Certified copies"},
    "service": "1",
    "valid_to": "2025-12-31",
}
LAND = {
    "code": "1.013978",
    "name": {"vi": "Đăng ký đất đai", "en": "Land registration"},
    "service": "2",
    "valid_from": "2027-01-01",
}


@pytest.fixture
def page(browser: Browser, served: Nation) -> Iterator[Page]:
    with signed_in_page(served, browser, (1280, 900)) as page:
        yield page


def edited(client: httpx.Client, *procedures: Any, **query: Any) -> httpx.Response:
    """Put these procedures over the edition in force."""
    edition = answer(client, "/procedures")["edition"]
    body = {"edited": edition, "procedures": list(procedures)}
    return client.put(
        "/api/v1/procedures", json=body, params=query, headers={"Accept-Language": "en"}
    )


def codes(found: Any) -> list[str]:
    return [one["code"] for one in found]


def test_it_is_empty_at_first_and_the_page_says_what_to_do(
    national: httpx.Client, page: Page, served: Nation
) -> None:
    assert answer(national, "/procedures") == {
        "edition": 0,
        "published": None,
        "total": 0,
        "next_offset": None,
        "procedures": [],
    }
    page.goto(f"{served.url}/procedures")
    expect(page.locator(".empty")).to_contain_text("thutu-central import-procedures")


@pytest.mark.parametrize("who", sorted(WHO.keys() - {"national"}))
def test_only_who_administers_the_nation_changes_it(served: Nation, who: str) -> None:
    with served.client(who) as client:
        body = {"edited": 0, "procedures": [BIRTH]}
        assert client.put("/api/v1/procedures", json=body).status_code == 403
    with served.client("national") as client:
        assert answer(client, "/procedures")["edition"] == 0


def test_a_dry_run_says_what_would_change_and_stores_nothing(national: httpx.Client) -> None:
    found = edited(national, BIRTH, LAND, dry_run=True)
    assert found.status_code == 200, found.text
    assert codes(found.json()["added"]) == ["1.001193", "1.013978"]
    assert answer(national, "/procedures")["edition"] == 0


def test_it_is_published_asked_of_a_day_and_written_down(
    national: httpx.Client, served: Nation
) -> None:
    before = answer(national, "/procedures")["edition"]
    assert edited(national, LAND, COPIES, BIRTH).status_code == 200
    whole = answer(national, "/procedures")
    assert (whole["edition"], codes(whole["procedures"])) == (
        before + 1,
        ["1.001193", "1.013978", "2.000815"],
    )
    of_day = answer(national, "/procedures?on=2027-01-01")
    assert (of_day["total"], codes(of_day["procedures"])) == (2, ["1.001193", "1.013978"])
    second = answer(national, "/procedures?limit=1&offset=1")
    assert (codes(second["procedures"]), second["next_offset"]) == (["1.013978"], 2)
    with served.client("auditor") as client:
        line = answer(client, "/audit?limit=500")["lines"][-1]
    assert (line["who"], line["action"]) == ("national", "catalogue-published")


def test_hubs_that_lack_it_differ(national: httpx.Client) -> None:
    edited(national, BIRTH)
    first = {one["node"]: one["wanted_config"] for one in answer(national, "/differences")["hubs"]}
    edited(national, BIRTH, LAND)
    second = {one["node"]: one["wanted_config"] for one in answer(national, "/differences")["hubs"]}
    assert first.keys() == second.keys() >= {NODE, OTHER_NODE}
    assert first[OTHER_NODE] != second[OTHER_NODE], "it handles land"
    assert first[NODE] == second[NODE], "its decided site has service 1 alone"


def test_who_edited_an_older_edition_is_told(national: httpx.Client) -> None:
    edited(national, BIRTH, LAND, COPIES)
    edition = answer(national, "/procedures")["edition"]
    body = {"edited": edition - 1, "procedures": [BIRTH]}
    refused = national.put("/api/v1/procedures", json=body, headers={"Accept-Language": "en"})
    assert refused.status_code == 409
    assert f"you edited edition {edition - 1}, and it is {edition} now" in refused.json()["detail"]
    assert answer(national, "/procedures")["edition"] == edition


@pytest.mark.parametrize(
    ("faulty", "what"),
    [
        ([], "procedures"),
        ([BIRTH, BIRTH], "1.001193 has two lines for the same day"),
        ([LAND | {"valid_to": "2026-01-01"}], "ends before it begins"),
        ([BIRTH | {"code": "1.1"}], "procedures.0.code"),
        ([BIRTH | {"service": "Một"}], "procedures.0.service"),
        ([BIRTH | {"name": {"vi": "Ký\x07 hiệu"}}], "printable"),
        ([BIRTH | {"name": {"en": "Birth"}}], "name.vi"),
        ([BIRTH | {"minutes": 5}], "minutes"),
    ],
)
def test_a_catalogue_with_a_fault_is_refused_and_the_fault_named(
    national: httpx.Client, faulty: list[Any], what: str
) -> None:
    before = answer(national, "/procedures")
    refused = edited(national, *faulty)
    assert refused.status_code == 422
    assert what in refused.json()["detail"]
    assert answer(national, "/procedures") == before


def test_the_page_shows_what_is_in_force_to_come_and_over(
    national: httpx.Client, page: Page, served: Nation
) -> None:
    edited(national, LAND, COPIES, BIRTH)
    page.goto(f"{served.url}/machines")
    page.locator("#tab-procedures").click()
    expect(page.locator("h1")).to_have_text("Danh mục thủ tục")
    expect(page.locator("#tab-procedures")).to_have_attribute("aria-current", "page")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Đăng ký khai sinh")
    expect(rows.nth(0)).to_contain_text("Đang có hiệu lực")
    expect(rows.nth(1)).to_contain_text("01/01/2027")
    expect(rows.nth(1)).to_contain_text("Sắp có hiệu lực")
    expect(rows.nth(2)).to_contain_text("Hết hiệu lực")
    page.goto(f"{served.url}/language/en?back=/procedures")
    expect(page.locator("tbody tr").nth(1)).to_contain_text("Land registration")
    expect(page.locator("tbody tr").nth(0)).to_contain_text("Đăng ký khai sinh")
