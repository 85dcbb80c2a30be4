"""The questions a clerk is asked: choose one, type something, confirm once; Esc goes back."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from display.terminal.large_digits import large
from display.terminal.questions import Choice, GivenUp
from runtime.wording import say

_T = TypeVar("_T")


class Dialogs:
    """Asks the clerk by dialogs; to be used in a worker. Each question may end with GivenUp."""

    def __init__(self, app: App[None], language: str) -> None:
        self._app = app
        self._language = language

    async def choose(self, title: str, choices: Sequence[Choice[_T]]) -> _T:
        """The value that was chosen."""
        keys = say("terminal.pick_keys", self._language)
        index = await self._app.push_screen_wait(ChooseDialog(title, keys, choices))
        if index is None:
            raise GivenUp
        return choices[index].value

    async def type(
        self, title: str, complaint: str, acceptable: Callable[[str], bool], begun: str = ""
    ) -> str:
        """What was typed, trimmed and acceptable."""
        keys = say("terminal.ask_keys", self._language)
        dialog = TypeDialog(title, keys, complaint, acceptable, begun)
        text = await self._app.push_screen_wait(dialog)
        if text is None:
            raise GivenUp
        return text

    async def choose_some(
        self, title: str, complaint: str, choices: Sequence[Choice[_T]], chosen: Sequence[_T]
    ) -> tuple[_T, ...]:
        """The values that were marked, at least one."""
        keys = say("terminal.mark_keys", self._language)
        marked = {index for index, choice in enumerate(choices) if choice.value in chosen}
        dialog = ChooseSomeDialog(title, keys, complaint, choices, marked)
        indexes = await self._app.push_screen_wait(dialog)
        if indexes is None:
            raise GivenUp
        return tuple(choices[index].value for index in indexes)

    async def confirm(self, question: str) -> None:
        """Return when the clerk agrees."""
        keys = say("terminal.confirm_keys", self._language)
        if not await self._app.push_screen_wait(ConfirmDialog(question, keys)):
            raise GivenUp

    async def hand_on(self, number: str) -> None:
        """Show the number of the slip to tear off, until the clerk has seen it."""
        title = say("terminal.tear_off", self._language)
        keys = say("terminal.any_key", self._language)
        await self._app.push_screen_wait(NumberDialog(title, number, keys))


class ChooseDialog(ModalScreen[int | None]):
    """A numbered list; a digit chooses at once. Dismissed with an index, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, title: str, keys: str, choices: Sequence[Choice[Any]]) -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield OptionList(*(_option(i, c) for i, c in enumerate(self._choices)))
            yield Static(self._keys, classes="dialog-keys", markup=False)

    def on_option_list_option_selected(self, chosen: OptionList.OptionSelected) -> None:
        """Enter, or the mouse."""
        self.dismiss(chosen.option_index)

    def on_key(self, event: events.Key) -> None:
        """A digit."""
        if event.key.isdigit() and 0 < int(event.key) <= min(9, len(self._choices)):
            event.stop()
            self.dismiss(int(event.key) - 1)


class ChooseSomeDialog(ModalScreen[list[int] | None]):
    """A list to mark; a digit or the space bar marks. Dismissed with indexes in order, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(
        self,
        title: str,
        keys: str,
        complaint: str,
        choices: Sequence[Choice[Any]],
        marked: set[int],
    ) -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._complaint = complaint
        self._choices = choices
        self._marked = set(marked)

    def compose(self) -> ComposeResult:
        """Title, list, complaint, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield OptionList(*self._options())
            yield Static("", classes="dialog-complaint", markup=False)
            yield Static(self._keys, classes="dialog-keys", markup=False)

    def on_option_list_option_selected(self, _: OptionList.OptionSelected) -> None:
        """Enter: that is all."""
        if self._marked:
            self.dismiss(sorted(self._marked))
            return
        self.app.bell()
        self.query_one(".dialog-complaint", Static).update(f"! {self._complaint}")

    def on_key(self, event: events.Key) -> None:
        """A digit, or the space bar on the line where one is."""
        here = self.query_one(OptionList).highlighted
        if event.key == "space" and here is not None:
            event.stop()
            self._mark(here)
        elif event.key.isdigit() and 0 < int(event.key) <= min(9, len(self._choices)):
            event.stop()
            self._mark(int(event.key) - 1)

    def _mark(self, index: int) -> None:
        self._marked ^= {index}
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = index

    def _options(self) -> list[Table]:
        return [
            _option(index, choice, "[x] " if index in self._marked else "[ ] ")
            for index, choice in enumerate(self._choices)
        ]


class TypeDialog(ModalScreen[str | None]):
    """One line to type. Dismissed with what is acceptable, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(
        self,
        title: str,
        keys: str,
        complaint: str,
        acceptable: Callable[[str], bool],
        begun: str,
    ) -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._complaint = complaint
        self._acceptable = acceptable
        self._begun = begun

    def compose(self) -> ComposeResult:
        """Title, field, complaint, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Input(self._begun, select_on_focus=False)
            yield Static("", classes="dialog-complaint", markup=False)
            yield Static(self._keys, classes="dialog-keys", markup=False)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Enter, or a scanner's line end."""
        text = submitted.value.strip()
        if self._acceptable(text):
            self.dismiss(text)
            return
        self.app.bell()
        self.query_one(".dialog-complaint", Static).update(f"! {self._complaint}")


class ConfirmDialog(ModalScreen[bool | None]):
    """A question asked once. Dismissed with True, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("enter", "dismiss(True)", show=False),
    ]

    def __init__(self, question: str, keys: str) -> None:
        super().__init__()
        self._question = question
        self._keys = keys
        self._held: Timer | None = None

    def compose(self) -> ComposeResult:
        """Question, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, classes="dialog-title", markup=False)
            yield Static(self._keys, classes="dialog-keys", markup=False)

    def hold(self, words: str, seconds: float) -> None:
        """Say for so long in place of the keys that Enter came too soon."""
        if self._held is not None:
            self._held.stop()
        self._show_keys(words)
        self._held = self.set_timer(seconds, lambda: self._show_keys(self._keys))

    def _show_keys(self, words: str) -> None:
        with contextlib.suppress(NoMatches):  # it is being put up, or taken down
            self.query_one(".dialog-keys", Static).update(words)


class NumberDialog(ModalScreen[None]):
    """A number in large digits, for the clerk to hand on; any key goes back."""

    def __init__(self, title: str, number: str, keys: str) -> None:
        super().__init__()
        self._title = title
        self._number = number
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Title, number, keys."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Static("\n".join(large(self._number)), classes="dialog-number", markup=False)
            yield Static(self._keys, classes="dialog-keys", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Whatever key."""
        event.stop()
        self.dismiss()


class HelpDialog(ModalScreen[None]):
    """All keys; any key goes back."""

    def __init__(self, title: str, rows: Sequence[tuple[str, str]], notes: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows
        self._notes = notes

    def compose(self) -> ComposeResult:
        """Two columns of keys, and the notes."""
        table = Table.grid(padding=(0, 1), expand=True)
        for _ in range(2):
            table.add_column(no_wrap=True)
            table.add_column(no_wrap=True, ratio=1)
        half = (len(self._rows) + 1) // 2
        for left, right in zip(self._rows[:half], [*self._rows[half:], ("", "")], strict=False):
            table.add_row(Text(left[0], "bold"), left[1], Text(right[0], "bold"), right[1])
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Static(table)
            yield Static("\n".join(self._notes), classes="dialog-keys", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Whatever key."""
        event.stop()
        self.dismiss()


def _option(index: int, choice: Choice[Any], mark: str = "") -> Table:
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(width=2, justify="right")
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    row.add_row(
        f"{index + 1}" if index < 9 else "", Text(f"{mark}{choice.words}"), Text(choice.note)
    )
    return row
