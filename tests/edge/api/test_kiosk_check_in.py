"""Checking in by appointment code, and what the kiosk shows when no slip comes out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from contract.commands import (
    Actor,
    BookAppointment,
    CallNext,
    OpenCounter,
    ReportDevice,
    ReportPrint,
    SignIn,
    UseRoll,
)
from tests.browser import Size, page_of
from tests.edge.api.kiosk_screen import (
    SIZES,
    TABLET,
    assert_nothing_is_cut_off,
    assert_targets_are_large,
    issued,
    open_kiosk,
)
from tests.edge.running_site import CLERK, HOUR_MS, HUB, PRINTER, RunningSite, TestClock

SUPERVISOR = Actor("chief", "supervisor")
CODE, TOMORROW = "H2311", "H2411"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path, TestClock())
    running.give(HUB, ReportDevice(PRINTER, "ready"))
    slot_ms = running.clock.wall_ms + HOUR_MS // 2
    running.give(SUPERVISOR, BookAppointment(CODE, "5", slot_ms))
    running.give(SUPERVISOR, BookAppointment(TOMORROW, "5", slot_ms + 24 * HOUR_MS))
    yield running
    running.close()


@pytest.fixture
def kiosk(browser: Browser, site: RunningSite) -> Iterator[Page]:
    with page_of(browser, TABLET) as page:
        open_kiosk(page, site)
        yield page


@SIZES
def test_a_code_typed_by_touch_gives_the_number_of_its_service(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        assert_nothing_is_cut_off(page)
        page.get_by_role("button", name="Tôi có lịch hẹn").click()
        assert_nothing_is_cut_off(page)
        for key in CODE:
            page.locator("#code-keys").get_by_role("button", name=key, exact=True).click()
        expect(page.locator("#code")).to_have_value(CODE)
        page.get_by_role("button", name="Nhận số theo lịch hẹn").click()
        expect(page.locator("#number")).to_have_text("5001")
        expect(page.locator("#ticket-service")).to_have_text("Cư trú – Căn cước")
        assert_nothing_is_cut_off(page)
    ticket = site.hub.house.live.tickets["5001"]
    assert (ticket.priority, [slip.number for slip in site.prints]) == ("appointment", ["5001"])


@pytest.mark.parametrize("by_button", [True, False])
def test_a_scanned_code_checks_in_wherever_it_is_scanned(
    kiosk: Page, site: RunningSite, by_button: bool
) -> None:
    if by_button:
        kiosk.get_by_role("button", name="Tôi có lịch hẹn").click()
    kiosk.keyboard.type(CODE)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("5001")
    assert issued(site) == ["5001"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (TOMORROW, "24/11/2026"),
        ("H9999", "H9999"),
    ],
)
def test_a_code_that_is_not_of_today_says_so_and_what_to_do(
    kiosk: Page, site: RunningSite, code: str, said: str
) -> None:
    kiosk.get_by_role("button", name="Tôi có lịch hẹn").click()
    kiosk.keyboard.type(code)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#message-title")).to_have_text("Chưa nhận được lịch hẹn này")
    expect(kiosk.locator("#message-text")).to_contain_text(said)
    kiosk.get_by_role("button", name="Xong").click()
    expect(kiosk.locator("#services")).to_be_visible()
    assert issued(site) == []


def test_a_scan_that_is_no_code_is_refused_in_words_and_not_shown(
    kiosk: Page, site: RunningSite
) -> None:
    kiosk.get_by_role("button", name="Tôi có lịch hẹn").click()
    kiosk.keyboard.type("001060012345|NGUYEN VAN A|01011958")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#message-title")).to_have_text("Chưa nhận được lịch hẹn này")
    expect(kiosk.locator("#message-text")).to_have_text(
        "Mã vừa quét hoặc gõ không phải mã lịch hẹn. "
        "Ông/Bà vẫn lấy được số thường, hoặc quét lại mã trên giấy hẹn."
    )
    kiosk.get_by_role("button", name="Xong").click()
    assert issued(site) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "https://centre.example.vn/t/01-00097-01/2026-11-23/1025",
        "001060012345|012345678|NGUYEN VAN A|01011958|Nam|So 1 Hang Bai|01072021",
    ],
)
def test_after_a_scan_that_means_nothing_the_right_one_works(kiosk: Page, wrong: str) -> None:
    kiosk.keyboard.type(wrong)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#found")).to_contain_text("Xin quét mã khác")
    expect(kiosk.locator("#typed")).to_have_value("")
    kiosk.keyboard.type(CODE)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("5001")


def test_a_scan_takes_the_place_of_a_word_that_means_several(kiosk: Page) -> None:
    kiosk.keyboard.type("khai")
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#procedures button")).to_have_count(2)
    kiosk.keyboard.type(CODE)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("5001")


@pytest.mark.parametrize(
    ("page", "keys", "key"), [("Tôi có lịch hẹn", "#code-keys", "1"), ("Tìm thủ tục", "#keys", "E")]
)
def test_a_scan_after_a_touched_key_goes_to_the_field(
    kiosk: Page, page: str, keys: str, key: str
) -> None:
    kiosk.get_by_role("button", name=page).click()
    kiosk.locator(keys).get_by_role("button", name=key, exact=True).click()
    kiosk.locator(keys).get_by_role("button", name="Xóa", exact=True).click()
    kiosk.keyboard.type(CODE)
    kiosk.keyboard.press("Enter")
    expect(kiosk.locator("#number")).to_have_text("5001")


def test_in_english(kiosk: Page) -> None:
    kiosk.get_by_role("button", name="English").click()
    kiosk.get_by_role("button", name="I have an appointment").click()
    kiosk.keyboard.type("nonsense")
    kiosk.get_by_role("button", name="Get my number").click()
    expect(kiosk.locator("#message-text")).to_contain_text("No appointment")


def test_a_code_is_used_once(kiosk: Page, site: RunningSite) -> None:
    for _ in range(2):
        kiosk.keyboard.type(CODE)
        kiosk.keyboard.press("Enter")
        expect(kiosk.locator("#back")).to_be_visible()
        told = kiosk.locator("#message-text").text_content()
        kiosk.get_by_role("button", name="Xong").click()
    assert CODE in (told or "")
    assert issued(site) == ["5001"]


@SIZES
def test_without_a_slip_the_ticket_is_shown_to_be_photographed(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        page.get_by_role("button", name="Hộ tịch").click()
        expect(page.locator("#slip")).to_contain_text("nhớ hoặc chụp lại số này")
        picture = page.locator("#picture")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("naturalWidth", 576)
        expect(page.locator("#number")).to_be_in_viewport(ratio=1)
        expect(picture).to_be_in_viewport(ratio=1)
        assert_nothing_is_cut_off(page)
        assert_targets_are_large(page)


@SIZES
def test_from_the_roll_the_citizen_tears_the_number_off(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    site.give(SUPERVISOR, UseRoll("1500"))
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        expect(page.locator("#from-roll")).to_have_text("Lấy phiếu từ cuộn phiếu in sẵn: Hộ tịch.")
        expect(page.locator("[data-shown-in=start] .no-slip")).to_be_visible()
        assert_nothing_is_cut_off(page)
        page.get_by_role("button", name="Hộ tịch").click()
        expect(page.locator("#number")).to_have_text("1500")
        expect(page.locator("#slip")).to_contain_text(
            "xé phiếu tiếp theo trên cuộn in sẵn: số 1500"
        )
        expect(page.locator("#picture")).to_be_hidden()
        assert_nothing_is_cut_off(page)
    assert site.prints == []


def test_a_roll_for_one_service_says_nothing_of_a_printer_that_works(
    kiosk: Page, site: RunningSite
) -> None:
    site.give(SUPERVISOR, UseRoll("1500"))
    expect(kiosk.locator("#from-roll")).to_have_text("Lấy phiếu từ cuộn phiếu in sẵn: Hộ tịch.")
    expect(kiosk.locator("[data-shown-in=start] .no-slip")).to_be_hidden()
    kiosk.get_by_role("button", name="Cư trú").click()
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")


def test_with_every_service_on_a_roll_nobody_is_told_to_go_without(
    kiosk: Page, site: RunningSite
) -> None:
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    for series in ("1", "2", "5"):
        site.give(SUPERVISOR, UseRoll(f"{series}500"))
    expect(kiosk.locator("#from-roll")).to_have_text("Phiếu được lấy từ cuộn phiếu in sẵn.")
    expect(kiosk.locator("[data-shown-in=start] .no-slip")).to_be_hidden()


def test_a_slip_that_fails_after_its_number_was_called_at_once(
    kiosk: Page, site: RunningSite
) -> None:
    site.give(CLERK, SignIn("1"))
    site.give(CLERK, OpenCounter("1"))
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    site.give(CLERK, CallNext("1"))
    site.give(HUB, ReportPrint("1001", 1, "failed", reason="disconnected"))
    expect(kiosk.locator("#slip")).to_contain_text("Phiếu không in được.")
