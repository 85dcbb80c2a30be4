"""The application: which screen is on, what the hub told last, and the way out."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from contract.snapshot import Snapshot
from display.terminal.actions import ACTIONS, label_key
from display.terminal.clerk_screen import ClerkScreen
from display.terminal.counters import CountersScreen
from display.terminal.dialogs import ConfirmDialog
from display.terminal.line import Ended, Line, News, Picture
from display.terminal.own_day import OwnDay
from display.terminal.presses import AGAIN_AFTER_S, Presses
from display.terminal.progress import Progress
from display.terminal.records_screen import ReportScreen
from display.terminal.scene import Scene, Targets, desk, desk_phase
from display.terminal.settings import Settings
from display.terminal.sign_in import SignInScreen
from display.terminal.themes import CALM, HIGH_CONTRAST, THEMES
from display.terminal.work import WorkScreen
from runtime.clock import Clock
from runtime.discovery import FoundHub, find
from runtime.hub_client import HubError, StaffSession
from runtime.wording import LANGUAGES, say

HERE = "http://127.0.0.1:8100"  # where a hub listens that nobody told to listen elsewhere
HERE_OVER_TLS = "https://127.0.0.1:8100"
_SEEN_WITHIN_S = 1.0
_LOOK_AROUND_S = 2.0
_SILENT_AFTER_NS = 25_000_000_000  # the hub says something at least every 10 s

_MOVING = frozenset({"up", "down", "pageup", "pagedown", "home", "end"})
_EDITING = frozenset({"backspace", "delete", "left", "right"})


class TerminalApp(App[None]):
    """One clerk's terminal. `turned` is called every second by the screen that is on, as long as it
    and the application take what keys send them."""

    CSS_PATH = Path(__file__).with_name("terminal.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "language", show=False, priority=True),
        Binding("ctrl+k", "contrast", show=False, priority=True),
        Binding("ctrl+q", "quit", show=False, priority=True),
    ]

    class Told(Message):
        """What the line told; posted by its thread."""

        def __init__(self, line: Line, news: News) -> None:
            super().__init__()
            self.line = line
            self.news = news

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        training: bool = False,
        find: Callable[[float], tuple[FoundHub, ...]] = find,
        turned: Callable[[], object] = bool,
    ) -> None:
        super().__init__()
        self.ca_file = settings.ca_file
        self.address = settings.hub or (HERE if self.ca_file is None else HERE_OVER_TLS)
        self.site_name = ""
        self.may_look_around = settings.hub is None
        self.language: str = settings.language
        self.training = training
        self.silent = False
        self.distrust = ""
        self.reports = settings.reports or Path.home()
        self.progress = Progress(settings.progress)
        self._settings = settings
        self._targets = Targets(
            settings.wait_target_min, settings.walk_target_s, settings.quick_finish_s
        )
        self._clock = clock
        self._find = find
        self._turned = turned
        self._line: Line | None = None
        self._picture: Picture | None = None
        self._own = OwnDay()
        self._news = asyncio.Event()
        self._presses = Presses()

    async def on_event(self, event: events.Event) -> None:
        """Take a key that was hit twice, or is held down, for one press."""
        if isinstance(event, events.Key) and not event.is_forwarded and self._same_press(event):
            if isinstance(self.screen, ConfirmDialog) and event.key == "enter":
                self.screen.hold(say("terminal.confirm_again", self.language), AGAIN_AFTER_S)
            return
        await super().on_event(event)

    def on_mount(self) -> None:
        """Ask who is there."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = (HIGH_CONTRAST if self._settings.high_contrast else CALM).name
        self.title = say("terminal.title", self.language)
        self.set_interval(1.0, self._tick)
        self.push_screen(SignInScreen(self))

    def on_unmount(self) -> None:
        """Let go of the hub, which ends the line's thread."""
        if self._line is not None:
            self._line.close()

    # --- what screens ask for -----------------------------------------------------------------

    async def look_around(self) -> tuple[FoundHub, ...]:
        """The hubs that answer on this network; those that cannot prove who they are, left out
        where the settings want proof."""
        try:
            hubs = await asyncio.to_thread(self._find, _LOOK_AROUND_S)
        except OSError:
            return ()  # no network, and so nobody in it
        return tuple(hub for hub in hubs if self.ca_file is None or hub.url.startswith("https:"))

    def choose_hub(self, hub: FoundHub) -> None:
        """Speak with this one from now on."""
        self.address, self.site_name = hub.url, hub.site_name

    @property
    def line(self) -> Line:
        """The line of whoever is signed in."""
        if self._line is None:
            raise RuntimeError("nobody is signed in")
        return self._line

    def scene(self, counter: str) -> Scene | None:
        """The site as the clerk at `counter` sees it now; None before the first picture."""
        if self._picture is None or self._line is None:
            return None
        picture = self._picture
        age_ms = (self._clock.stamp().mono_ns - picture.heard_ns) // 1_000_000
        return Scene(
            picture.snapshot,
            picture.snapshot.now_ms + age_ms,
            self._line.session.staff,
            counter,
            picture.catalogue,
            self._targets,
            self.language,
            None if self.training else self._own.figures,
        )

    async def seen(self, seq: int) -> None:
        """Wait, for a moment at most, until the picture shows what was done at row `seq`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEEN_WITHIN_S):
                while self._picture is not None and self._picture.snapshot.seq < seq:
                    await self._news.wait()

    def come_in(self, session: StaffSession) -> None:
        """Follow the hub for a new session."""
        self._own = OwnDay()
        self._follow(session)
        self._go(CountersScreen(self, just_come=True))

    def take_counter(self, counter: str) -> None:
        """Go on with the work at a counter."""
        self._go(WorkScreen(self, counter))

    def leave_counter(self, words: str) -> None:
        """Choose a counter again, because of `words`."""
        self._go(CountersScreen(self, words))

    def sign_out(self) -> None:
        """End the session and go back to the first screen."""
        line, self._line = self._line, None
        if line is not None:
            self.run_worker(asyncio.to_thread(_end, line))
        self._go(SignInScreen(self))

    def ended(self, words: str) -> None:
        """The session is over, because of `words`."""
        line, self._line = self._line, None
        if line is not None:
            line.close()
        self._go(SignInScreen(self, words))

    def lost(self) -> None:
        """The hub gave no answer; until the next picture it counts as silent."""
        self.silent = True
        self._look()

    # --- what happens -------------------------------------------------------------------------

    def on_terminal_app_told(self, told: Told) -> None:
        """Show what the hub told."""
        if told.line is not self._line:
            return
        if isinstance(told.news, Ended):
            self.bell()
            self.ended(told.news.words)
            return
        if isinstance(told.news, Picture):
            self._picture, self.silent, self.distrust = told.news, False, ""
        else:
            self.distrust = told.news.distrust
            if not self.silent:
                self.bell()
                self.silent = True
        self._news.set()
        self._news = asyncio.Event()
        self._look()

    def on_delivery_complete(self, done: events.DeliveryComplete) -> None:
        """Say where a report was saved; a browser knows by itself."""
        where = say("terminal.in_browser", self.language) if done.path is None else done.path
        self._tell_saved(say("terminal.report_saved", self.language, path=where), refused=False)

    def on_delivery_failed(self, failed: events.DeliveryFailed) -> None:
        """Say why a report was not saved."""
        self.bell()
        error = failed.exception
        cause: object = (error.strerror if isinstance(error, OSError) else None) or error
        if isinstance(error, FileNotFoundError):
            cause = say("terminal.no_such_folder", self.language)
        words = say("terminal.report_not_saved", self.language, cause=cause)
        self._tell_saved(words, refused=True)

    def action_language(self) -> None:
        """Speak the other language."""
        index = LANGUAGES.index(self.language)
        self.language = LANGUAGES[(index + 1) % len(LANGUAGES)]
        if self._line is not None:
            self._line.close()
            self._follow(self._line.session)
        self._look()

    def action_contrast(self) -> None:
        """Look the other way."""
        self.theme = (CALM if self.theme == HIGH_CONTRAST.name else HIGH_CONTRAST).name
        self.call_after_refresh(self._look)  # by then the colours have changed

    async def action_quit(self) -> None:
        """Leave; asked once while a citizen is at the counter, who would be forgotten there."""
        screens = [screen for screen in self.screen_stack if isinstance(screen, WorkScreen)]
        scene = self.scene(screens[0].counter) if screens else None
        counter = None if scene is None else desk(scene)
        if counter is None or counter.ticket is None or isinstance(self.screen, ConfirmDialog):
            self.exit()
            return
        number = counter.ticket.number
        question = say("terminal.confirm_quit", self.language, number=number)
        keys = say("terminal.confirm_keys", self.language)
        self.push_screen(ConfirmDialog(question, keys), self._quit_if)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette finds: all that the keys do."""
        language = self.language
        if isinstance(screen, WorkScreen):
            scene = self.scene(screen.counter)
            counter = None if scene is None else desk(scene)
            phase = "closed" if counter is None else desk_phase(counter)
            for action in ACTIONS:
                if phase in action.phases:
                    yield SystemCommand(
                        say(label_key(action, phase), language),
                        action.keys,
                        lambda chosen=action.id: screen.act(chosen),
                    )
            if self.training:
                words = say("terminal.course_skip", language)
                yield SystemCommand(words, "Ctrl+N", screen.action_skip_lesson)
        yield SystemCommand(say("terminal.language", language), "Ctrl+L", self.action_language)
        yield SystemCommand(say("terminal.contrast", language), "Ctrl+K", self.action_contrast)
        yield SystemCommand(say("terminal.quit", language), "Ctrl+Q", self.action_quit)

    def _follow(self, session: StaffSession) -> None:
        line = Line(
            self.address,
            session,
            self.language,
            self._clock,
            training=self.training,
            ca_file=self.ca_file,
        )
        self._line = line
        self._picture = None
        self.silent, self.distrust = False, ""

        def tell(news: News) -> None:
            self.post_message(self.Told(line, news))

        self.run_worker(lambda: line.follow(tell), thread=True)

    def _quit_if(self, sure: bool | None) -> None:
        if sure:
            self.exit()

    def _same_press(self, key: events.Key) -> bool:
        typing = isinstance(self.focused, Input) and (key.is_printable or key.key in _EDITING)
        same = self._presses.same(key.key, self._clock.stamp().mono_ns)
        return same and not typing and key.key not in _MOVING

    def _tick(self) -> None:
        picture = self._picture
        if self._line is not None and picture is not None and not self.silent:
            age_ns = self._clock.stamp().mono_ns - picture.heard_ns
            self.silent = age_ns > _SILENT_AFTER_NS
            self._keep_own_day(self._line, picture.snapshot)
        self._look()
        # Timers go on where messages are stuck: of both, as a key meets them, one is waited for.
        self.call_next(self._ask_the_screen)

    def _ask_the_screen(self) -> None:
        for screen in self.screen_stack[-1:]:  # none is left at the end
            screen.call_next(self._turn)

    def _turn(self) -> None:
        self._turned()

    def _keep_own_day(self, line: Line, shot: Snapshot) -> None:
        mine = [view.served for view in shot.counters if view.staff == line.session.staff]
        now_ns = self._clock.stamp().mono_ns
        if mine and not self.training and self._own.due(sum(mine), now_ns):
            self.run_worker(self._ask_own_figures(line))

    async def _ask_own_figures(self, line: Line) -> None:
        try:
            figures = await asyncio.to_thread(line.own_figures)
        except HubError:
            self._own.failed()
            return
        if line is self._line:
            self._own.figures = figures
            self._look()

    def _look(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ClerkScreen | SignInScreen) and screen.is_mounted:
                with contextlib.suppress(NoMatches):  # it is being taken down, part by part
                    screen.look()

    def _tell_saved(self, words: str, *, refused: bool) -> None:
        if isinstance(self.screen, ReportScreen):
            self.screen.saved(words, refused=refused)

    def _go(self, screen: Screen[None]) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.switch_screen(screen)


def _end(line: Line) -> None:
    with contextlib.suppress(HubError):  # the hub forgets the session by itself
        line.sign_out()
    line.close()
