"""What a supervisor reads: the day's log, page by page, and its report, to be saved as a table."""

import asyncio
from collections.abc import Callable
from io import StringIO
from typing import ClassVar, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from contract.day_log import LogPage
from display.terminal.clerk_screen import Desk
from display.terminal.panels import HeaderBar, MessageBar
from display.terminal.records_view import Sheet, log_rows, report_lines, report_sheets
from display.terminal.scene import Note, Scene, date_words
from runtime.hub_client import HubDenied, HubError
from runtime.wording import say

_T = TypeVar("_T")


class _RecordsScreen(ModalScreen[None]):
    """A page of records under the usual heading; each visit asks the hub anew."""

    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]
    title_key: ClassVar[str]
    keys_key: ClassVar[str]

    def __init__(self, desk: Desk, scene: Scene) -> None:
        super().__init__()
        self._desk = desk
        self._scene = scene

    def compose(self) -> ComposeResult:
        """Heading, page, what was said, the keys."""
        yield HeaderBar(id="header")
        with VerticalScroll(id="records"):
            yield Static(id="page", markup=False)
        yield MessageBar(id="message")
        yield Static(self._say(self.keys_key), id="counters-keys", markup=False)

    def on_mount(self) -> None:
        """Ask the hub."""
        shot = self._scene.snapshot
        training = shot.training
        self.set_class(training, "training")
        middle = self._say("training") if training else shot.site_name
        self.query_one(HeaderBar).show(
            self._say(self.title_key), middle, Note(date_words(shot.day))
        )
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        """Ask for the records and show them."""
        raise NotImplementedError

    async def _ask(self, question: Callable[[], _T]) -> _T | None:
        """The hub's answer, or None when there is none; that has been said aloud."""
        message = self.query_one(MessageBar)
        message.show(self._say("awaiting"), refused=False)
        try:
            answer = await asyncio.to_thread(question)
        except HubDenied as error:
            self._desk.ended(str(error))
            return None
        except HubError as error:
            self.app.bell()
            message.show(str(error), refused=True)
            return None
        message.show("", refused=False)
        return answer

    def _show(self, *parts: RenderableType) -> None:
        self.query_one("#page", Static).update(Group(*parts))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _say(self, key: str, **values: object) -> str:
        return say(f"terminal.{key}", self._scene.language, **values)


class LogScreen(_RecordsScreen):
    """Skips, manual priority and whatever else deserves an explanation, with who and why."""

    title_key = "log"
    keys_key = "log_keys"

    def __init__(self, desk: Desk, scene: Scene) -> None:
        super().__init__(desk, scene)
        self._newer: list[int | None] = []
        self._here: int | None = None
        self._older: int | None = None

    def on_key(self, event: events.Key) -> None:
        """Page down to what was before, page up to what came after."""
        if event.key == "pagedown" and self._older is not None:
            self._newer.append(self._here)
            self._here = self._older
        elif event.key == "pageup" and self._newer:
            self._here = self._newer.pop()
        else:
            return
        event.stop()
        event.prevent_default()
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        page = await self._ask(lambda: self._desk.line.log(self._here))
        if page is not None:
            self._older = page.before
            self._draw(page)

    def _draw(self, page: LogPage) -> None:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=3)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for row in log_rows(self._scene, page):
            table.add_row(Text(row.time, "bold"), row.what, Text(row.who, "bold"), row.why)
        number = len(self._newer) + 1
        last = "log_last" if page.before is None else "log_more"
        below = self._say(last, page=number) if page.lines else self._say("log_nothing")
        self._show(table, Text(f"\n{below}", "dim"))


class ReportScreen(_RecordsScreen):
    """The day's figures so far, for the site, its services, counters and staff."""

    title_key = "report"
    keys_key = "report_keys"

    def on_key(self, event: events.Key) -> None:
        """Print it, or save it."""
        task = {"p": self._print, "s": self._save}.get(event.key.lower())
        if task is not None:
            event.stop()
            self.run_worker(task(), exclusive=True)

    def saved(self, words: str, *, refused: bool) -> None:
        """Say where the table went, or why it went nowhere."""
        self.query_one(MessageBar).show(words, refused=refused)

    async def _read(self) -> None:
        report = await self._ask(self._desk.line.report)
        if report is not None:
            lines = (Text(line) for line in report_lines(self._scene, report))
            sheets = (_table(sheet) for sheet in report_sheets(self._scene, report))
            self._show(*lines, *sheets)

    async def _print(self) -> None:
        language = self._scene.language

        def print_report() -> bool:
            self._desk.line.print_report(language)
            return True

        if await self._ask(print_report):
            self.query_one(MessageBar).show(self._say("report_printed"), refused=False)

    async def _save(self) -> None:
        language = self._scene.language
        table = await self._ask(lambda: self._desk.line.report_table(language))
        if table is None:
            return
        shot = self._scene.snapshot
        practice = "-training" if shot.training else ""
        self.app.deliver_text(
            StringIO(table.decode(), newline=""),
            save_directory=self._desk.reports,
            save_filename=f"thutu-{shot.site}-{shot.day}{practice}.csv",
            encoding="utf-8",
            mime_type="text/csv",
        )


def _table(sheet: Sheet) -> Group:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for _ in sheet.head[1:]:
        table.add_column(justify="right", no_wrap=True, min_width=7)
    table.add_row(Text(sheet.title, "bold"), *(Text(name, "dim") for name in sheet.head[1:]))
    for name, *cells in sheet.rows:
        table.add_row(f"  {name}", *cells)
    return Group(Text(), table)
