"""What the kiosk page tells of a slip, from before the number is taken until it has come out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from contract.commands import IssueTicket, ReportDevice, ReportPrint, ReprintTicket
from tests.browser import Size, page_of
from tests.edge.api.kiosk_screen import SIZES, TABLET, assert_nothing_is_cut_off, open_kiosk
from tests.edge.running_site import CLERK, HUB, KIOSK, PRINTER, RunningSite, TestClock


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path, TestClock())
    running.give(HUB, ReportDevice(PRINTER, "ready"))
    yield running
    running.close()


@pytest.fixture
def kiosk(browser: Browser, site: RunningSite) -> Iterator[Page]:
    with page_of(browser, TABLET) as page:
        open_kiosk(page, site)
        yield page


def test_a_printer_that_cannot_print_is_told_before_and_after(
    kiosk: Page, site: RunningSite
) -> None:
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    notice = kiosk.locator("[data-shown-in=start] .no-slip")
    expect(notice).to_contain_text("không có phiếu giấy")
    notice.evaluate(
        """notice => {
          window.told = 0;
          const count = (changes) => { window.told += changes.length; };
          new MutationObserver(count).observe(notice, { childList: true });
        }"""
    )
    site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    expect(kiosk.locator("#services [data-id='1'] .waiting")).to_have_text("Chờ: 1")
    assert kiosk.evaluate("window.told") == 0, "whoever hears the page hears it once"

    kiosk.get_by_role("button", name="Hộ tịch").click()

    expect(kiosk.locator("#slip")).to_contain_text("nhớ hoặc chụp lại số này")
    assert site.prints == []
    kiosk.get_by_role("button", name="Xong").click()
    site.give(HUB, ReportDevice(PRINTER, "ready"))
    expect(notice).to_be_hidden()


def test_a_printer_that_fails_while_the_number_is_shown(kiosk: Page, site: RunningSite) -> None:
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    expect(kiosk.locator("#slip")).to_contain_text("nhớ hoặc chụp lại số này")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("failed", "Phiếu không in được."), ("unknown", "Nếu chưa thấy phiếu ra,")],
)
def test_a_slip_that_does_not_come_out_of_a_printer_that_is_well(
    kiosk: Page, site: RunningSite, outcome: Literal["failed", "unknown"], said: str
) -> None:
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    site.give(HUB, ReportPrint("1001", 1, outcome, reason="disconnected"))
    expect(kiosk.locator("#slip")).to_contain_text("nhớ hoặc chụp lại số này")
    expect(kiosk.locator("#slip")).to_contain_text(said)
    expect(kiosk.locator("#spoken")).to_contain_text("1 0 0 1")
    expect(kiosk.locator("#spoken")).to_contain_text(said)
    expect(kiosk.locator("#picture")).to_be_visible()


def test_a_slip_that_is_ordered_again_is_told_to_eyes_and_ears(
    kiosk: Page, site: RunningSite
) -> None:
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    site.give(HUB, ReportPrint("1001", 1, "failed", reason="paper-out"))
    expect(kiosk.locator("#spoken")).to_contain_text("Phiếu không in được.")
    site.give(CLERK, ReprintTicket("1001"))
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    expect(kiosk.locator("#spoken")).to_contain_text("lấy phiếu")
    expect(kiosk.locator("#spoken")).not_to_contain_text("không in được")
    expect(kiosk.locator("#picture")).to_be_hidden()


def test_a_slip_that_comes_later_to_a_number_without_one_is_told(
    kiosk: Page, site: RunningSite
) -> None:
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    expect(kiosk.locator("[data-shown-in=start] .no-slip")).to_be_visible()
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#spoken")).to_contain_text("Phiếu không in được.")
    site.give(HUB, ReportDevice(PRINTER, "ready"))
    site.give(CLERK, ReprintTicket("1001"))
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
    expect(kiosk.locator("#spoken")).to_contain_text("lấy phiếu")
    site.give(HUB, ReportPrint("1001", 2, "printed", "confirmed"))
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    expect(kiosk.locator("[data-shown-in=start] .no-slip")).not_to_have_attribute("hidden", "")
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")


@SIZES
def test_a_slip_sent_to_a_printer_that_cannot_answer_is_told_calmly(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    with page_of(browser, size) as page:
        open_kiosk(page, site)
        page.get_by_role("button", name="Hộ tịch").click()
        expect(page.locator("#slip")).to_contain_text("lấy phiếu")
        site.give(HUB, ReportPrint("1001", 1, "sent"))
        expect(page.locator("#slip")).to_have_text(
            "Mời Ông/Bà lấy phiếu và ngồi chờ gọi số. Nếu không thấy phiếu, xin nhớ số này."
        )
        expect(page.locator("#slip.notice")).to_have_count(0)
        expect(page.locator("#spoken")).not_to_contain_text("Nếu không thấy phiếu")
        expect(page.locator("#picture")).to_be_hidden()
        assert_nothing_is_cut_off(page)


def test_a_slip_that_came_out_stays_so_when_the_roll_ends_with_it(
    kiosk: Page, site: RunningSite
) -> None:
    kiosk.get_by_role("button", name="Hộ tịch").click()
    expect(kiosk.locator("#number")).to_have_text("1001")
    site.give(HUB, ReportPrint("1001", 1, "printed", "confirmed"))
    site.give(HUB, ReportDevice(PRINTER, "lost", "paper-out"))
    seen = kiosk.locator("[data-shown-in=start] .no-slip")
    expect(seen).not_to_have_attribute("hidden", "")
    expect(kiosk.locator("#slip")).to_contain_text("lấy phiếu")
