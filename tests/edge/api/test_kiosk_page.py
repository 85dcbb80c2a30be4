"""The kiosk page in a real browser, on a real hub, at the sizes of real screens."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from contract.commands import IssueTicket, OpenCounter, ReportDevice, SignIn
from contract.site_rules import Service
from tests.browser import Size, page_of
from tests.edge.api.kiosk_screen import (
    SIZES,
    TABLET,
    assert_nothing_is_cut_off,
    assert_targets_are_large,
    issued,
    open_kiosk,
)
from tests.edge.running_site import CLERK, HOUR_MS, HUB, KIOSK, PRINTER, RunningSite, TestClock


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path, TestClock())
    running.give(HUB, ReportDevice(PRINTER, "ready"))
    yield running
    running.close()


@pytest.fixture
def kiosk(browser: Browser, site: RunningSite, request: pytest.FixtureRequest) -> Iterator[Page]:
    size: Size = getattr(request, "param", TABLET)
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        yield page


@SIZES
def test_one_press_gives_one_number_and_everything_fits(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        assert_nothing_is_cut_off(page)
        assert_targets_are_large(page)

        page.get_by_role("button", name="Hộ tịch").click()

        expect(page.locator("#number")).to_have_text("1001")
        expect(page.locator("#ticket-service")).to_have_text("Hộ tịch – Chứng thực")
        expect(page.locator("#ahead")).to_have_text("Số người chờ trước: 0")
        expect(page.locator("#slip")).to_contain_text("lấy phiếu")
        height = page.locator("#number").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        assert height >= size[1] * 0.18
        assert_nothing_is_cut_off(page)
        page.get_by_role("button", name="Xong").click()
        expect(page.locator("#services")).to_be_visible()
    assert issued(site) == ["1001"]
    assert [slip.number for slip in site.prints] == ["1001"]


def test_the_token_leaves_the_address_and_scripts_cannot_read_it(kiosk: Page) -> None:
    assert urlsplit(kiosk.url).fragment == ""
    assert kiosk.evaluate("document.cookie") == ""
    kiosk.reload()
    expect(kiosk.locator("#services button")).to_have_count(3)


def test_no_request_leaves_the_hub(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        open_kiosk(page, site)
        page.get_by_role("button", name="Hộ tịch").click()
        expect(page.locator("#number")).to_be_visible()
        page.evaluate("document.fonts.ready.then(() => true)")
        loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').length")
    assert loaded == 3
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(site.url).netloc}


def test_a_double_press_gives_one_number(kiosk: Page, site: RunningSite) -> None:
    kiosk.get_by_role("button", name="Hộ tịch").evaluate(
        "button => { for (let i = 0; i < 5; i++) button.click(); }"
    )
    expect(kiosk.locator("#number")).to_have_text("1001")
    assert issued(site) == ["1001"]


def test_a_lost_answer_is_asked_for_again_with_the_same_key(kiosk: Page, site: RunningSite) -> None:
    keys: list[str | None] = []

    def lose_first_answer(route: Route, request: Request) -> None:
        keys.append(request.header_value("idempotency-key"))
        if len(keys) == 1:
            route.fetch()  # the hub carries it out, and the answer gets lost
            route.abort("connectionreset")
        else:
            route.continue_()

    kiosk.route("**/api/commands", lose_first_answer)
    kiosk.get_by_role("button", name="Hộ tịch").click()

    expect(kiosk.locator("#number")).to_have_text("1001")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert issued(site) == ["1001"]


def test_the_page_follows_the_queue(kiosk: Page, site: RunningSite) -> None:
    waiting = kiosk.locator("#services [data-id='1'] .waiting")
    expect(waiting).to_have_text("Chờ: 0")
    site.give(KIOSK, IssueTicket(("1",)))
    site.give(KIOSK, IssueTicket(("1",)))
    expect(waiting).to_have_text("Chờ: 2")


def test_people_ahead_and_the_expected_wait_are_told(kiosk: Page, site: RunningSite) -> None:
    site.give(CLERK, SignIn("1"))
    site.give(CLERK, OpenCounter("1"))
    for _ in range(3):
        site.give(KIOSK, IssueTicket(("1",)))
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#ahead")).to_have_text("Số người chờ trước: 3")
    expect(kiosk.locator("#expected-wait")).to_have_text("Chờ khoảng 30 phút")


@pytest.mark.parametrize(
    ("language", "service", "said"),
    [("vi", "Hộ tịch", "Đến lượt Ông/Bà ngay"), ("en", "Civil", "You are next")],
)
def test_someone_who_is_next_is_told_so_and_not_to_wait_no_minutes(
    kiosk: Page, site: RunningSite, language: str, service: str, said: str
) -> None:
    site.give(CLERK, SignIn("1"))
    site.give(CLERK, OpenCounter("1"))
    if language == "en":
        kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name=service).click()
    expect(kiosk.locator("#ahead")).to_contain_text("0")
    expect(kiosk.locator("#expected-wait")).to_have_text(said)


def test_english_and_back_to_vietnamese_for_the_next_person(kiosk: Page, site: RunningSite) -> None:
    kiosk.get_by_role("button", name="English").click()
    expect(kiosk.locator("html")).to_have_attribute("lang", "en")
    kiosk.get_by_role("button", name="Civil status").click()
    expect(kiosk.get_by_role("heading", name="Your number")).to_be_visible()
    kiosk.get_by_role("button", name="Done").click()

    expect(kiosk.get_by_role("button", name="Hộ tịch")).to_be_visible()
    assert site.hub.house.live.tickets["1001"].language == "en"


def test_priority_is_one_choice_that_ends_with_the_number(kiosk: Page, site: RunningSite) -> None:
    kiosk.get_by_role("button", name="Tôi thuộc diện ưu tiên").click()
    kiosk.get_by_role("button", name="Người cao tuổi").click()
    expect(kiosk.locator("#to-priority")).to_contain_text("Ưu tiên: Người cao tuổi")
    kiosk.get_by_role("button", name="Hộ tịch").click()
    kiosk.get_by_role("button", name="Xong").click()
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#number")).to_have_text("1002")

    tickets = site.hub.house.live.tickets
    assert (tickets["1001"].priority, tickets["1002"].priority) == ("elderly", None)


def test_a_scanned_code_gives_the_number_of_its_service(kiosk: Page, site: RunningSite) -> None:
    kiosk.keyboard.type("1.001193")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("1001")
    expect(kiosk.locator("#ticket-service")).to_have_text("Đăng ký khai sinh")
    assert issued(site) == ["1001"]


def test_a_scanned_address_is_searched_for_its_code(kiosk: Page, site: RunningSite) -> None:
    kiosk.keyboard.type("https://dichvucong.gov.vn/chi-tiet.html?ma_thu_tuc=1.004194&x=1")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("5001")
    assert issued(site) == ["5001"]


def test_an_unknown_code_gives_no_number_and_says_what_to_do(
    kiosk: Page, site: RunningSite
) -> None:
    kiosk.keyboard.type("9.999999")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#found")).to_contain_text("hỏi quầy hướng dẫn")
    assert issued(site) == []


@pytest.mark.parametrize("typed", ["khai sinh", "KHAI SINH", "Khai sinh", "khai\u0301 si"])
def test_names_are_found_without_and_with_tone_marks(kiosk: Page, typed: str) -> None:
    kiosk.get_by_role("button", name="Tìm thủ tục").click()
    kiosk.locator("#typed").fill(typed)
    expect(kiosk.locator("#procedures button")).to_have_count(2)
    kiosk.locator("#typed").fill("đăng ký tạm")
    expect(kiosk.locator("#procedures button")).to_have_count(1)
    kiosk.locator("#typed").fill("temporary res")
    expect(kiosk.locator("#procedures button")).to_have_count(1)


@SIZES
def test_a_procedure_is_found_by_touch_alone(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        page.get_by_role("button", name="Tìm thủ tục").click()
        assert_nothing_is_cut_off(page)
        for key in "TAMM":
            page.get_by_role("button", name=key, exact=True).click()
        page.get_by_role("button", name="Xóa", exact=True).click()
        page.get_by_role("button", name="Đăng ký tạm trú").click()
        expect(page.locator("#number")).to_have_text("5001")


def test_by_keyboard_alone(kiosk: Page, site: RunningSite) -> None:
    kiosk.keyboard.press("Tab")
    expect(kiosk.locator("#language")).to_be_focused()
    kiosk.keyboard.press("Tab")
    kiosk.keyboard.press("Tab")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("2001")
    expect(kiosk.get_by_role("alert")).to_contain_text("Số của Ông/Bà là 2 0 0 1.")
    expect(kiosk.locator("#back")).to_be_focused()
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#services")).to_be_visible()
    assert issued(site) == ["2001"]


def test_outside_hours_the_page_says_when_to_come(kiosk: Page, site: RunningSite) -> None:
    site.clock.later(12 * HOUR_MS / 1000)
    site.give(HUB, ReportDevice(PRINTER, "paper-low"))
    expect(kiosk.locator("#message-title")).to_have_text("Ngoài giờ lấy số")
    expect(kiosk.locator("#message-text")).to_contain_text("07:30–11:15, 13:30–16:30")
    expect(kiosk.locator("#services")).to_be_hidden()


def test_after_the_last_ticket(kiosk: Page, site: RunningSite) -> None:
    site.clock.later(3.3 * HOUR_MS / 1000)
    site.give(HUB, ReportDevice(PRINTER, "paper-low"))
    expect(kiosk.locator("#message-title")).to_contain_text("Đã hết giờ lấy số")
    expect(kiosk.locator("#message-text")).to_contain_text("vẫn được phục vụ")


def test_a_refusal_is_told_in_the_hubs_words(kiosk: Page, site: RunningSite) -> None:
    kiosk.route("**/api/stream", lambda route: route.abort())  # it must not learn of the hour
    site.clock.later(12 * HOUR_MS / 1000)
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#message-title")).to_have_text("Chưa lấy được số")
    expect(kiosk.locator("#message-text")).to_contain_text("Giờ lấy số hôm nay: 07:30–11:15")
    assert issued(site) == []


def test_a_hub_that_is_away_and_comes_back(kiosk: Page, site: RunningSite) -> None:
    site.stop_serving()
    expect(kiosk.locator("#message-text")).to_contain_text("Xin mời đến quầy hướng dẫn")
    site.serve_again()
    expect(kiosk.locator("#services")).to_be_visible()
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#number")).to_have_text("1001")


def test_what_is_offered_is_asked_for_again_after_a_restart(kiosk: Page, site: RunningSite) -> None:
    results = Service("8", "8", {"vi": "Trả kết quả", "en": "Collect results"})
    more = msgspec.structs.replace(site.rules, services=(*site.rules.services, results))
    site.restart_with(more)
    kiosk.get_by_role("button", name="Trả kết quả").click()
    expect(kiosk.locator("#number")).to_have_text("8001")


def test_a_screen_that_nobody_registered(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        page.goto(site.url)
        expect(page.locator("#message-title")).to_contain_text("chưa được đăng ký")


def test_the_number_goes_away_by_itself(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        page.clock.install()
        open_kiosk(page, site)
        page.get_by_role("button", name="Hộ tịch").click()
        expect(page.locator("#number")).to_be_visible()
        page.clock.fast_forward(11_000)
        expect(page.locator("#number")).to_be_visible()
        page.clock.fast_forward(2_000)
        expect(page.locator("#services")).to_be_visible()


def test_someone_who_walks_away_leaves_nothing_behind(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        page.clock.install()
        open_kiosk(page, site)
        page.get_by_role("button", name="English").click()
        page.get_by_role("button", name="Find a procedure").click()
        page.locator("#typed").fill("birth")
        page.clock.fast_forward(61_000)
        expect(page.get_by_role("button", name="Hộ tịch")).to_be_visible()
        expect(page.locator("#typed")).to_have_value("")
