"""The kiosk page on real screens: how it is opened, and what must hold at every size."""

import pytest
from playwright.sync_api import Page, expect

from tests.edge.running_site import KIOSK, RunningSite

SMALL, TABLET, TOTEM = (800, 480), (1280, 800), (1080, 1920)
SIZES = pytest.mark.parametrize("size", [SMALL, TABLET, TOTEM], ids=["small", "tablet", "totem"])


def open_kiosk(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.url}/#{site.access.add_device(KIOSK)}")
    expect(page.locator("#services button")).to_have_count(3)


def issued(site: RunningSite) -> list[str]:
    return sorted(site.hub.house.live.tickets)


def assert_nothing_is_cut_off(page: Page) -> None:
    cut = page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, footer *')]
          .filter(e => e.checkVisibility() && !e.closest('#procedures'))
          .filter(e => {
            const box = e.getBoundingClientRect();
            const out = box.right > innerWidth + 1 || box.bottom > innerHeight + 1
              || box.left < -1 || box.top < -1;
            return out || (e.tagName === 'BUTTON' && e.scrollHeight > e.clientHeight + 1);
          })
          .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")


def assert_targets_are_large(page: Page) -> None:
    small = page.evaluate(
        """() => [...document.querySelectorAll('button')]
          .filter(e => e.checkVisibility())
          .map(e => [e.textContent, e.getBoundingClientRect()])
          .filter(([, box]) => box.width < 60 || box.height < 60)
          .map(([text, box]) => `${text}: ${box.width}x${box.height}`)"""
    )
    assert small == []
