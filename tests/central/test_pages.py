"""The admins' pages, over HTTP and in Chromium."""

import re
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from central.api.ranking import Page as Part
from central.web import period_pages
from tests.central.journal import DAY
from tests.central.nation import (
    OTHER_SITE,
    PAGES,
    SITE,
    UNREGISTERED_SITE,
    Nation,
    nation,
)
from tests.central.signed_in_page import signed_in, signed_in_page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    with nation(tmp_path_factory.mktemp("nation")) as running:
        yield running


# --- signing in -------------------------------------------------------------------------------


def test_without_a_session_every_page_leads_to_signing_in(served: Nation) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for page in PAGES:
            found = client.get(page)
            assert (found.status_code, found.headers["location"]) == (303, "/sign-in")
        forged = client.get("/", headers={"Cookie": f"thutu_session={served.tokens['national']}"})
        assert forged.status_code == 303


def test_a_token_is_exchanged_for_a_session_that_scripts_and_other_sites_cannot_use(
    served: Nation,
) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        found = client.post("/sign-in", data={"token": f" {served.tokens['hanoi']}\n"})
        cookie = found.headers["set-cookie"]
        assert served.tokens["hanoi"] not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert client.get("/").status_code == 200
        assert client.post("/sign-out").status_code == 303
        assert client.get("/").status_code == 303


def test_a_wrong_token_and_a_huge_form_are_refused(served: Nation) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        wrong = client.post("/sign-in", data={"token": "guess"})
        assert wrong.status_code == 403
        assert "không đúng" in wrong.text
        assert client.post("/sign-in", content=b"token=" + b"x" * 10_000_000).status_code == 413
        assert client.post("/sign-in", content=b"\xff\xfe").status_code == 403


def test_the_language_switch_leads_back_here_and_nowhere_else(served: Nation) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for back in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
            found = client.get("/language/en", params={"back": back})
            assert found.headers["location"] == "/"
        assert (
            client.get("/language/en", params={"back": "/sign-in"}).headers["location"]
            == "/sign-in"
        )
        assert "Access token" in client.get("/sign-in").text
        assert client.get("/language/xx").status_code == 404


# --- what is seen -----------------------------------------------------------------------------


@pytest.fixture
def page(served: Nation, browser: Browser) -> Iterator[Page]:
    with signed_in_page(served, browser, (1280, 900)) as opened:
        yield opened


def test_an_admin_finds_the_slowest_site_by_keyboard(served: Nation, page: Page) -> None:
    page.locator("#province-01").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Thành phố Hà Nội")
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("Hồng Hà")
    expect(first).to_contain_text("Đầy đủ đến 10:41")
    first.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Trung tâm phường Hồng Hà")
    expect(page.get_by_text("Hộ tịch", exact=True)).to_be_visible()
    issued = page.locator(".figure", has_text="Đã cấp số").locator("dd")
    expect(issued).to_have_text(str(served.days[SITE].issued))


def test_the_keyboard_reaches_the_content_first_and_then_in_the_order_of_reading(
    served: Nation, page: Page
) -> None:
    page.goto(f"{served.url}/provinces/01")
    focused = "document.activeElement.textContent"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Tới nội dung chính"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        element = page.evaluate(
            "(() => { const at = document.activeElement, box = at.getBoundingClientRect();"
            " const style = getComputedStyle(at);"
            " return [at.matches('main *'), at.id, style.outlineStyle, box.width > 0]; })()"
        )
        if not element[0]:
            break
        seen.append(element)
    ids = [name for _, name, _, _ in seen if name]
    order = ("day", "rank-p50", "rank-waiting", f"site-{SITE}", f"site-{UNREGISTERED_SITE}")
    assert [name for name in dict.fromkeys(ids) if name in order] == list(order)
    ours = [element for element in seen if element[1] != "day"]  # its button is the browser's
    assert {(outline, shown) for _, _, outline, shown in ours} == {("solid", True)}


def test_headings_and_landmarks_tell_the_page_to_who_does_not_see_it(
    served: Nation, page: Page
) -> None:
    for path in PAGES:
        page.goto(served.url + path)
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])"
        )
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        unnamed = page.locator(":is([role=region], nav):not([aria-label], [aria-labelledby])")
        assert unnamed.count() == 0, path
        dangling = page.evaluate(
            "[...document.querySelectorAll('[aria-labelledby]')]"
            ".filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))).length"
        )
        assert dangling == 0, path
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), path


def test_a_silent_site_shows_a_dash_and_says_why(page: Page) -> None:
    page.goto(page.url + "provinces/01")
    row = page.locator("tbody tr", has_text=UNREGISTERED_SITE)
    expect(row).to_contain_text("chưa đăng ký")
    expect(row).to_contain_text("Mất kết nối, đầy đủ đến")
    expect(row.locator("td").nth(1)).to_have_text("–")


def test_the_chart_has_a_table_and_the_page_fits_a_phone(served: Nation, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{served.url}/sites/{SITE}/days/{DAY}")
    page.get_by_text("Xem dạng bảng").click()
    rows = page.locator("#quarters tbody tr")
    bars = page.locator(".chart").first.locator("rect")
    assert rows.count() >= bars.count() > 8
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_page_refreshes_in_place_and_says_when_it_cannot(page: Page) -> None:
    page.locator("#quiet summary").click()
    page.locator("#province-01").focus()
    page.evaluate("document.querySelector('.refreshed').textContent = 'old'")
    page.evaluate("refresh()")
    expect(page.locator(".refreshed")).to_contain_text("Cập nhật lúc 10:42:00")
    expect(page.locator("#quiet")).to_have_attribute("open", "")
    expect(page.locator("#province-01")).to_be_focused()
    expect(page.locator("[data-stale]")).to_be_hidden()
    page.route("**/*", lambda route: route.abort())
    page.evaluate("refresh()")
    expect(page.locator("[data-stale]")).to_be_visible()


def test_while_nobody_can_count_the_alerts_the_head_keeps_the_last_number_or_says_so(
    page: Page,
) -> None:
    badge = page.locator("[data-alerts]")
    expect(badge).to_have_text(re.compile(r"\([0-9]+\)"))
    number = badge.inner_text()
    page.route("**/api/v1/alerts?limit=1", lambda route: route.fulfill(status=503, body="{}"))
    page.evaluate("countAlerts()")
    expect(badge).to_have_text(number)
    page.reload()
    expect(badge).to_have_text("(?)")
    page.unroute("**/api/v1/alerts?limit=1")
    page.evaluate("countAlerts()")
    expect(badge).to_have_text(number)


def test_no_request_leaves_the_server(served: Nation, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    for path in PAGES:
        page.goto(served.url + path)
        page.evaluate("document.fonts.ready")
    assert len(asked) > len(PAGES)
    assert [url for url in asked if not url.startswith(served.url)] == []
    assert [words for words in complaints if re.match("error|warning", words)] == []
    assert page.evaluate("document.fonts.check('16px \"Be Vietnam Pro\"')")


def test_the_board_shows_all_provinces_and_both_archipelagos(page: Page) -> None:
    expect(page.locator(".tile")).to_have_count(36)
    far = page.locator(".tile.far")
    expect(far.nth(0)).to_have_text("Hoàng SaThành phố Đà Nẵng")
    expect(far.nth(1)).to_have_text("Trường SaTỉnh Khánh Hòa")
    hanoi = page.locator("#tile-01")
    assert "giây" in hanoi.inner_text() or "phút" in hanoi.inner_text()
    hanoi.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Thành phố Hà Nội")


def test_a_site_names_its_devices_and_gives_its_report(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/sites/{SITE}/days/{DAY}")
    lost = page.locator("tr", has_text="display-2")
    expect(lost).to_contain_text("Không hoạt động (Thiết bị không trả lời)")
    with page.expect_download() as waited:
        page.get_by_role("link", name="Báo cáo tháng 11/2026 đến nay (PDF)").click()
    assert waited.value.suggested_filename == "report-2026-11.pdf"
    assert waited.value.path().read_bytes().startswith(b"%PDF-")


def test_a_refresh_takes_nobody_away_from_where_the_keyboard_is(page: Page) -> None:
    for nameless in (
        page.get_by_role("link", name="Xu hướng"),
        page.locator("#quiet summary"),
        page.get_by_role("region", name="Tỉnh, thành phố", exact=True),
    ):
        nameless.focus()
        page.evaluate("document.querySelector('.refreshed').textContent = 'old'")
        page.evaluate("refresh()")
        expect(page.locator(".refreshed")).to_contain_text("Cập nhật lúc")
        expect(nameless).to_be_focused()


def test_an_operator_begins_with_the_machines(served: Nation) -> None:
    with signed_in(served, "operator") as client:
        first = client.get("/")
        assert first.url.path == "/machines"
        assert "01-00097-01-h1" in first.text
        assert client.get(f"/sites/{SITE}/days/{DAY}").status_code == 403


def test_an_alert_is_found_acknowledged_and_closed_by_keyboard(served: Nation, page: Page) -> None:
    expect(page.locator("#alerts")).to_contain_text("Cảnh báo (")
    page.locator("#alerts").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Cảnh báo")
    row = page.locator(
        "tbody tr", has_text="Thiết bị không hoạt động: h1/display-2 (Thiết bị không trả lời)"
    )
    expect(row).to_contain_text("Trung tâm phường Hồng Hà")
    expect(row).to_contain_text("Chưa ai xác nhận")
    row.get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Thiết bị hỏng")
    page.fill("#note", "đã gọi cho phường")
    page.get_by_role("button", name="Xác nhận").click()
    expect(page.locator(".history")).to_contain_text("national đã xác nhận: “đã gọi cho phường”")
    address = page.url
    page.get_by_role("button", name="Đóng").click()
    expect(page.locator(".history")).to_contain_text("national đã đóng")
    expect(page.locator("form.act")).to_have_count(0)
    with signed_in(served, "national") as client:
        again = client.post(f"{address}/close", data={"note": ""})
        assert again.status_code == 409
        assert "đã được đóng" in again.text
        assert client.post(f"{served.url}/alerts/999/close", data={}).status_code == 404
    page.goto(f"{served.url}/alerts?open=false")
    expect(page.locator("tbody tr")).to_contain_text("Thiết bị hỏng")


def test_who_may_only_look_sees_no_buttons_and_waits_are_not_for_operators(
    served: Nation,
) -> None:
    with signed_in(served, "auditor") as client:
        found = client.get("/alerts/1")
        assert "formaction" not in found.text
        assert client.post("/alerts/1/close", data={}).status_code == 403
    with signed_in(served, "operator") as client:
        assert "Chờ lâu" not in client.get("/alerts").text


def test_the_machines_page_lists_what_is_broken_everywhere(served: Nation, page: Page) -> None:
    page.goto(f"{served.url}/machines")
    row = page.locator("tr", has_text="display-2")
    expect(row).to_contain_text("Trung tâm phường Hồng Hà")
    expect(row).to_contain_text("Không hoạt động (Thiết bị không trả lời)")


def test_where_there_are_too_many_hubs_for_a_page_each_province_has_its_own(
    served: Nation, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(f"{served.url}/machines")
    expect(page.locator("#hubs-48")).to_have_count(0)
    monkeypatch.setattr(period_pages, "_HUBS", Part(0, 1))
    page.reload()
    expect(page.locator("main")).to_contain_text("1 máy đầu tiên trong 3 máy")
    page.locator("#hubs-48").click()
    expect(page.locator("h1")).to_contain_text("Thành phố Đà Nẵng")
    expect(page.locator("#hubs-48")).to_have_attribute("aria-current", "page")
    expect(page.locator("[id^='hub-']")).to_have_count(1)
    expect(page.locator(f"#hub-{OTHER_SITE}-h1")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("máy đầu tiên")
    with signed_in(served, "hanoi") as client:
        assert "hubs-48" not in client.get("/machines").text


def test_hubs_that_differ_are_listed_and_marked_on_their_site(served: Nation, page: Page) -> None:
    page.locator("#machines").click()
    page.get_by_role("link", name="Máy chạy khác quy định").click()
    mine = page.locator("tr", has_text="Trung tâm phường Hồng Hà")
    expect(mine).to_contain_text("cần 1-")
    theirs = page.locator("tr", has_text="Hải Châu")
    expect(theirs).to_contain_text("được giao bản 0.2.0")
    expect(theirs).to_contain_text("hall (10.0.0.7) chạy bản 0.0.8")
    mine.get_by_role("link").click()
    expect(page.locator("section", has_text="Máy chạy khác quy định")).to_contain_text("cần 1-")
    page.goto(f"{served.url}/differences?site={UNREGISTERED_SITE}")
    expect(page.locator("main")).to_contain_text("Không cần làm gì")


def test_an_operator_is_not_led_to_pages_that_are_closed_to_them(served: Nation) -> None:
    with signed_in(served, "operator") as client:
        found = client.get("/differences").text
        found += client.get("/alerts").text + client.get("/alerts/1").text
    assert "Hồng Hà" in found
    assert 'href="/sites/' not in found


def test_english_is_one_click_away(page: Page) -> None:
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("The nation")
    expect(page.locator("html")).to_have_attribute("lang", "en")
