"""A terminal under a service manager that watches it: the program itself, and one held up."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.message_pump import MessagePump

from display.terminal.app import TerminalApp
from display.terminal.settings import Settings
from runtime.clock import SystemClock
from runtime.service_manager import ServiceManager, Watchdog
from tests.display.terminal.tmux import Tmux
from tests.service_manager import Systemd
from tests.waiting import until

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
NOBODY = "http://127.0.0.1:9"
SLOW_START_S = 120
HELD_S = 4  # in which a terminal that lives is heard of four times


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_terminal_is_ready_with_its_first_screen_and_then_gives_signs_of_life(
    tmp_path: Path,
) -> None:
    with Systemd(tmp_path) as systemd:
        told = " ".join(f"{key}={value}" for key, value in systemd.environment(watch_s=2).items())
        command = f"exec env {told} {sys.executable} -m display.terminal --hub {NOBODY}"
        window = Tmux(tmp_path, 80, 24, "screen", command)
        try:
            until(lambda: systemd.heard(READY), SLOW_START_S)
            window.shows("ĐĂNG NHẬP")
            for _ in range(3):
                until(lambda: systemd.heard(ALIVE))
            window.press("C-q")
            until(lambda: STOPPING in systemd.said_within(0.1))
        finally:
            window.close()


def test_a_loop_that_stands_still_gives_no_sign_of_life(tmp_path: Path) -> None:
    async def scenario(systemd: Systemd, _app: TerminalApp) -> None:
        # Listening lets no turn of the loop happen; the one before it may still be told of.
        assert systemd.said_within(HELD_S) in ([], [ALIVE])

    watched(tmp_path, scenario)


@pytest.mark.parametrize(
    "held_up", [lambda app: app, lambda app: app.screen], ids=["application", "screen"]
)
def test_messages_that_are_stuck_give_no_sign_of_life(
    tmp_path: Path, held_up: Callable[[TerminalApp], MessagePump]
) -> None:
    """While the loop turns and timers go on, no key does anything."""

    async def scenario(systemd: Systemd, app: TerminalApp) -> None:
        stuck, let_go = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            stuck.set()
            await let_go.wait()

        held_up(app).call_next(wait)
        await stuck.wait()
        said = await asyncio.to_thread(systemd.said_within, HELD_S)
        let_go.set()
        assert said in ([], [ALIVE])

    watched(tmp_path, scenario)


def watched(folder: Path, scenario: Callable[[Systemd, TerminalApp], Awaitable[None]]) -> None:
    """Live through a scenario at a terminal that gives signs of life before and after it."""

    async def live() -> None:
        with Systemd(folder) as systemd:

            async def lives() -> None:
                await asyncio.to_thread(until, lambda: systemd.heard(ALIVE))

            watchdog = Watchdog(ServiceManager(systemd.environment(watch_s=0.4)))
            app = TerminalApp(Settings(hub=NOBODY), SystemClock(), turned=watchdog.loop())
            watchdog.start()
            async with app.run_test():
                await asyncio.to_thread(until, lambda: systemd.heard(READY))
                await lives()
                await scenario(systemd, app)
                await lives()
                watchdog.stop()

    asyncio.run(live())
