"""A terminal without a screen, in front of a real hub."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from html import unescape
from pathlib import Path

from textual.pilot import Pilot

from contract import commands as c
from contract.codec import decode_entry
from contract.commands import Actor, Answer
from contract.events import AnyEvent
from display.terminal.app import TerminalApp
from display.terminal.clerk_screen import ClerkScreen
from display.terminal.settings import Settings
from runtime.discovery import FoundHub, find
from tests.edge.running_site import RULES, RunningSite, TestClock

PIN = "482915"
_CELL_WIDTH = 12.2  # Rich's, in a screenshot
GREETER = Actor("cd01", "greeter")


class Station:
    """One clerk's terminal, and the keys that are pressed on it."""

    def __init__(
        self, site: RunningSite, clock: TestClock, app: TerminalApp, pilot: Pilot[None]
    ) -> None:
        self.site = site
        self.clock = clock
        self.app = app
        self._pilot = pilot

    @property
    def screen(self) -> str:
        """Everything that can be read now."""
        return text_of(self.app.export_screenshot())

    @property
    def seq(self) -> int:
        """The journal row up to which the terminal has heard."""
        scene = self.app.scene("1")
        return -1 if scene is None else scene.snapshot.seq

    def phase(self, number: str) -> str:
        """What the hub knows of a ticket."""
        return self.site.hub.house.live.tickets[number].phase

    async def press(self, *keys: str) -> None:
        """Press keys, a second apart, each when the hub has answered the one before."""
        for key in keys:
            self.clock.later(1)
            await self._pilot.press(key)
            await self.until(lambda: not self._awaiting, "an answer")

    @property
    def _awaiting(self) -> bool:
        return any(
            isinstance(screen, ClerkScreen) and screen.awaiting for screen in self.app.screen_stack
        )

    async def hit(self, *keys: str) -> None:
        """Press keys in one moment."""
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type text at once, as people and scanners do."""
        await self.hit(*text)

    async def sees(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        await self.until(lambda: all(word in self.screen for word in words), " / ".join(words))

    async def until(self, happened: Callable[[], bool], what: str = "") -> None:
        """Wait until something happened."""
        deadline = time.monotonic() + 30
        while not happened():
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.screen}"
            await self._pilot.pause(0.01)

    async def sign_in(self, staff: str = "nv01", pin: str = PIN) -> None:
        """Type name and PIN."""
        await self.sees("ĐĂNG NHẬP")
        await self.type(staff)
        await self.press("enter")
        await self.sees("▸ Mã PIN")
        await self.type(pin)
        await self.press("enter")

    async def sit_down(self, staff: str = "nv01") -> None:
        """Sign in and take the first counter."""
        await self.sign_in(staff)
        await self.sees("Chọn quầy", "Quầy 1")
        await self.press("enter")
        await self.sees("SẴN SÀNG")


def opened(folder: Path, certificate: Path | None = None) -> RunningSite:
    """A hub with two clerks and a supervisor, over TLS with a `certificate`."""
    site = RunningSite(folder, TestClock(), RULES, certificate)
    for staff, role in (("nv01", "clerk"), ("nv02", "clerk"), ("pt01", "supervisor")):
        site.access.set_pin(staff, role, PIN)  # type: ignore[arg-type]  # two of the roles
    return site


def issue(site: RunningSite, *services: str, priority: str | None = None) -> None:
    """Citizens take numbers, a minute apart."""
    for service in services:
        given = site.give(GREETER, c.IssueTicket((service,), priority=priority))
        assert isinstance(given, Answer)
        site.clock.later(60)


def events_of(site: RunningSite) -> list[AnyEvent]:
    """Everything that was stored, in its order."""
    return [decode_entry(row.body).event for row in site.hub.journal.checked_rows()]


def at_station(
    site: RunningSite,
    scenario: Callable[[Station], Awaitable[None]],
    size: tuple[int, int] = (80, 24),
    *,
    training: bool = False,
    settings: Settings | None = None,
    find: Callable[[float], tuple[FoundHub, ...]] = find,
) -> None:
    """Live through a scenario at a terminal of that size."""

    async def live() -> None:
        clock = TestClock()
        progress = site.folder / "course.json"
        chosen = settings or Settings(hub=site.url, quick_finish_s=0, progress=progress)
        app = TerminalApp(chosen, clock, training=training, find=find)
        async with app.run_test(size=size) as pilot:
            await scenario(Station(site, clock, app, pilot))

    asyncio.run(live())


def text_of(svg: str) -> str:
    """The words of a screenshot, each where it stands."""
    lines: dict[float, str] = {}
    for x, y, words in re.findall(r'<text[^>]* x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', svg):
        before = lines.get(float(y), "").ljust(round(float(x) / _CELL_WIDTH))
        lines[float(y)] = before + unescape(words).replace("\xa0", " ")
    return "\n".join(lines[y] for y in sorted(lines))
