"""What the API and the page say of rollouts, of the small nation."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from central.registry.provinces import shipped_provinces
from tests.central.journal import NODE, OTHER_NODE
from tests.central.nation import Nation, answer
from tests.central.signed_in_page import signed_in_page


@pytest.fixture
def page(browser: Browser, served: Nation) -> Iterator[Page]:
    with signed_in_page(served, browser, (1280, 900)) as page:
        yield page


def test_a_rollout_is_counted_by_province(national: httpx.Client) -> None:
    (rollout,) = answer(national, "/rollouts")["rollouts"]
    assert (rollout["release"], rollout["software"], rollout["state"]) == (2, "0.2.0", "running")
    by_province = {one["province"]: one["counts"] for one in rollout["provinces"]}
    assert {key: n for key, n in by_province["48"].items() if n} == {"hubs": 1, "fetching": 1}
    assert {key: n for key, n in by_province["01"].items() if n} == {
        "hubs": 2,
        "refused": 1,
        "silent": 1,
    }
    assert rollout["counts"]["hubs"] == 3


def test_hubs_say_why_they_refused_and_those_come_first(national: httpx.Client) -> None:
    found = answer(national, "/rollouts/1/hubs?limit=1")
    assert (found["total"], found["next_offset"]) == (3, 1)
    assert found["hubs"][0]["node"] == NODE
    assert found["hubs"][0]["reason"] == f"{NODE} is not healthy"
    fetching = answer(national, "/rollouts/1/hubs?progress=fetching")
    assert [hub["node"] for hub in fetching["hubs"]] == [OTHER_NODE]
    assert national.get("/api/v1/rollouts/2/hubs").status_code == 404


def test_each_sees_their_own_part_of_it(served: Nation) -> None:
    with served.client("danang") as client:
        (rollout,) = answer(client, "/rollouts")["rollouts"]
        assert rollout["counts"]["hubs"] == 1
        for elsewhere in ("/rollouts?province=01", "/rollouts/1/hubs?province=01"):
            assert client.get(f"/api/v1{elsewhere}").status_code == 404


def test_an_answer_that_is_known_is_not_sent_again(national: httpx.Client) -> None:
    tag = national.get("/api/v1/rollouts").headers["etag"]
    again = national.get("/api/v1/rollouts", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_shows_progress_refusals_and_versions(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/machines")
    page.get_by_role("link", name="Cập nhật phần mềm").click()
    expect(page.locator("h1")).to_have_text("Cập nhật phần mềm")
    progress = page.locator("section", has_text="Đợt 1: bản 2 (0.2.0)")
    expect(progress).to_contain_text("100 % số điểm · đang chạy")
    hanoi = progress.locator("tr", has_text=shipped_provinces().name("01", date.max))
    expect(hanoi.locator("td")).to_have_text(["2", "–", "–", "–", "–", "–", "1", "1", "–"])
    refused = progress.locator("details").locator("tr", has_text=NODE)
    expect(refused).to_contain_text("is not healthy")
    versions = page.locator("section", has=page.locator("#versions"))
    expect(
        versions.locator("tr", has_text=shipped_provinces().name("48", date.max))
    ).to_contain_text("1")
    expect(page.locator("a[href='/differences']").last).to_be_visible()


def test_the_page_in_english(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/updates")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("Software updates")
    expect(page.locator("main")).to_contain_text("Sites that refused (1)")
