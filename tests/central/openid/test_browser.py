"""Signing in through an independent provider, as people do it in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import page_of
from tests.central.openid.centre import PASSWORD, OpenCentre, open_centre
from tests.central.openid.providers import independent_provider

NAME = "Cổng định danh"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenCentre]:
    folder: Path = tmp_path_factory.mktemp("centre")
    with (
        independent_provider() as issuer,
        open_centre(issuer, folder / "centre.db", folder) as running,
    ):
        yield running


@pytest.fixture
def page(browser: Browser, centre: OpenCentre) -> Iterator[Page]:
    with page_of(browser, (390, 844)) as opened:
        opened.goto(f"{centre.url}/sign-in")
        yield opened


def say_at_the_provider(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"Đăng nhập bằng {NAME}").click()
    page.fill("[name=sub]", name)
    page.get_by_role("button", name="Authorize", exact=True).click()


def test_a_person_signs_in_and_out_on_both_sides(page: Page, centre: OpenCentre) -> None:
    say_at_the_provider(page, "an-1")
    expect(page.locator("header")).to_contain_text("Tài khoản: An")
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("h1")).to_have_text("Đã đăng xuất")
    page.get_by_role("link", name=f"Đăng xuất khỏi {NAME}").click()
    expect(page).not_to_have_url(f"{centre.url}/sign-out")
    page.locator("form button").first.click()
    expect(page).to_have_url(f"{centre.url}/sign-in")
    page.goto(f"{centre.url}/")
    expect(page).to_have_url(f"{centre.url}/sign-in")


def test_a_stranger_is_told_what_to_do_and_can_still_use_a_password(
    page: Page, centre: OpenCentre
) -> None:
    say_at_the_provider(page, "người lạ")
    expect(page.get_by_role("alert").first).to_contain_text("người lạ")
    page.get_by_role("link", name="English").click()
    expect(page).to_have_url(f"{centre.url}/sign-in")
    page.fill("#name", "An")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("header")).to_contain_text("Account: An")


def test_who_says_no_at_the_provider_is_led_back(page: Page) -> None:
    page.get_by_role("link", name=f"Đăng nhập bằng {NAME}").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert").first).to_contain_text("chưa xác nhận")


def test_the_provider_gives_an_id_token_for_a_code_once(centre: OpenCentre) -> None:
    with centre.browser() as client:
        left = client.get("/sign-in/openid").headers["location"]
        answer = httpx.post(left, data={"sub": "an-1"}, timeout=30).headers["location"]
        kept = dict(client.cookies)
        assert client.get(answer).headers["location"] == "/"
        client.cookies.update(kept)
        assert client.get(answer).status_code == 403
