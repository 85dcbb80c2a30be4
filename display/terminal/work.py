"""The clerk's main screen: every key is one wish, and every wish has one answer."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from contract.commands import Answer
from contract.snapshot import CounterView
from display.terminal import house_view
from display.terminal.actions import ACTIONS, Action, ActionId, action_of, label_key
from display.terminal.asking import GivenUp, NotNow, command_for
from display.terminal.clerk_screen import ClerkScreen, Desk
from display.terminal.desk_view import desk_view, figures
from display.terminal.dialogs import Dialogs, HelpDialog
from display.terminal.panels import (
    DeskPanel,
    HeaderBar,
    KeyBar,
    LinesBar,
    MessageBar,
    SectionPanel,
)
from display.terminal.scene import Line, Scene, desk, desk_phase
from runtime.wording import say

_TALL_ROWS = 32


class WorkScreen(ClerkScreen):
    """One counter and its clerk."""

    def __init__(self, at: Desk, counter: str) -> None:
        super().__init__(at)
        self.counter = counter

    def compose(self) -> ComposeResult:
        """Who and how, my ticket beside the hall, what was said, the keys."""
        yield HeaderBar(id="header")
        yield LinesBar(id="health")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield DeskPanel(id="desk")
                yield SectionPanel(id="others")
                yield LinesBar(id="figures")
            with Vertical(id="right"):
                yield SectionPanel(id="queue")
                yield SectionPanel(id="parked")
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
        elif not self.awaiting:
            words = say("terminal.someone_else", scene.language, counter=self.counter)
            self.desk.leave_counter(words)

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
            self.run_worker(self._act(action, typed))

    async def _act(self, action: ActionId, typed: str) -> None:
        scene = self.desk.scene(self.counter)
        before = None if scene is None else desk(scene)
        if scene is None or before is None:
            return
        try:
            dialogs = Dialogs(self.app, scene.language)
            command = await command_for(action, dialogs, scene, before, typed)
        except GivenUp:
            return
        except NotNow as words:
            self.refuse(str(words))
            return
        answer = await self.give(command)
        if answer is None:
            return
        if action == "sign_out":
            self.desk.sign_out()
            return
        self.tell(self._outcome(action, answer, before))

    def _outcome(self, action: ActionId, answer: Answer, before: CounterView) -> str:
        language = self.desk.language
        number = answer.number or ""
        if action == "issue":
            key = "done_issue" if answer.expected_wait_min is None else "done_issue_minutes"
            return say(
                f"terminal.{key}",
                language,
                number=number,
                ahead=answer.ahead or 0,
                minutes=answer.expected_wait_min or 0,
            )
        if action == "next":
            finished = before.ticket is not None and before.ticket.number == number
            return say("terminal.done_finish_last", language, number=number) if finished else ""
        if action not in _DONE:
            return ""
        return say(f"terminal.{_DONE[action]}", language, number=number)

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
        self.query_one("#health", LinesBar).show(house_view.health(scene, silent=silent))
        self.query_one(DeskPanel).show(desk_view(scene, counter), language)
        self.query_one("#figures", LinesBar).show((Line(figures(scene, counter)),))
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


_DONE: dict[ActionId, str] = {
    "finish": "done_finish",
    "finish_dossier": "done_finish",
    "recall": "done_recall",
    "no_show": "done_no_show",
    "transfer": "done_transfer",
    "park_signature": "done_park_signature",
    "park_papers": "done_park_papers",
    "return_absent": "done_return_absent",
    "add_service": "done_add_service",
    "reprint": "done_reprint",
    "void": "done_void",
}


def _label(action: Action, language: str) -> str:
    return say(label_key(action, "idle"), language)
