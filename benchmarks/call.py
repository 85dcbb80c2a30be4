"""From a clerk's key to the counter display, to the hall screen and to the loudspeaker.

Hub, `thutu-boards`, `thutu-hall` and `thutu-voice` are the real programs, each in a process of its
own. Six displays share an emulated RS-485 line that carries 9600 baud; a call is there once the
last byte of its frame has reached the panel. The page is read in a headless Chromium; a call is
there once the document has it. A stand-in for `aplay` notes the first sample that it is given, so
no sound card's own delay is in the figure. All clocks start before the clerk's request is sent.
The baseline is the hub's own answer to the same request.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import line, quantile
from benchmarks.running_hub import PIN, Client, hub_settings, running_hub
from contract.commands import Actor, Role
from edge.access import Access
from runtime.clock import SystemClock
from simulation.boards.line import BoardLine
from simulation.boards.panels import ModbusPanel

_CALLS = 200
_COUNTERS = 6
_BAUD = 9600
_PATIENCE_S = 20.0
_CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]

_BOARDS = """
hub = "{hub}"
token_file = "boards.token"
[[buses]]
port = "{folder}/rs485"
baud = {baud}
boards = [{boards}]
"""
_HALL = """
hub = "{hub}"
token_file = "hall.token"
port = 0
"""
_VOICE = """
hub = "{hub}"
token_file = "voice.token"
[pace]
times = 1
[[zones]]
name = "hall"
[zones.player]
driver = "aplay"
"""
# Takes everything at once, so that no call waits for the end of another.
_APLAY = """#!/bin/sh
head -c 2 >/dev/null
date +%s%N >>"{samples}"
cat >/dev/null
"""
_WATCH_PAGE = """
(() => {
  window.seen = {};
  new MutationObserver(() => {
    for (const number of document.querySelectorAll("#calling .number")) {
      window.seen[number.textContent] ??= performance.timeOrigin + performance.now();
    }
  }).observe(document, { childList: true, subtree: true });
})();
"""


class _Hub(NamedTuple):
    url: str
    clerk: Client


class _Panel(ModbusPanel):
    """A panel that notes when it showed each number for the first time."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.shown_ms: dict[str, float] = {}
        self.changed = threading.Condition()

    def _show(self, text: str) -> None:
        super()._show(text)
        with self.changed:
            self.shown_ms.setdefault(text, _now_ms())
            self.changed.notify_all()

    def wait_for(self, number: str) -> float:
        """When it showed the number."""
        with self.changed:
            assert self.changed.wait_for(lambda: number in self.shown_ms, _PATIENCE_S), number
            return self.shown_ms[number]


class _Sound:
    """The first samples that a stand-in for `aplay` was given, one line for each saying."""

    def __init__(self, folder: Path) -> None:
        self._samples = folder / "samples"
        self._samples.touch()
        self.path = folder / "bin"
        self.path.mkdir()
        program = self.path / "aplay"
        program.write_text(_APLAY.format(samples=self._samples), encoding="ascii")
        program.chmod(0o755)

    def count(self) -> int:
        """How many there were."""
        return len(self._lines())

    def wait_for(self, count: int) -> float:
        """When there were so many."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.count() < count:
            assert time.monotonic() < deadline, f"{self.count()} sayings, not {count}"
            time.sleep(0.002)
        return int(self._lines()[count - 1]) / 1e6

    def _lines(self) -> list[str]:
        return self._samples.read_text("ascii").split("\n")[:-1]


class _Times(NamedTuple):
    """Milliseconds from the key, one of each kind for every call."""

    answer: list[float]
    board: list[float]
    page: list[float]
    sound: list[float]


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thutu-bench-")))
        hub = stack.enter_context(_hub(folder))
        panels = [_Panel(n) for n in range(1, _COUNTERS + 1)]
        bus = BoardLine(folder / "rs485", panels, SystemClock(), baud=_BAUD)
        stack.callback(bus.unplug)
        boards = ", ".join(
            f'{{ driver = "modbus-digits", counter = "{n}", address = {n} }}'
            for n in range(1, _COUNTERS + 1)
        )
        settings = _BOARDS.format(hub=hub.url, folder=folder, baud=_BAUD, boards=boards)
        stack.enter_context(_program(folder, "boards", settings))
        sound = _Sound(folder)
        path = f"{sound.path}:{os.environ['PATH']}"
        stack.enter_context(_program(folder, "voice", _VOICE.format(hub=hub.url), path))
        url = stack.enter_context(_hall(folder, hub.url))
        page = stack.enter_context(_page(url))
        sound.wait_for(1)  # the program tries whether there is a card
        hub.clerk.close()  # idle for longer than the hub keeps a connection; the next one opens it
        times = _call(hub.clerk, panels, page, sound)
    assert len(times.sound) == _CALLS
    for name, values in (
        ("call_to_board", times.board),
        ("call_to_page", times.page),
        ("call_to_sound", times.sound),
    ):
        for label, q in (("p50", 0.5), ("p99", 0.99)):
            baseline = f"the hub's answer to the call, {label}"
            print(
                line(
                    f"{name}.{label}_ms",
                    quantile(values, q),
                    "ms",
                    baseline,
                    quantile(times.answer, q),
                )
            )


def _call(clerk: Client, panels: list[_Panel], page: Page, sound: _Sound) -> _Times:
    """Call again and again at counter 1, while displays of five others flash and stand still."""
    times = _Times([], [], [], [])
    for n in range(2, _COUNTERS + 1):
        said = sound.count()
        number = clerk.number(type="CallNext", counter=str(n))
        panels[n - 1].wait_for(number)
        sound.wait_for(said + 1)
        if n % 2:
            clerk.number(type="StartService", counter=str(n))
    for call in range(_CALLS):
        said = sound.count()
        started_ms = _now_ms()
        number = clerk.number(type="CallNext", counter="1")
        times.answer.append(_now_ms() - started_ms)
        times.board.append(panels[0].wait_for(number) - started_ms)
        times.sound.append(sound.wait_for(said + 1) - started_ms)
        times.page.append(_seen_ms(page, number) - started_ms)
        for command in ("StartService", "FinishService"):
            clerk.number(type=command, counter="1")
        time.sleep(0.05 + 0.35 * (call * 0.618 % 1))  # at ever other points of the line's round
    return times


def _seen_ms(page: Page, number: str) -> float:
    deadline = time.monotonic() + _PATIENCE_S
    while (seen := page.evaluate("number => window.seen[number] ?? null", number)) is None:
        assert time.monotonic() < deadline, f"{number} never came to the page"
        page.wait_for_timeout(5)
    return float(seen)


@contextmanager
def _hub(folder: Path) -> Iterator[_Hub]:
    config = folder / "hub.toml"
    config.write_text(hub_settings(folder / "data", counters=_COUNTERS), encoding="utf-8")
    access = Access(folder / "data" / "access.db", SystemClock())
    for display in ("boards", "hall", "voice"):
        (folder / f"{display}.token").write_text(_token(access, display, "display"), "ascii")
    kiosk_token = _token(access, "kiosk-1", "kiosk")
    access.set_pin("tt01", "supervisor", PIN)
    session = access.sign_in("tt01", PIN)
    access.close()
    assert session is not None
    with (
        running_hub(config) as port,
        closing(Client(port, kiosk_token)) as kiosk,
        closing(Client(port, session.token)) as clerk,
    ):
        for _ in range(_CALLS + _COUNTERS):
            kiosk.number(type="IssueTicket", services=["1"], on_paper=False)
        for n in range(1, _COUNTERS + 1):
            assert clerk.command(type="OpenCounter", counter=str(n))[0] == 200
        yield _Hub(f"http://127.0.0.1:{port}", clerk)


def _token(access: Access, name: str, role: Role) -> str:
    return access.add_device(Actor(name, role))


@contextmanager
def _program(folder: Path, name: str, settings: str, path: str = "") -> Iterator[None]:
    config = folder / f"{name}.toml"
    config.write_text(settings, encoding="utf-8")
    with _process("-m", f"display.{name}", "--config", str(config), path=path):
        yield


@contextmanager
def _hall(folder: Path, hub: str) -> Iterator[str]:
    """The hall screen's program, and the address that it logs."""
    (folder / "hall.toml").write_text(_HALL.format(hub=hub), encoding="utf-8")
    arguments = ("-m", "display.hall", "--config", str(folder / "hall.toml"))
    with _process(*arguments, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        for said in process.stderr:
            if "http://" in said:
                break
        yield said.split()[-1]


@contextmanager
def _process(
    *arguments: str, path: str = "", stderr: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **({"PATH": path} if path else {})},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def _page(url: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.add_init_script(_WATCH_PAGE)
        page.goto(url)
        page.locator("body:not(.offline)").wait_for()
        yield page
        browser.close()


def _now_ms() -> float:
    return time.time_ns() / 1e6


if __name__ == "__main__":
    main()
