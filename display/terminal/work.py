"""The clerk's main screen: every key is one wish, and every wish has one answer."""

import asyncio
import contextlib
from secrets import SystemRandom
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from contract.commands import IssueTicket
from contract.snapshot import CounterView
from display.terminal import house_view
from display.terminal.actions import ACTIONS, Action, ActionId, action_of, label_key
from display.terminal.asking import AboutWhomIsThere, command_for
from display.terminal.clerk_screen import ClerkScreen, Desk
from display.terminal.course import Coach
from display.terminal.desk_view import desk_view, figures, own_figures
from display.terminal.dialogs import Dialogs, HelpDialog
from display.terminal.outcome import outcome
from display.terminal.panels import (
    CoachPanel,
    DeskPanel,
    HeaderBar,
    KeyBar,
    LinesBar,
    MessageBar,
    SectionPanel,
)
from display.terminal.practice import ARRIVING_S, arrival
from display.terminal.questions import GivenUp, NotNow
from display.terminal.scene import Note, Scene, desk, desk_phase
from display.terminal.undo import Undo, undo_of
from runtime.hub_client import HubError
from runtime.wording import say

_TALL_ROWS = 32
_CHANCE = SystemRandom()


class WorkScreen(ClerkScreen):
    """One counter and its clerk; in training with a coach, and citizens who come by themselves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+n", "skip_lesson", show=False)]

    def __init__(self, at: Desk, counter: str) -> None:
        super().__init__(at)
        self.counter = counter
        self._coach: Coach | None = None
        self._undo: Undo | None = None

    def on_mount(self) -> None:
        """Begin to practise, if this is practice."""
        if self.desk.line.training:
            self._coach = Coach(self.desk.progress.lesson_of(self.desk.line.session.staff))
            self.set_interval(ARRIVING_S, self._let_citizens_in)

    def compose(self) -> ComposeResult:
        """Who and how, my ticket beside the hall, what was said, the keys."""
        yield HeaderBar(id="header")
        yield LinesBar(id="health")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield DeskPanel(id="desk")
                yield SectionPanel(id="others")
                yield LinesBar(id="figures")
                yield LinesBar(id="own")
            with Vertical(id="right"):
                yield SectionPanel(id="queue")
                yield SectionPanel(id="parked")
        yield CoachPanel(id="coach")
        yield MessageBar(id="message")
        yield KeyBar(id="keys")

    def draw(self) -> None:
        """Draw what the hub told last, or go back when the counter is someone else's."""
        scene = self.desk.scene(self.counter)
        if scene is None:
            return
        counter = desk(scene)
        if counter is not None:
            self._draw(scene, counter)
            self._practise(scene, counter)
        elif not self.awaiting:
            words = say("terminal.someone_else", scene.language, counter=self.counter)
            self.desk.leave_counter(words)

    def action_skip_lesson(self) -> None:
        """The next lesson."""
        scene = self.desk.scene(self.counter)
        counter = None if scene is None else desk(scene)
        if self._coach is not None and scene is not None and counter is not None:
            self._coach.skip()
            self._keep_progress(self._coach)
            self._practise(scene, counter)

    def on_key(self, event: events.Key) -> None:
        """One wish; what was said before goes away."""
        if event.key.startswith("ctrl+") or event.key in ("escape", "tab", "shift+tab"):
            return
        event.stop()
        self.tell("")
        scene = self.desk.scene(self.counter)
        counter = None if scene is None else desk(scene)
        if scene is None or counter is None:
            return
        action = action_of(event.key, desk_phase(counter))
        if action is None:
            self.refuse(say("terminal.no_such_key", scene.language))
            return
        self.act(action.id, event.key if event.key.isdigit() else "")

    def act(self, action: ActionId, typed: str = "") -> None:
        """Do what a key, or the command palette, asks for."""
        if action == "help":
            self._help()
        elif self.ready():
            work = self._take_back() if action == "undo" else self._act(action, typed)
            self.run_worker(work)

    async def _take_back(self) -> None:
        undo, self._undo = self._undo, None
        scene = self.desk.scene(self.counter)
        if undo is None or scene is None or scene.now_ms > undo.until_ms:
            self.refuse(say("terminal.nothing_to_undo", self.desk.language))
        elif await self.give(undo.command) is not None:
            self.tell(say("terminal.done_undo", self.desk.language, number=undo.number))

    async def _act(self, action: ActionId, typed: str) -> None:
        scene = self.desk.scene(self.counter)
        before = None if scene is None else desk(scene)
        if scene is None or before is None:
            return
        dialogs = Dialogs(self.app, scene.language)
        try:
            command = await command_for(action, dialogs, scene, before, typed)
        except GivenUp:
            return
        except NotNow as words:
            self.refuse(str(words))
            return
        if before.ticket is not None and isinstance(command, AboutWhomIsThere):
            number = before.ticket.number
            if number != self._number_here():
                self.refuse(say("terminal.left_meanwhile", self.desk.language, number=number))
                return
        answer = await self.give(command)
        if answer is None:
            return
        if action == "sign_out":
            self.desk.sign_out()
            return
        after = self.desk.scene(self.counter)  # the questions before took their time
        self._undo = None if after is None else undo_of(command, answer, after.now_ms)
        self.tell(outcome(action, answer, self.desk.language))
        if action == "issue" and answer.slip == "roll" and answer.number is not None:
            await dialogs.hand_on(answer.number)

    def _number_here(self) -> str | None:
        scene = self.desk.scene(self.counter)
        counter = None if scene is None else desk(scene)
        return None if counter is None or counter.ticket is None else counter.ticket.number

    def _practise(self, scene: Scene, counter: CounterView) -> None:
        coach = self._coach
        if coach is None:
            return
        if coach.follow(scene, counter):
            self._keep_progress(coach)
        self.query_one(CoachPanel).show(coach.lines(scene, counter))

    def _keep_progress(self, coach: Coach) -> None:
        staff = self.desk.line.session.staff
        self.run_worker(asyncio.to_thread(self.desk.progress.keep, staff, coach.lesson))

    def _let_citizens_in(self) -> None:
        scene = self.desk.scene(self.counter)
        counter = None if scene is None else desk(scene)
        if scene is None or counter is None or self.desk.silent:
            return
        arriving = arrival(scene, counter, _CHANCE)
        if arriving is not None:
            self.run_worker(self._let_in(arriving), group="citizens", exclusive=True)

    async def _let_in(self, citizen: IssueTicket) -> None:
        with contextlib.suppress(HubError):  # the line tells by itself that the hub is silent
            await asyncio.to_thread(self.desk.line.give, citizen)

    def _draw(self, scene: Scene, counter: CounterView) -> None:
        language = scene.language
        silent = self.desk.silent
        training = scene.snapshot.training
        self.set_class(silent, "silent")
        self.set_class(training, "training")
        self.set_class(self.size.height >= _TALL_ROWS, "tall")
        who = f"{say('terminal.counter', language)} {counter.counter} · {counter.staff}"
        middle = say("terminal.training", language) if training else scene.snapshot.site_name
        self.query_one(HeaderBar).show(who, middle, house_view.clock(scene))
        health = house_view.health(scene, silent=silent, distrust=self.desk.distrust)
        self.query_one("#health", LinesBar).show(health)
        self.query_one(DeskPanel).show(desk_view(scene, counter), language)
        self.query_one("#figures", LinesBar).show((Note(figures(scene, counter)),))
        self.query_one("#own", LinesBar).show(own_figures(scene))
        for part, section in (
            ("queue", house_view.queue(scene)),
            ("parked", house_view.parked(scene)),
            ("others", house_view.other_counters(scene)),
        ):
            self.query_one(f"#{part}", SectionPanel).show(section, language)
        self.query_one(KeyBar).show(desk_phase(counter), language)

    def _help(self) -> None:
        language = self.desk.language
        rows = [(action.keys, _label(action, language)) for action in ACTIONS]
        notes = [say(f"terminal.{key}", language) for key in ("help_enter", "help_always")]
        self.app.push_screen(HelpDialog(say("terminal.help_title", language), rows, notes))


def _label(action: Action, language: str) -> str:
    return say(label_key(action, "idle"), language)
