"""The hall screen in a real browser mends itself, whatever dies, without a hand on it."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as BrowserError

from contract.snapshot import CallView, Snapshot
from display.hall.__main__ import feed
from display.hall.relay import Relay, create_app
from display.hall.screen import Screen
from runtime import hub_client
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.hub_client import HubClient
from tests.display.hall.dead_line import DeadLine
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.display.scenes import NOW_MS, counter_view, snapshot
from tests.waiting import until

BANNER_WITHIN_MS = 5000 + 1000 + 1500  # the promise, the page's tick, and a busy machine
MENDED_WITHIN_MS = 60_000  # Chromium itself tries again after 1, 5 and 30 s
WITHIN_S = 25.0
SETTINGS = 'hub = "{hub}"\ntoken_file = "token"\nport = {port}\n'


@pytest.fixture
def hub() -> Iterator[ListeningHub]:
    hub = ListeningHub()
    hub.publish(calling("1024", 1))
    yield hub
    hub.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


class Program:
    """The real `thutu-hall`, which can be stopped as badly as one likes."""

    def __init__(self, hub: str, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._folder = folder
        (folder / "hall.toml").write_text(SETTINGS.format(hub=hub, port=self.port), "utf-8")
        (folder / "token").write_text(TOKEN, "ascii")

    def start(self) -> None:
        command = [sys.executable, "-m", "display.hall", "--config", "hall.toml"]
        path = os.environ | {"PYTHONPATH": str(Path.cwd())}
        self._process = subprocess.Popen(command, cwd=self._folder, env=path)

    def signal(self, number: Signals) -> None:
        self._process.send_signal(number)

    def end(self, by: Signals) -> None:
        self.signal(by)
        self._process.wait(WITHIN_S)

    def serves(self) -> bool:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False


@pytest.fixture
def program(hub: ListeningHub, tmp_path: Path) -> Iterator[Program]:
    program = Program(hub.url, tmp_path)
    program.start()
    until(program.serves, WITHIN_S)
    yield program
    program.end(SIGKILL)


def calling(number: str, seq: int) -> Snapshot:
    call = CallView(seq=seq, number=number, counter="1", at_ms=NOW_MS, times=1)
    return snapshot(counter_view("1", number), seq=seq, calls=(call,))


def open_page(page: Page, url: str) -> None:
    """Open it with a mark, which a page that is loaded anew does not have."""
    page.goto(url)
    shows(page, "1024")
    page.evaluate("window.mark = 1")


def shows(page: Page, number: str) -> None:
    expect(page.locator("#calling .number")).to_have_text(number, timeout=MENDED_WITHIN_MS)
    expect(page.locator(".banner")).to_be_hidden()


def says_that_it_is_cut_off(page: Page) -> None:
    expect(page.locator(".banner")).to_be_visible(timeout=BANNER_WITHIN_MS)


def was_never_loaded_anew(page: Page) -> bool:
    mark: object = page.evaluate("window.mark")
    return mark == 1


def test_a_stream_that_is_dead_without_closing_is_noticed_and_left(
    hub: ListeningHub, program: Program, page: Page
) -> None:
    line = DeadLine(program.port)
    open_page(page, line.url)
    line.cut()
    hub.publish(calling("2007", 2))
    says_that_it_is_cut_off(page)
    until(lambda: line.unanswered > 0, WITHIN_S)  # it has tried again, in vain
    line.mend()
    shows(page, "2007")
    assert was_never_loaded_anew(page)
    line.close()


def test_a_display_program_may_be_killed_and_start_again(
    hub: ListeningHub, program: Program, page: Page
) -> None:
    open_page(page, program.url)
    program.end(SIGKILL)
    says_that_it_is_cut_off(page)
    hub.publish(calling("2007", 2))
    program.start()
    shows(page, "2007")
    assert was_never_loaded_anew(page)


def test_a_display_program_may_hang_and_go_on(
    hub: ListeningHub, program: Program, page: Page
) -> None:
    open_page(page, program.url)
    program.signal(SIGSTOP)
    says_that_it_is_cut_off(page)
    hub.publish(calling("2007", 2))
    program.signal(SIGCONT)
    shows(page, "2007")
    assert was_never_loaded_anew(page)


def test_a_hub_that_says_nothing_though_its_line_stands_is_silent(
    hub: ListeningHub, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_client, "_STREAM_QUIET_S", 1.0)
    line = DeadLine(hub.port)
    relay, client = Relay(), HubClient(line.url, TOKEN)
    server = HttpServer(create_app(relay, Screen(SystemClock())), HttpAddress("127.0.0.1", 0))
    server.start()
    feeder = threading.Thread(target=feed, args=(relay, client))
    feeder.start()
    open_page(page, server.url)
    line.cut()
    hub.publish(calling("2007", 2))
    says_that_it_is_cut_off(page)
    line.mend()
    shows(page, "2007")
    assert was_never_loaded_anew(page)
    client.close()
    feeder.join()
    server.stop()
    line.close()


def test_a_browser_that_slept_while_its_line_died_finds_back(
    hub: ListeningHub, program: Program, page: Page
) -> None:
    line = DeadLine(program.port)
    open_page(page, line.url)
    session = page.context.new_cdp_session(page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    line.cut()
    hub.publish(calling("2007", 2))
    line.mend()
    session.send("Page.setWebLifecycleState", {"state": "active"})
    says_that_it_is_cut_off(page)
    shows(page, "2007")
    assert was_never_loaded_anew(page)
    line.close()


def test_a_page_that_comes_whole_needs_no_other_file(
    hub: ListeningHub, program: Program, page: Page
) -> None:
    """A program that dies right after it has served the page leaves no page without its script."""
    page.route(re.compile("/(fonts/|icon)"), lambda route: route.abort())
    open_page(page, program.url)
    hub.publish(calling("2007", 2))
    shows(page, "2007")


def test_a_browser_that_is_up_before_its_program_needs_no_hand(
    hub: ListeningHub, tmp_path: Path, page: Page
) -> None:
    program = Program(hub.url, tmp_path)
    with pytest.raises(BrowserError, match="ERR_CONNECTION_REFUSED"):
        page.goto(program.url)
    program.start()
    shows(page, "1024")
    program.end(SIGKILL)
