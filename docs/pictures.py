"""Makes the pictures in `docs/pictures/`: a ticket and its page, kiosk, hall, the centre's pages.

Everything on them is real: a simulated morning is lived, and Chromium photographs what is served.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from simulation.clock import SimulatedTime
from simulation.demo.run import Demo, Plan
from simulation.demo.screen import Screen
from simulation.demo.stage import TICKET_PAGE, Stage
from simulation.site import SimulatedSite
from simulation.visits import at

_FOLDER = Path(__file__).with_name("pictures")
_MONDAY = date(2026, 11, 23)
_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_DRAWN_MS = 1_500


def main() -> None:
    """Live until twenty to ten, and photograph."""
    _FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="thutu-pictures-") as folder:
        plan = Plan(Path(folder), sites=3, seed=7, speed=None, day=_MONDAY)
        simulated = SimulatedTime(at(_MONDAY, time(6, 30)), speed=None)
        with Stage(plan.root, plan.communes, simulated, plan.seed) as stage:
            demo = Demo(plan, simulated, stage, Screen(Console(quiet=True), drawing=False))
            demo.live(at(_MONDAY, time(9, 40)))
            busy = stage.sites[0]
            _live_until_somebody_is_called(demo, busy)
            slip = max(busy.files.tickets.glob("1*.png"))
            shutil.copyfile(slip, _FOLDER / "ticket.png")
            with _chromium() as browser:
                _photograph(browser, busy.kiosk_url("kiosk-2"), (1080, 1400), "kiosk")
                _photograph(browser, busy.displays.hall_url, (1280, 720), "hall")
                hub = busy.node.hub
                waiting = hub.snapshot().waiting[-1].number
                place = TICKET_PAGE.format(node=hub.identity.node, day=_MONDAY, number=waiting)
                _photograph(browser, stage.centre.url + place, (390, 640), "place")
                _photograph_centre(browser, stage, busy.rules.site)


def _live_until_somebody_is_called(demo: Demo, site: SimulatedSite) -> None:
    hub = site.node.hub
    before = hub.snapshot().calls
    while hub.snapshot().calls == before:
        demo.live(demo.agenda.next_ms)


def _photograph(browser: Browser, url: str, size: tuple[int, int], name: str) -> None:
    page = _page(browser, size)
    page.goto(url)
    page.wait_for_timeout(_DRAWN_MS)
    page.screenshot(path=_FOLDER / f"{name}.png")
    page.close()


def _photograph_centre(browser: Browser, stage: Stage, site: str) -> None:
    page = _page(browser, (1280, 900))
    page.goto(f"{stage.centre.url}/sign-in")
    page.locator("summary").click()
    page.fill("#token", stage.centre_token)
    page.click("form button")
    for name, path in (
        ("centre", f"/?day={_MONDAY}"),
        ("site", f"/sites/{site}/days/{_MONDAY}"),
    ):
        page.goto(stage.centre.url + path)
        page.wait_for_timeout(_DRAWN_MS)
        page.screenshot(path=_FOLDER / f"{name}.png")
    page.close()


def _page(browser: Browser, size: tuple[int, int]) -> Page:
    return browser.new_page(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


if __name__ == "__main__":
    main()
