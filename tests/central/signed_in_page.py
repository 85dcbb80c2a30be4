"""Who has signed in at the centre, with a program or by hand in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser import Size, page_of
from tests.central.nation import Nation


@contextmanager
def signed_in(served: Nation, who: str) -> Iterator[httpx.Client]:
    """A client with the session of one of WHO."""
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=30) as client:
        assert client.post("/sign-in", data={"token": served.tokens[who]}).status_code == 200
        yield client


@contextmanager
def signed_in_page(served: Nation, browser: Browser, size: Size) -> Iterator[Page]:
    """The national board in a fresh window of `size` (CSS pixels), with the token typed in."""
    with page_of(browser, size) as page:
        page.goto(f"{served.url}/sign-in")
        page.locator("summary").click()
        page.fill("#token", served.tokens["national"])
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Cả nước")
        page.wait_for_load_state()
        yield page
