"""The page that compares two periods."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central.journal import DAY
from tests.central.nation import SITE, Nation
from tests.central.signed_in_page import signed_in, signed_in_page


@pytest.fixture
def page(served: Nation, browser: Browser) -> Iterator[Page]:
    with signed_in_page(served, browser, (390, 800)) as opened:
        yield opened


def test_two_periods_are_compared(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/compare?site={SITE}&from={DAY}&to={DAY}")
    expect(page.locator("h1")).to_have_text(f"So sánh hai kỳ: Phường Hồng Hà ({SITE})")
    row = page.locator("tbody tr", has_text="Đã cấp số")
    expect(row.locator("td").nth(0)).to_have_text("0")
    expect(row.locator("td").nth(1)).to_have_text(str(served.days[SITE].issued))
    expect(row.locator("td").nth(2)).to_have_text("–")


def test_a_change_that_comes_with_more_sites_says_so(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/compare?from={DAY}&to={DAY}")
    sites = page.locator("tbody tr", has_text="Điểm có số liệu")
    expect(sites.locator("td").nth(0)).to_have_text("0")
    expect(sites.locator("td").nth(1)).to_have_text("3")
    expect(page.locator("main")).to_contain_text("không có cùng số điểm")
    page.goto(f"{served.url}/compare?from=2026-11-01&to=2026-11-05")
    expect(page.locator("main")).not_to_contain_text("không có cùng số điểm")


def test_what_is_compared_can_be_taken_away(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/compare?province=01&from=2026-11-16&to={DAY}")
    files = page.get_by_role("navigation", name="Tải về kỳ này").get_by_role("link")
    assert files.count() == 4
    for number, name in enumerate(("sites.xlsx", "days.xlsx", "sites.csv", "days.csv")):
        with page.expect_download() as waited:
            files.nth(number).click()
        table, kind = name.split(".")
        assert waited.value.suggested_filename == f"{table}-2026-11-16-{DAY}.{kind}"
        content = waited.value.path().read_bytes()
        assert content.startswith(b"PK" if kind == "xlsx" else b"\xef\xbb\xbf")
        assert b"48-20194" not in content
    page.goto(f"{served.url}/compare?from=2026-11-21&to=2026-11-22")
    expect(page.locator("tbody")).to_be_visible()
    expect(files).to_have_count(0)


@pytest.mark.parametrize(
    ("period", "first"), [("30 ngày qua", "2026-10-22"), ("12 tháng qua", "2025-12-01")]
)
def test_a_trend_says_that_its_last_bar_is_not_over_and_can_be_taken_away(
    served: Nation, page: Page, period: str, first: str
) -> None:
    page.goto(f"{served.url}/trends?site={SITE}")
    shown = page.get_by_role("region", name=period, exact=True).first
    expect(shown).to_contain_text("chưa hết")
    with page.expect_download() as waited:
        shown.get_by_role("link", name="Từng ngày (CSV, cho phần mềm)").click()
    assert waited.value.suggested_filename == f"days-{first}-{DAY}.csv"
    assert str(served.days[SITE].issued) in waited.value.path().read_text().splitlines()[-1]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-20", "2026-11-10", "đứng sau ngày cuối"),
        ("2025-01-01", DAY, "dài hơn 366 ngày"),
    ],
)
def test_days_that_make_no_period_are_shown_again_with_the_reason(
    served: Nation, page: Page, first: str, last: str, said: str
) -> None:
    page.goto(f"{served.url}/compare?site={SITE}")
    page.fill("#from", first)
    page.fill("#to", last)
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("main .alert")).to_contain_text(said)
    expect(page.locator("#from")).to_have_value(first)
    expect(page.locator("#to")).to_have_value(last)
    page.wait_for_load_state()  # until then its script is not there
    page.evaluate("refresh()")
    expect(page.locator("[data-stale]")).to_be_hidden()
    page.fill("#from", DAY)
    page.fill("#to", DAY)
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("h1")).to_contain_text(SITE)
    expect(page.locator("tbody tr", has_text="Đã cấp số")).to_be_visible()


def test_periods_are_of_whole_days_unless_somebody_asks_otherwise(served: Nation) -> None:
    with signed_in(served, "national") as client:
        assert 'name="to" min="2000-01-01" max="2999-12-31" value="2026-11-19"' in (
            usual := client.get("/compare").text
        )
        assert "chưa kết thúc" not in usual
        assert "chưa kết thúc" in client.get(f"/compare?to={DAY}").text


def test_of_how_many_days_the_figures_are_stands_beside_them(served: Nation) -> None:
    with signed_in(served, "national") as client:
        for place in ("", "&province=01", f"&site={SITE}"):
            page = client.get(f"/compare?from=2026-11-16&to={DAY}{place}").text
            (row,) = re.findall(r"Ngày có số liệu</th>(.*?)</tr>", page, re.DOTALL)
            assert re.findall(r">([^<]+)</td>", row) == ["0", "1", "–"]
