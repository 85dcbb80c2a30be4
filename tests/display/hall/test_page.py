"""The hall screen in a real browser, fed from a hub over HTTP."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from contract.snapshot import CallView, Snapshot
from display.hall.__main__ import feed, main
from display.hall.relay import Relay, create_app
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import NOW_MS, counter_view, snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENS = [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920)]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WITHIN_MS = 10_000
DIGIT_EM = 0.7


class Hall:
    def __init__(self) -> None:
        self.hub = ListeningHub()
        self.client = HubClient(self.hub.url, TOKEN, silent_after_s=0.1)
        self.relay = Relay()
        self.server = HttpServer(create_app(self.relay), "127.0.0.1", 0)
        self.server.start()
        self.feeder = threading.Thread(target=feed, args=(self.relay, self.client))
        self.feeder.start()

    def close(self) -> None:
        self.client.close()
        self.feeder.join()
        self.server.stop()
        self.hub.close()


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt install chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def calling(number: str, counter: str, seq: int) -> Snapshot:
    call = CallView(seq=seq, number=number, counter=counter, at_ms=NOW_MS, times=1)
    return snapshot(counter_view(counter, number), seq=seq, calls=(call,))


def test_browsers_need_no_token_and_get_the_newest_scene_at_once(hall: Hall) -> None:
    hall.hub.publish(calling("1025", "3", 5))
    with httpx.stream("GET", f"{hall.server.url}/events", timeout=10) as events:
        for line in events.iter_lines():
            if '"number":"1025"' in line:
                break
    page = httpx.get(hall.server.url)
    assert "MỜI CÔNG DÂN" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_the_page_shows_calls_flashes_new_ones_and_says_when_it_is_cut_off(
    hall: Hall, browser: Browser
) -> None:
    hall.hub.publish(calling("1024", "1", 5))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(hall.server.url)
    expect(page.locator("#calling li")).to_have_text("1024Quầy 1")
    expect(page.locator("#calling .new")).to_have_count(0)
    expect(page.locator("#clock")).to_have_text("09:10")
    expect(page.locator("#waiting li").first).to_contain_text("Hộ tịch – Chứng thực")
    expect(page.locator(".banner")).to_be_hidden()
    hall.hub.publish(calling("2007", "11", 6))
    expect(page.locator("#calling .new .number")).to_have_text("2007")
    hall.hub.publish(snapshot(counter_view("11"), seq=7))
    expect(page.locator("#nobody")).to_be_visible()
    hall.hub.close()
    expect(page.locator(".banner")).to_be_visible(timeout=WITHIN_MS)
    hall.hub = ListeningHub(("127.0.0.1", hall.hub.port))
    expect(page.locator(".banner")).to_be_hidden(timeout=WITHIN_MS)
    page.close()
    assert faults == []


def test_a_page_whose_server_is_gone_says_so_and_recovers_by_itself(
    hall: Hall, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(hall.server.url)
    expect(page.locator(".banner")).to_be_hidden(timeout=WITHIN_MS)
    port = hall.server.port
    hall.server.stop()
    expect(page.locator(".banner")).to_be_visible(timeout=WITHIN_MS)
    hall.server = HttpServer(create_app(hall.relay), "127.0.0.1", port)
    hall.server.start()
    expect(page.locator(".banner")).to_be_hidden(timeout=WITHIN_MS)
    page.close()


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_called_numbers_are_37_mm_high_on_a_43_inch_screen(
    hall: Hall, browser: Browser, width: int, height: int
) -> None:
    calls = tuple(
        CallView(seq=9 - place, number=number, counter="3", at_ms=NOW_MS, times=1)
        for place, number in enumerate(("1025", "1024", "1023", "1022", "1021", "1020"))
    )
    hall.hub.publish(snapshot(counter_view("3", "1025"), calls=calls))
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(hall.server.url)
    screen_mm = 535 if width > height else 952
    for list_, rows in (("#calling", 1), ("#recent", 5)):
        numbers = page.locator(f"{list_} .number")
        expect(numbers).to_have_count(rows)
        font_px = numbers.last.evaluate("row => parseFloat(getComputedStyle(row).fontSize)")
        assert DIGIT_EM * font_px / height * screen_mm > 37
        bottom_px = numbers.last.evaluate("row => row.getBoundingClientRect().bottom")
        panel_px = page.locator(list_).evaluate(
            "list => list.parentElement.getBoundingClientRect().bottom"
        )
        assert bottom_px <= panel_px
    assert _fits(page)
    page.close()


def _fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
            " && document.documentElement.scrollHeight <= innerHeight"
        )
    )


def test_wrong_settings_end_the_program_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "hall.toml"
    config.write_text('hub = "http://127.0.0.1:1"', "utf-8")
    assert main(["--config", str(config)]) == 1
    assert "token_file" in capsys.readouterr().err
