"""The page that compares two periods."""

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
