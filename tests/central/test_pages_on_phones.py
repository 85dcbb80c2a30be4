"""The admins' pages on phones, in large type and by keyboard, in Chromium."""

from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central.nation import PAGES, SITE, Nation
from tests.central.signed_in_page import signed_in_page

FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture
def page(served: Nation, browser: Browser) -> Iterator[Page]:
    with signed_in_page(served, browser, (390, 800)) as opened:
        yield opened


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_its_screen(served: Nation, page: Page, path: str) -> None:
    for language, width in product(("vi", "en"), (320, 390, 1280)):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{served.url}/language/{language}?back={path}")
        page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
        assert page.evaluate(FITS), (language, width)
        assert "{" not in page.inner_text("main")
        if width >= 390:
            wide = page.locator(".scroll").evaluate_all(
                "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.ariaLabel)"
            )
            assert wide == [], (language, width)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(FITS), (language, width, "large type")


def test_on_a_phone_rows_are_cards_that_remain_rows_for_who_does_not_see_them(
    served: Nation, page: Page
) -> None:
    page.goto(f"{served.url}/provinces/01")
    table = page.get_by_role("table")
    headers = table.get_by_role("columnheader").all_inner_texts()
    row = table.get_by_role("row").filter(has_text=SITE)
    expect(row.get_by_role("rowheader")).to_contain_text("Trung tâm phường Hồng Hà")
    cells = row.locator("th, td")
    labels = cells.evaluate_all("cells => cells.map(cell => cell.dataset.label ?? 'Điểm phục vụ')")
    assert labels == headers
    waiting = row.get_by_role("cell").nth(1)
    expect(waiting).to_have_text("4")
    shown = waiting.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert shown.startswith('"Đang chờ"')
    site, figure = row.get_by_role("rowheader").bounding_box(), waiting.bounding_box()
    assert site is not None
    assert figure is not None
    assert figure["y"] >= site["y"] + site["height"]


@pytest.mark.parametrize("path", PAGES)
def test_the_focus_is_seen_wherever_the_keyboard_goes(
    served: Nation, page: Page, path: str
) -> None:
    page.goto(served.url + path)
    page.evaluate(
        """() => {
            window.before = null;
            window.seen = () => {
                const at = document.activeElement, box = at.getBoundingClientRect();
                const follows = !window.before || window.before === at
                    || window.before.compareDocumentPosition(at) & 4;
                window.before = at;
                return [at.id || at.textContent.trim(), at.type, getComputedStyle(at).outlineStyle,
                    box.width > 0 && box.bottom > 0 && box.top < innerHeight, !!follows];
            };
        }"""
    )
    stops = 0
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        name, kind, outline, visible, follows = page.evaluate("seen()")
        stops += 1
        assert visible, name
        assert follows, name
        assert outline == "solid" or kind == "date", name  # its parts are the browser's
    assert stops > 5


LONGEST = """() => {
    const wait = '197 phút <span class="mark">▲▲</span><span class="unseen"> quá mục tiêu</span>';
    const said = {
        "Đang chờ": "136", "Chờ lâu nhất lúc này": wait, "Quầy đang mở": "13", "Chờ P90": wait,
        "Chờ trung vị": "12 phút", "Đã cấp số": "1.110", "Công dân xong việc": "1.062",
        "Vắng mặt": "106",
    };
    document.querySelector("#main .scroll th a").textContent =
        "Trung tâm Phục vụ hành chính công phường Phương Liệt";
    for (const cell of document.querySelectorAll("#main .scroll tr:first-child td"))
        if (said[cell.dataset.label]) cell.innerHTML = said[cell.dataset.label];
    document.querySelector("#main .scroll .badge").lastChild.textContent =
        "Mất kết nối, đầy đủ đến 10:05";
}"""


@pytest.mark.parametrize("width", [1280, 1440])
def test_the_row_of_a_busy_centre_fits_its_table_and_in_large_type_its_page(
    served: Nation, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.url}/provinces/01")
    page.evaluate(LONGEST)
    table = page.locator(".scroll")
    assert table.evaluate("all => [all.scrollWidth - all.clientWidth]") == [0]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(FITS)
