"""The hall screen in a real browser, fed from a hub over HTTP."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from contract.snapshot import CallView, ServiceView, Snapshot
from display.hall.__main__ import feed, main
from display.hall.relay import Relay, create_app
from display.hall.scene import scene
from display.hall.screen import Screen
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import NOW_MS, counter_view, snapshot, ticket

WITHIN_MS = 10_000
TURN_MS = 6000
LEAST_REST_MS = 6000


class Hall:
    def __init__(self) -> None:
        self.hub = ListeningHub()
        self.client = HubClient(self.hub.url, TOKEN, silent_after_s=0.1)
        self.relay = Relay()
        self.server = HttpServer(
            create_app(self.relay, Screen(SystemClock())), HttpAddress("127.0.0.1", 0)
        )
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


def calling(number: str, counter: str, seq: int) -> Snapshot:
    call = CallView(seq=seq, number=number, counter=counter, at_ms=NOW_MS, times=1)
    return snapshot(counter_view(counter, number), seq=seq, calls=(call,))


def test_browsers_need_no_token_and_get_the_newest_scene_at_once(hall: Hall) -> None:
    hall.hub.publish(calling("1025", "3", 5))
    with httpx.stream("GET", f"{hall.server.url}/events", timeout=10) as events:
        for line in events.iter_lines():
            if '"number":"1025"' in line:
                break
    page = httpx.get(hall.server.url, timeout=30)
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
    hall.server = HttpServer(
        create_app(hall.relay, Screen(SystemClock())), HttpAddress("127.0.0.1", port)
    )
    hall.server.start()
    expect(page.locator(".banner")).to_be_hidden(timeout=WITHIN_MS)
    page.close()


def test_a_page_from_before_an_update_loads_itself_anew(hall: Hall, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(hall.server.url)
    page.evaluate("document.body.dataset.version = 'older'")
    port = hall.server.port
    hall.server.stop()
    hall.server = HttpServer(
        create_app(hall.relay, Screen(SystemClock())), HttpAddress("127.0.0.1", port)
    )
    hall.server.start()
    expect(page.locator("body")).not_to_have_attribute("data-version", "older", timeout=WITHIN_MS)
    page.close()


def test_a_service_that_has_a_free_counter_promises_no_wait_of_no_minutes(
    hall: Hall, browser: Browser
) -> None:
    waits = (("1", 0, 0), ("2", 2, 12), ("5", 3, None))
    services = tuple(ServiceView(id_, n, None, wait, 1) for id_, n, wait in waits)
    hall.hub.publish(replace(snapshot(), services=services, seq=8))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(hall.server.url)
    expect(page.locator("#waiting .count")).to_have_text(
        ["đến lượt ngay", "2 người · ~12 phút", "3 người"], use_inner_text=False
    )
    page.close()


def test_next_numbers_stand_with_their_service_and_many_services_take_turns(
    hall: Hall, browser: Browser
) -> None:
    picture = snapshot()
    waiting = tuple(ticket(number) for number in ("1031", "2007", "1032", "1033"))
    services = tuple(ServiceView(str(n), n, None, None, 1) for n in range(1, 6))
    hall.hub.publish(replace(picture, waiting=waiting, services=services, seq=8))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.install()
    page.goto(hall.server.url)
    first = page.locator("#waiting li").first
    expect(first.locator(".next")).to_have_text("1031  1032", use_inner_text=False)
    expect(page.locator("#waiting li")).to_have_count(5)
    seen: set[str] = set()
    for _ in range(3):
        expect(page.locator("#waiting li:visible")).not_to_have_count(0)
        seen.update(page.locator("#waiting li:visible .count").all_inner_texts())
        page.clock.run_for(TURN_MS)
    assert seen == {f"{n} người" for n in range(1, 6)}
    page.close()


def test_a_call_that_is_repeated_flashes_again_and_a_new_journal_does_not_hide_it(
    hall: Hall, browser: Browser
) -> None:
    hall.hub.publish(calling("1025", "3", 900))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(hall.server.url)
    expect(page.locator("#calling li")).to_have_count(1)
    for seq in (901, 4):
        hall.hub.publish(calling("1025", "3", seq))
        expect(page.locator(f"#calling .new[data-key='{seq}']")).to_have_count(1)
    page.close()


def test_wrong_settings_end_the_program_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "hall.toml"
    config.write_text('hub = "http://127.0.0.1:1"', "utf-8")
    assert main(["--config", str(config)]) == 1
    assert "token_file" in capsys.readouterr().err


LONG_NOTICE = "Thứ bảy hằng tuần trung tâm làm việc buổi sáng, từ 7 giờ 30 đến 11 giờ 30. " * 3


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_long_notice_rests_runs_to_its_end_and_makes_way(
    browser: Browser, motion: Literal["no-preference", "reduce"]
) -> None:
    relay = Relay()
    server = HttpServer(create_app(relay, Screen(SystemClock())), HttpAddress("127.0.0.1", 0))
    server.start()
    relay.publish(scene(snapshot(), {}, (LONG_NOTICE, "Xin giữ trật tự.")))
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.emulate_media(reduced_motion=motion)
    page.clock.install()
    page.goto(server.url)
    text = page.locator("#notice span")
    expect(text).to_have_text(LONG_NOTICE.strip())
    if motion == "reduce":
        assert text.evaluate("e => e.getAnimations().length") == 0
        lines = text.evaluate("e => Math.round(e.offsetHeight / e.parentElement.clientHeight)")
        tops = []
        for _ in range(lines):
            tops.append(page.locator("#notice").evaluate("e => e.scrollTop / e.clientHeight"))
            page.clock.run_for(LEAST_REST_MS)
        assert tops == pytest.approx(list(range(lines)), abs=0.05)
        assert lines > 1
    else:
        assert _edge_at(page, 2900) == pytest.approx(_edge_at(page, 0))
        pace_px_per_s = _edge_at(page, 4000, "left") - _edge_at(page, 5000, "left")
        assert pace_px_per_s == pytest.approx(3.5 * 54, rel=0.02)
        end_ms = text.evaluate("e => e.getAnimations()[0].effect.getTiming().duration")
        room_px = page.evaluate("innerWidth")
        assert _edge_at(page, end_ms - 2900) == pytest.approx(_edge_at(page, end_ms - 1))
        assert _edge_at(page, end_ms - 1) <= room_px
        text.evaluate("e => e.getAnimations()[0].finish()")
    expect(text).to_have_text("Xin giữ trật tự.")
    page.close()
    server.stop()


def _edge_at(page: Page, ms: float, edge: str = "right") -> float:
    """Where the notice's edge is so many milliseconds into its run."""
    place: float = page.locator("#notice span").evaluate(
        """(element, [ms, edge]) => {
          const [run] = element.getAnimations();
          run.pause();
          run.currentTime = ms;
          return element.getBoundingClientRect()[edge];
        }""",
        [ms, edge],
    )
    return place


def test_a_call_is_marked_without_flashing_where_motion_is_not_wanted(
    hall: Hall, browser: Browser
) -> None:
    hall.hub.publish(snapshot(counter_view("3"), seq=4))
    page = browser.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(hall.server.url)
    expect(page.locator("#nobody")).to_be_visible()
    hall.hub.publish(calling("1025", "3", 5))
    row = page.locator("#calling .new")
    assert row.evaluate("e => getComputedStyle(e).animationName") == "mark"
    assert row.evaluate("e => getComputedStyle(e).animationIterationCount") == "1"
    page.close()
