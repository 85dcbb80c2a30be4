"""The parts of the clerk's screen: each draws one view, and draws it again only when it changed."""

from itertools import zip_longest
from typing import Any

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.visual import VisualType
from textual.widgets import Static

from display.terminal.actions import ACTIONS, COLUMNS, Action, label_key, offered
from display.terminal.desk_view import DeskView
from display.terminal.house_view import Section
from display.terminal.large_digits import large, small
from display.terminal.scene import SIGNS, DeskPhase, Mood, Note
from runtime.wording import say

_BAR_CELLS = 20
_BETWEEN = " · "
_ROOM_FOR_LARGE_DIGITS = 12
_THEME_COLOUR = {"notice": "warning", "alarm": "error"}


class Panel(Static):
    """Text that costs nothing while it stays the same."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, markup=False)
        self._shown: Any = None

    def changed(self, *shown: object) -> bool:
        """Whether this has to be drawn, for it is not what stands there."""
        now = (shown, self.size, self.app.theme)
        if now == self._shown:
            return False
        self._shown = now
        return True

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Draw this; the others are laid out anew only where its room follows from what it says."""
        super().update(content, layout=layout and self.styles.auto_dimensions)

    def line(self, note: Note) -> Text:
        """A note with its sign, in the colour of its mood."""
        return Text(f"{SIGNS[note.mood]}{note.words}", self.style_of(note.mood))

    def style_of(self, mood: Mood) -> Style:
        """The colour of a mood in the present theme."""
        if mood == "calm":
            return Style.null()
        return Style(color=self.app.theme_variables[_THEME_COLOUR[mood]], bold=True)


class HeaderBar(Panel):
    """Which counter and who, where, and the time."""

    def show(self, left: str, middle: str, right: Note) -> None:
        """Draw the three parts."""
        if not self.changed(left, middle, right):
            return
        row = Table.grid(expand=True, padding=(0, 1))
        row.add_column(no_wrap=True)
        row.add_column(ratio=1, justify="center", no_wrap=True, overflow="ellipsis")
        row.add_column(no_wrap=True, justify="right")
        row.add_row(Text(left), Text(middle), Text(f"{SIGNS[right.mood]}{right.words}"))
        self.update(row)


class LinesBar(Panel):
    """A few facts side by side, on as many rows as the style has room for."""

    def show(self, notes: tuple[Note, ...]) -> None:
        """Draw them in their order, each whole; an alarm stands out as a block."""
        if not self.changed(notes):
            return
        words = [self.line(note) for note in notes]
        for text, note in zip(words, notes, strict=True):
            if note.mood == "alarm":
                text.pad(1)
                text.stylize("reverse not bold")
        self.update(Group(*map(_one_row, _side_by_side(words, self.size.width))))


class MessageBar(Panel):
    """What the last key led to; it stays until the next key."""

    def show(self, words: str, *, refused: bool) -> None:
        """Say it."""
        if self.changed(words, refused):
            self.set_class(refused, "refused")
            self.set_class(bool(words) and not refused, "done")
            sign = SIGNS["alarm"] if refused else ""
            self.update(f"{sign}{words}")


class CoachPanel(Panel):
    """What the coach says, in training only."""

    def show(self, notes: tuple[Note, ...]) -> None:
        """Draw it, on as many rows as there are."""
        if self.changed(notes):
            self.update(Group(*(self.line(note) for note in notes)))


class DeskPanel(Vertical):
    """The clerk's own ticket: large number, running time, and what Enter does."""

    def compose(self) -> ComposeResult:
        """Title, number beside its time, lines, main key."""
        yield Panel(id="desk-title")
        with Horizontal(id="desk-number"):
            yield Panel(id="number")
            yield Panel(id="running")
        yield Panel(id="desk-lines")
        yield Panel(id="desk-main")

    def show(self, view: DeskView, language: str) -> None:
        """Draw the clerk's own counter."""
        title = self.query_one("#desk-title", Panel)
        if title.changed(view.title):
            title.update(view.title.upper())
        self.query_one("#desk-number").display = bool(view.number)
        number = self.query_one("#number", Panel)
        if number.changed(view.number):
            tall = self.size.height >= _ROOM_FOR_LARGE_DIGITS
            number.update("\n".join((large if tall else small)(view.number)))
        self._show_running(view)
        lines = self.query_one("#desk-lines", Panel)
        if lines.changed(view.lines):
            lines.update(Group(*(_one_row(lines.line(line)) for line in view.lines)))
        action = next(action for action in ACTIONS if action.id == view.main)
        words = say(label_key(action, view.phase), language)
        main = self.query_one("#desk-main", Panel)
        if main.changed(words):
            main.update(Text.assemble((" Enter ", "reverse"), f" {words}"))

    def _show_running(self, view: DeskView) -> None:
        panel = self.query_one("#running", Panel)
        if view.running is None or not panel.changed(view.running, view.share):
            return
        full = min(_BAR_CELLS, int(view.share * _BAR_CELLS))
        bar = Text("█" * full + "░" * (_BAR_CELLS - full), panel.style_of(view.running.mood))
        panel.update(Group(panel.line(view.running), bar))


class SectionPanel(Panel):
    """A heading with rows; what does not fit is counted."""

    def show(self, section: Section, language: str) -> None:
        """Draw as many rows as there is room for."""
        if not self.changed(section):
            return
        title = Text(section.title, Style(color=self.app.theme_variables["primary"], bold=True))
        if self.size.height < 2:
            self.update("")  # a heading alone says nothing
            return
        if not section.rows:
            self.update(Group(title, Text(f"  {section.empty}", "dim")))
            return
        room = self.size.height - 1
        fits = len(section.rows) <= room
        fitting = section.rows if fits else section.rows[: max(1, room - 1)]
        parts: list[RenderableType] = [title, self._table(section, len(fitting))]
        left = len(section.rows) - len(fitting)
        if left and room > 1:
            parts.append(Text(f"  {say('terminal.and_more', language, count=left)}", "dim"))
        self.update(Group(*parts))

    def _table(self, section: Section, rows: int) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        for part in ("name", "figure", "note"):
            table.add_column(
                ratio=1 if part == section.wide else None,
                justify="right" if part == "figure" else "left",
                no_wrap=True,
                overflow="ellipsis",
            )
        for row in section.rows[:rows]:
            note = Text(f"{SIGNS[row.mood]}{row.note}", self.style_of(row.mood))
            figure = Text(row.figure, "bold")
            table.add_row("▸" if row.mine else "", Text(row.name), figure, note)
        return table


class KeyBar(Panel):
    """Every key that does something now, in the words of the catalogue."""

    def show(self, phase: DeskPhase, language: str) -> None:
        """Draw the keys of a phase; each column keeps its place in all phases."""
        if not self.changed(phase, language):
            return
        table = Table.grid(padding=(0, 1), expand=True)
        for column in range(COLUMNS):
            actions = [action for action in ACTIONS if action.column == column]
            widest = max(len(_label(a, p, language)) for a in actions for p in a.phases)
            table.add_column(width=max(len(action.keys) for action in actions), no_wrap=True)
            table.add_column(min_width=widest, ratio=widest, no_wrap=True)
        for across in zip_longest(*offered(phase)):
            cells: list[Text] = []
            for action in across:
                cells.append(Text("" if action is None else action.keys, "bold"))
                cells.append(Text("" if action is None else _label(action, phase, language)))
            table.add_row(*cells)
        self.update(table)


def _label(action: Action, phase: DeskPhase, language: str) -> str:
    return say(label_key(action, phase), language)


def _side_by_side(parts: list[Text], width: int) -> list[Text]:
    """Rows of parts; one that does not fit beside the others begins the next row."""
    rows: list[Text] = []
    for part in parts:
        if rows and rows[-1].cell_len + len(_BETWEEN) + part.cell_len <= width:
            rows[-1] = Text(_BETWEEN).join((rows[-1], part))
        else:
            rows.append(part)
    return rows


def _one_row(text: Text) -> Text:
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text
