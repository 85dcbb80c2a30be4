"""The rating tablet in a real browser, on a real hub, at the sizes of real tablets."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from contract.codec import decode_entry
from contract.commands import (
    Actor,
    CallNext,
    FinishService,
    IssueTicket,
    OpenCounter,
    Rate,
    SignIn,
    StartService,
)
from contract.events import RatingGiven
from tests.browser import Size, page_of
from tests.edge.api.kiosk_screen import assert_nothing_is_cut_off, assert_targets_are_large
from tests.edge.running_site import CLERK, KIOSK, RULES, RunningSite, TestClock
from tests.waiting import until

SMALL, TABLET, UPRIGHT = (800, 480), (1280, 800), (800, 1280)
SIZES = pytest.mark.parametrize(
    "size", [SMALL, TABLET, UPRIGHT], ids=["small", "tablet", "upright"]
)
PAD = Actor("pad-1", "pad", "1")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    running = RunningSite(tmp_path, TestClock())
    for command in (SignIn("1"), OpenCounter("1")):
        running.give(CLERK, command)
    yield running
    running.close()


@pytest.fixture
def pad(browser: Browser, site: RunningSite) -> Iterator[Page]:
    with page_of(browser, TABLET) as page:
        open_pad(page, site)
        yield page


def open_pad(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.url}/pad#{site.access.add_device(PAD)}")
    expect(page.locator("#counter-number")).to_have_text("1")


def serve(site: RunningSite) -> None:
    """One citizen from the number to the end of the service, which may then be rated."""
    site.give(KIOSK, IssueTicket(("1",)))
    for command in (CallNext("1"), StartService("1"), FinishService("1")):
        site.give(CLERK, command)


def given(site: RunningSite) -> list[tuple[int, str | None]]:
    rows = site.hub.journal.read(after=0, limit=1000)
    events = [decode_entry(row.body).event for row in rows]
    return [(e.level, e.reason) for e in events if isinstance(e, RatingGiven)]


@SIZES
def test_a_face_and_a_reason_make_one_rating_and_everything_fits(
    browser: Browser, site: RunningSite, size: Size
) -> None:
    with page_of(browser, size) as page:
        open_pad(page, site)
        expect(page.get_by_role("heading", name="Quầy số 1")).to_be_visible()
        assert_nothing_is_cut_off(page)
        serve(site)
        expect(page.locator(".face")).to_have_text(
            ["Rất hài lòng", "Hài lòng", "Bình thường", "Không hài lòng"]
        )
        assert_nothing_is_cut_off(page)
        assert_targets_are_large(page)
        page.get_by_role("button", name="Bình thường").click()
        expect(page.get_by_role("button", name="Bình thường")).to_have_attribute(
            "aria-pressed", "true"
        )
        assert_nothing_is_cut_off(page)
        assert_targets_are_large(page)
        page.get_by_role("button", name="Thời gian chờ đợi").click()
        expect(page.get_by_role("heading", name="Cảm ơn")).to_be_visible()
        assert_nothing_is_cut_off(page)
    assert given(site) == [(2, "waiting")]


def test_a_choice_that_nobody_sends_is_sent(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        page.clock.install()
        open_pad(page, site)
        serve(site)
        page.get_by_role("button", name="Rất hài lòng").click()
        expect(page.locator("#countdown")).to_contain_text("giây")
        page.clock.fast_forward(9000)
        expect(page.get_by_role("heading", name="Cảm ơn")).to_be_visible()
        assert given(site) == [(4, None)]
        page.clock.fast_forward(6000)
        expect(page.locator("#counter-number")).to_be_visible()


def test_one_may_change_ones_mind_before_it_is_sent(pad: Page, site: RunningSite) -> None:
    serve(site)
    pad.get_by_role("button", name="Không hài lòng").click()
    pad.get_by_role("button", name="Rất hài lòng").click()
    pad.get_by_role("button", name="Gửi đánh giá").click()
    expect(pad.get_by_role("heading", name="Cảm ơn")).to_be_visible()
    assert given(site) == [(4, None)]


def test_many_presses_make_one_rating(pad: Page, site: RunningSite) -> None:
    serve(site)
    pad.get_by_role("button", name="Hài lòng", exact=True).click()
    pad.locator("#send").evaluate("button => { for (let i = 0; i < 5; i++) button.click(); }")
    expect(pad.get_by_role("heading", name="Cảm ơn")).to_be_visible()
    assert given(site) == [(3, None)]


def test_it_is_live_only_while_a_rating_is_due(pad: Page, site: RunningSite) -> None:
    expect(pad.locator(".face")).to_have_count(0)
    serve(site)
    expect(pad.locator("#faces")).to_be_visible()
    site.give(KIOSK, IssueTicket(("1",)))
    site.give(CLERK, CallNext("1"))
    site.give(CLERK, StartService("1"))
    expect(pad.locator("#faces")).to_be_hidden()
    expect(pad.locator("#counter-number")).to_be_visible()


def test_its_time_ends_without_any_news(browser: Browser, site: RunningSite) -> None:
    with page_of(browser, TABLET) as page:
        page.clock.install()
        open_pad(page, site)
        serve(site)
        expect(page.locator("#faces")).to_be_visible()
        page.route("**/api/stream", lambda route: route.abort())
        page.clock.fast_forward(RULES.rating_window_s * 1000 + 500)
        expect(page.locator("#faces")).to_be_hidden()


def test_a_choice_about_the_service_before_is_kept_and_never_counts_for_the_next(
    pad: Page, site: RunningSite
) -> None:
    serve(site)
    pad.get_by_role("button", name="Không hài lòng").click()
    site.give(KIOSK, IssueTicket(("1",)))
    site.give(CLERK, CallNext("1"))
    site.give(Actor("keypad-1", "keypad", "1"), CallNext("1", finish_current=True))
    until(lambda: site.hub.snapshot().presses_ignored_today == 1)
    expect(pad.locator("#more")).to_be_hidden()
    pad.get_by_role("button", name="Rất hài lòng").click()
    pad.locator("#send").click()
    expect(pad.get_by_role("heading", name="Cảm ơn")).to_be_visible()
    assert given(site) == [(4, None)]


def test_a_rating_given_elsewhere_ends_it(pad: Page, site: RunningSite) -> None:
    serve(site)
    expect(pad.locator("#faces")).to_be_visible()
    site.give(PAD, Rate("1", 4))
    expect(pad.locator("#faces")).to_be_hidden()


def test_a_refusal_is_told_in_the_hubs_words(pad: Page, site: RunningSite) -> None:
    serve(site)
    pad.route("**/api/stream", lambda route: route.abort())
    pad.get_by_role("button", name="Rất hài lòng").click()
    site.clock.later(600)
    pad.get_by_role("button", name="Gửi đánh giá").click()
    expect(pad.get_by_role("heading", name="Chưa ghi nhận được đánh giá")).to_be_visible()
    assert given(site) == []


def test_whoever_hears_the_page_hears_a_message_once(pad: Page, site: RunningSite) -> None:
    serve(site)
    pad.route("**/api/commands", lambda route: route.fulfill(status=409, json={"detail": "Không."}))
    pad.get_by_role("button", name="Rất hài lòng").click()
    pad.get_by_role("button", name="Gửi đánh giá").click()
    message = pad.locator("[data-shown-in=message]")
    expect(message).to_be_visible()
    message.evaluate(
        """message => {
          window.told = 0;
          const count = (changes) => { window.told += changes.length; };
          const every = { childList: true, subtree: true, characterData: true };
          new MutationObserver(count).observe(message, every);
        }"""
    )
    with pad.expect_event("console", lambda heard: heard.text == "heard"):
        pad.evaluate(
            """() => new MutationObserver(() => console.log("heard")).observe(
              document.getElementById("unit"), { childList: true })"""
        )
        site.give(KIOSK, IssueTicket(("1",)))
    assert pad.evaluate("window.told") == 0


def test_without_reasons_a_press_is_sent_at_once(browser: Browser, site: RunningSite) -> None:
    site.restart_with(msgspec.structs.replace(RULES, rating_reasons=(), rating_levels=3))
    with page_of(browser, TABLET) as page:
        open_pad(page, site)
        serve(site)
        expect(page.locator(".face")).to_have_text(["Rất hài lòng", "Hài lòng", "Chưa hài lòng"])
        page.get_by_role("button", name="Chưa hài lòng").click()
        expect(page.get_by_role("heading", name="Cảm ơn")).to_be_visible()
    assert given(site) == [(1, None)]


def test_english_for_one_person(pad: Page, site: RunningSite) -> None:
    serve(site)
    pad.get_by_role("button", name="English").click()
    expect(pad.locator("html")).to_have_attribute("lang", "en")
    pad.get_by_role("button", name="Very satisfied").click()
    pad.get_by_role("button", name="Attitude of the staff").click()
    expect(pad.get_by_role("heading", name="Thank you")).to_be_visible()
    assert given(site) == [(4, "attitude")]


def test_by_keyboard_and_ear_alone(pad: Page, site: RunningSite) -> None:
    serve(site)
    expect(pad.get_by_role("alert")).to_contain_text("Ông/Bà có hài lòng")
    expect(pad.locator("#question")).to_be_focused()
    expect(pad.get_by_role("group", name="Ông/Bà có hài lòng")).to_be_visible()
    pad.keyboard.press("Tab")
    pad.keyboard.press("Tab")
    pad.keyboard.press("Enter")
    expect(pad.get_by_role("button", name="Hài lòng", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    for _ in range(6):
        pad.keyboard.press("Tab")
        if pad.locator("#send").evaluate("e => e === document.activeElement"):
            break
    pad.keyboard.press("Enter")
    expect(pad.get_by_role("heading", name="Cảm ơn")).to_be_visible()
    assert given(site) == [(3, None)]


@pytest.mark.parametrize("actor", [KIOSK, None])
def test_a_screen_that_is_no_pad(browser: Browser, site: RunningSite, actor: Actor | None) -> None:
    with page_of(browser, TABLET) as page:
        token = "" if actor is None else site.access.add_device(actor)
        page.goto(f"{site.url}/pad#{token}")
        expect(page.get_by_role("heading", name="chưa được đăng ký")).to_be_visible()


def test_a_hub_that_is_away_and_comes_back(pad: Page, site: RunningSite) -> None:
    site.stop_serving()
    expect(pad.get_by_role("heading", name="mất liên lạc")).to_be_visible()
    site.serve_again()
    expect(pad.locator("#counter-number")).to_be_visible()
