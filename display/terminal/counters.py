"""All counters: where a clerk takes a seat, and a supervisor looks after the others."""

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from contract import commands as c
from contract.ids import Day
from contract.snapshot import CounterView
from display.terminal import house_view
from display.terminal.actions import Wish
from display.terminal.asking import command_for
from display.terminal.clerk_screen import ClerkScreen, Desk
from display.terminal.dialogs import Dialogs
from display.terminal.outcome import outcome
from display.terminal.panels import HeaderBar, LinesBar, MessageBar, SectionPanel
from display.terminal.questions import GivenUp, NotNow
from display.terminal.records_screen import LogScreen, ReportScreen
from display.terminal.scene import SIGNS, Scene, service_name
from runtime.wording import say

_SUPERVISION: dict[str, Wish] = {
    "m": "open",
    "t": "pause",
    "q": "close",
    "d": "assign",
    "z": "void",
    "o": "roll",
    "i": "reprint",
    "g": "remove_device",
    "y": "day",
}
_RECORDS: dict[str, type[LogScreen | ReportScreen]] = {"n": LogScreen, "b": ReportScreen}


class CountersScreen(ClerkScreen):
    """Choose a counter; `words` is why the clerk is here again.

    Where no clock can tell, a supervisor who has `just_come` is asked which day it is; and is asked
    again when another day was opened before the answer.
    """

    AUTO_FOCUS = "OptionList"

    def __init__(self, at: Desk, words: str = "", *, just_come: bool = False) -> None:
        super().__init__(at)
        self._words = words
        self._rows: list[str] = []
        self._just_come = just_come
        self._asking = False

    def compose(self) -> ComposeResult:
        """Heading, counters, queues, what was said, the keys."""
        yield HeaderBar(id="header")
        yield LinesBar(id="health")
        yield Static(id="counters-title", markup=False)
        yield OptionList(id="counters")
        yield SectionPanel(id="queue")
        yield MessageBar(id="message")
        yield Static(id="counters-keys", markup=False)

    def on_mount(self) -> None:
        """Say why we are here."""
        if self._words:
            self.refuse(self._words)

    def draw(self) -> None:
        """Draw what the hub told last; whoever sits at a counter already goes on there."""
        language = self.desk.language
        title = self.query_one("#counters-title", Static)
        scene = self.desk.scene("")
        if scene is None:
            title.update(say("terminal.loading", language))
            return
        ask = self._just_come and self._may_name_the_day(scene)
        self._just_come = False
        seated = next((v for v in scene.snapshot.counters if v.staff == scene.staff), None)
        if seated is not None and not (ask or self.awaiting or self._asking):
            self.desk.take_counter(seated.counter)
            return
        title.update(say("terminal.choose_counter", language))
        self._draw(scene)
        if ask:
            self._asking = True
            self.run_worker(self._ask_day())

    def on_option_list_option_selected(self, chosen: OptionList.OptionSelected) -> None:
        """Take the seat and open the counter."""
        self.tell("")
        if chosen.option_id is not None:
            self.run_worker(self._take(chosen.option_id))

    def on_key(self, event: events.Key) -> None:
        """Sign out, or what a supervisor does with the marked counter."""
        key = event.key.lower()
        if not event.key.startswith("ctrl+"):
            self.tell("")
        scene = self.desk.scene("")
        if key == "x":
            self.desk.sign_out()
        elif scene is not None and self.desk.line.session.role == "supervisor":
            self._oversee(event, key, scene)

    def _oversee(self, event: events.Key, key: str, scene: Scene) -> None:
        if key not in _SUPERVISION and key not in _RECORDS:
            return
        event.stop()
        if not self.ready():
            return
        if key in _RECORDS:
            self.app.push_screen(_RECORDS[key](self.desk, scene))
        else:
            self.run_worker(self._supervise(_SUPERVISION[key]))

    def _may_name_the_day(self, scene: Scene) -> bool:
        shot = scene.snapshot
        supervisor = self.desk.line.session.role == "supervisor"
        return supervisor and not shot.training and not shot.clock_trusted

    async def _ask_day(self) -> None:
        try:
            await self._supervise("day")
        finally:
            self._asking = False

    async def _take(self, counter: str) -> None:
        if await self.give(c.SignIn(counter)) is None:
            return
        view = self._view(counter)
        if view is not None and view.phase == "closed":
            await self.give(c.OpenCounter(counter))
        self.look()

    async def _supervise(self, wish: Wish) -> None:
        counters = self.query_one("#counters", OptionList)
        marked = counters.highlighted_option
        view = None if marked is None or marked.id is None else self._view(marked.id)
        scene = self.desk.scene("" if view is None else view.counter)
        if view is None or scene is None:
            return
        try:
            dialogs = Dialogs(self.app, scene.language)
            command = await command_for(wish, dialogs, scene, view)
        except GivenUp:
            return
        except NotNow as words:
            self.refuse(str(words))
            return
        answer = await self.give(command)
        if answer is not None:
            self.tell(outcome(wish, answer, scene.language) or _done(view, scene.language))
        elif wish == "day" and await self._is_another_day_than(scene.snapshot.day):
            await self._supervise(wish)

    async def _is_another_day_than(self, day: Day) -> bool:
        scene = self.desk.scene("")
        if scene is not None and scene.snapshot.day == day:
            await self.desk.seen(scene.snapshot.seq + 1)
            scene = self.desk.scene("")
        return scene is not None and scene.snapshot.day != day

    def _view(self, counter: str) -> CounterView | None:
        scene = self.desk.scene(counter)
        views = () if scene is None else scene.snapshot.counters
        return next((view for view in views if view.counter == counter), None)

    def _draw(self, scene: Scene) -> None:
        language = scene.language
        silent = self.desk.silent
        training = scene.snapshot.training
        self.set_class(silent, "silent")
        self.set_class(training, "training")
        middle = say("terminal.training", language) if training else scene.snapshot.site_name
        self.query_one(HeaderBar).show(scene.staff, middle, house_view.clock(scene))
        health = house_view.health(scene, silent=silent, distrust=self.desk.distrust)
        self.query_one("#health", LinesBar).show(health)
        self.query_one("#queue", SectionPanel).show(house_view.queue(scene), language)
        supervisor = self.desk.line.session.role == "supervisor"
        keys = "terminal.supervisor_keys" if supervisor else "terminal.counters_keys"
        self.query_one("#counters-keys", Static).update(say(keys, language))
        self._draw_counters(scene)

    def _draw_counters(self, scene: Scene) -> None:
        counters = self.query_one("#counters", OptionList)
        rows = [_words(scene, view) for view in scene.snapshot.counters]
        if [f"{row}" for row in rows] == self._rows:
            return
        self._rows = [f"{row}" for row in rows]
        marked = counters.highlighted or 0
        counters.clear_options()
        counters.add_options(
            Option(_option(row), id=view.counter)
            for row, view in zip(rows, scene.snapshot.counters, strict=True)
        )
        counters.highlighted = min(marked, len(rows) - 1)


def _done(view: CounterView, language: str) -> str:
    return say("terminal.done_counter", language, counter=view.counter)


def _words(scene: Scene, view: CounterView) -> tuple[str, str, str, str]:
    row = house_view.counter_row(scene, view)
    services = ", ".join(service_name(scene, service) for service in view.services)
    if house_view.serves_otherwise(view):
        words = say("terminal.for_now", scene.language, services=services)
        services = f"{SIGNS['notice']}{words}"
    counter = f"{say('terminal.counter', scene.language)} {view.counter}"
    return counter, view.staff or "–", row.note, services


def _option(row: tuple[str, str, str, str]) -> Table:
    counter, staff, doing, services = row
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, width=9)
    table.add_column(no_wrap=True, width=10, overflow="ellipsis")
    table.add_column(no_wrap=True, ratio=2, overflow="ellipsis")
    table.add_column(no_wrap=True, ratio=3, overflow="ellipsis")
    table.add_row(Text(counter), Text(staff), Text(doing), Text(services))
    return table
