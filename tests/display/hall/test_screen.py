"""A hall screen whose page has died is noticed, and its browser started anew."""

import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest

from contract.commands import ReportDevice
from contract.stamp import Stamp
from display.hall.browser import main, switched_on, wait_unless_switched_on
from display.hall.relay import Relay, create_app
from display.hall.screen import Screen
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.browser import chromium
from tests.service_manager import Systemd
from tests.waiting import until

WITHIN_S = 25.0
WATCH_S = 0.4
READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
PAINTED = ReportDevice("hall-screen", "ready")
DARK = ReportDevice("hall-screen", "lost", "not-painted")


class SetClock(SystemClock):
    """A clock that stands still until it is pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 1000

    def stamp(self) -> Stamp:
        return Stamp(0, self.seconds * 1_000_000_000, "b0", synced=False)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def screen(clock: SetClock) -> Screen:
    return Screen(clock)


@pytest.fixture
def server(screen: Screen) -> Iterator[HttpServer]:
    server = HttpServer(create_app(Relay(), screen), HttpAddress("127.0.0.1", 0))
    server.start()
    yield server
    server.stop()


def test_the_hub_hears_once_of_each_change(screen: Screen, clock: SetClock) -> None:
    assert screen.news() is None, "whether there is a screen at all, nobody knows"
    screen.painted(here=True)
    assert [screen.news(), screen.news()] == [PAINTED, None]
    clock.seconds += 29
    assert screen.news() is None
    clock.seconds += 1
    assert [screen.news(), screen.news()] == [DARK, None]
    screen.painted(here=False)
    assert screen.news() == PAINTED


def test_a_page_elsewhere_does_not_stand_for_the_one_here(screen: Screen, clock: SetClock) -> None:
    screen.painted(here=True)
    clock.seconds += 30
    screen.painted(here=False)
    assert screen.painted_here_ago_s is None
    screen.painted(here=True)
    clock.seconds += 7
    assert screen.painted_here_ago_s == 7


def test_a_page_in_a_browser_says_that_it_is_painted(server: HttpServer, screen: Screen) -> None:
    assert asked(server) == 503
    with chromium() as browser:
        page = browser.new_page()
        page.goto(server.url)
        until(lambda: screen.painted_here_ago_s is not None, WITHIN_S)
    assert asked(server) == 204


class Keeper:
    """The real `thutu-hall-screen`, under a stand-in for systemd."""

    def __init__(self, url: str, systemd: Systemd, *command: str) -> None:
        program = [sys.executable, "-m", "display.hall.browser", url, *command]
        self._process = subprocess.Popen(program, env=systemd.environment(WATCH_S))

    def end(self) -> int:
        return self._process.wait(WITHIN_S)


def test_it_lives_while_the_page_is_painted(
    server: HttpServer, screen: Screen, clock: SetClock, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    browser = f"while [ ! -e {ended} ]; do sleep 0.1; done; exit 7"
    with Systemd(tmp_path) as systemd:
        keeper = Keeper(server.url, systemd, "/bin/sh", "-c", browser)
        assert systemd.said_within(3) == []
        screen.painted(here=True)
        until(lambda: systemd.heard(READY), WITHIN_S)
        until(lambda: systemd.heard(ALIVE), WITHIN_S)
        clock.seconds += 30
        systemd.said_within(1)
        assert systemd.said_within(2) == [], "systemd would start it anew now"
        ended.touch()
        assert keeper.end() == 7
        assert systemd.said_within(0) == [STOPPING]


def test_what_the_browser_before_it_painted_does_not_count(
    server: HttpServer, screen: Screen, clock: SetClock, tmp_path: Path
) -> None:
    screen.painted(here=True)
    clock.seconds += 25
    with Systemd(tmp_path) as systemd:
        keeper = Keeper(server.url, systemd, "/bin/sh", "-c", "sleep 8")
        assert systemd.said_within(3) == []
        screen.painted(here=True)
        until(lambda: systemd.heard(READY), WITHIN_S)
        assert keeper.end() == 0


def test_without_the_pages_server_another_browser_would_be_no_better(
    server: HttpServer, screen: Screen, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    browser = f"while [ ! -e {ended} ]; do sleep 0.1; done"
    screen.painted(here=True)
    with Systemd(tmp_path) as systemd:
        keeper = Keeper(server.url, systemd, "/bin/sh", "-c", browser)
        until(lambda: systemd.heard(READY), WITHIN_S)
        server.stop()
        systemd.said_within(1)
        assert ALIVE in systemd.said_within(3)
        ended.touch()
        assert keeper.end() == 0


def test_a_page_that_was_never_reached_is_not_painted(tmp_path: Path) -> None:
    with Systemd(tmp_path) as systemd:
        keeper = Keeper("http://127.0.0.1:1/", systemd, "/bin/sh", "-c", "sleep 3")
        assert keeper.end() == 0
        assert systemd.said_within(0) == [STOPPING]


def test_the_browser_does_not_speak_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "environment"
    with Systemd(tmp_path) as systemd:
        for name, value in systemd.environment(WATCH_S).items():
            monkeypatch.setenv(name, value)
        assert main(["http://127.0.0.1:1/", "/bin/sh", "-c", f"env >{left}; kill -9 $$"]) == 1
    assert "WATCHDOG" not in left.read_text("utf-8")
    assert "NOTIFY" not in left.read_text("utf-8")


def test_without_a_browser_it_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["http://127.0.0.1:1/"])
    assert "thutu-hall-screen --help" in capsys.readouterr().err


def plug(screens: Path, socket: str, state: str) -> None:
    """What the kernel says of a socket for screens."""
    (screens / socket).mkdir(parents=True, exist_ok=True)
    (screens / socket / "status").write_text(f"{state}\n", "ascii")


def test_which_screens_are_switched_on(tmp_path: Path) -> None:
    assert switched_on(tmp_path / "none") == frozenset()
    plug(tmp_path, "card0-HDMI-A-1", "connected")
    plug(tmp_path, "card0-HDMI-A-2", "disconnected")
    plug(tmp_path, "card1-Unknown-1", "unknown")
    (tmp_path / "card0").mkdir()
    assert switched_on(tmp_path) == {"card0-HDMI-A-1"}


@pytest.mark.parametrize("ends", ["sleep 60", "trap '' TERM; sleep 60"], ids=["asked", "killed"])
def test_a_screen_that_is_switched_on_ends_the_browser_and_one_switched_off_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr("display.hall.browser._LOOK_S", 0.05)
    monkeypatch.setattr("display.hall.browser._END_S", 0.2)
    plug(tmp_path, "card0-HDMI-A-1", "connected")
    plug(tmp_path, "card0-HDMI-A-2", "connected")
    codes: list[int] = []
    with subprocess.Popen(["/bin/sh", "-c", f"echo up; {ends}"], stdout=subprocess.PIPE) as browser:
        assert browser.stdout is not None
        assert browser.stdout.readline() == b"up\n"
        waiting = Thread(
            target=lambda: codes.append(wait_unless_switched_on(browser, tmp_path)), daemon=True
        )
        waiting.start()
        plug(tmp_path, "card0-HDMI-A-1", "disconnected")
        waiting.join(0.5)
        assert codes == []

        def is_over() -> bool:
            for state in ("disconnected", "connected"):
                plug(tmp_path, "card0-HDMI-A-1", state)
                waiting.join(0.5)
            return not waiting.is_alive()

        until(is_over, WITHIN_S)
        assert codes[0] < 0


def asked(server: HttpServer) -> int:
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/painted")
    status = connection.getresponse().status
    connection.close()
    return status
