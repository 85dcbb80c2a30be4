"""Everything a clerk can do, with which keys, and when it is offered."""

from typing import Literal

from msgspec import Struct

from display.terminal.scene import DeskPhase

ActionId = Literal[
    "next",
    "recall",
    "start",
    "finish",
    "finish_dossier",
    "add_service",
    "no_show",
    "transfer",
    "park_signature",
    "park_papers",
    "resume",
    "call_number",
    "priority",
    "issue",
    "return_absent",
    "reprint",
    "void",
    "roll",
    "undo",
    "open",
    "pause",
    "close",
    "sign_out",
    "help",
]
Wish = ActionId | Literal["assign", "remove_device", "day"]

_ALWAYS: frozenset[DeskPhase] = frozenset({"closed", "paused", "idle", "called", "serving"})
_EMPTY: frozenset[DeskPhase] = frozenset({"closed", "paused", "idle"})


class Action(Struct, frozen=True):
    """What `function_key` and `letter` do; offered in `phases`, in a column of the key bar."""

    id: ActionId
    function_key: str
    letter: str
    column: int
    phases: frozenset[DeskPhase]

    @property
    def keys(self) -> str:
        """The keys as people read them: "F2 G"."""
        return f"{self.function_key.upper()} {self.letter.upper()}".strip()


def _action(id_: ActionId, keys: str, column: int, *phases: DeskPhase) -> Action:
    function_key, _, letter = keys.rpartition(" ")
    return Action(id_, function_key, letter, column, frozenset(phases))


ACTIONS = (
    _action("next", "f2 g", 0, "idle", "serving"),
    _action("start", "f4 b", 0, "called"),
    _action("finish", "f5 h", 0, "serving"),
    _action("finish_dossier", "d", 0, "serving"),
    _action("add_service", "a", 0, "serving"),
    _action("recall", "f3 l", 0, "called"),
    _action("resume", "f9 y", 0, "idle"),
    _action("priority", "f11 u", 0, "idle"),
    Action("call_number", "", "0–9", 0, frozenset({"idle"})),
    _action("open", "f12 m", 0, "closed", "paused"),
    _action("no_show", "f6 v", 1, "called"),
    _action("park_signature", "f8 k", 1, "serving"),
    _action("park_papers", "f10 s", 1, "serving"),
    _action("transfer", "f7 c", 1, "called", "serving"),
    _action("pause", "f12 t", 1, "idle"),
    _action("close", "q", 1, "idle", "paused"),
    Action("sign_out", "", "x", 1, _EMPTY),
    Action("roll", "", "o", 1, _ALWAYS),
    _action("undo", "n", 1, "idle", "called", "serving"),
    Action("issue", "", "p", 2, _ALWAYS),
    Action("return_absent", "", "r", 2, _ALWAYS),
    Action("reprint", "", "i", 2, _ALWAYS),
    Action("void", "", "z", 2, _ALWAYS),
    Action("help", "f1", "", 2, _ALWAYS),
)
COLUMNS = 3

_MAIN: dict[DeskPhase, ActionId] = {
    "closed": "open",
    "paused": "open",
    "idle": "next",
    "called": "start",
    "serving": "next",
}


def action_of(key: str, phase: DeskPhase) -> Action | None:
    """What a key does in this phase, as Textual names keys; a digit begins a number to call.

    Enter does what comes next. A key of another phase still has its action, so that the hub can
    say why it cannot be now; of two actions on one key the one of this phase is meant.
    """
    if key == "enter":
        return next(action for action in ACTIONS if action.id == _MAIN[phase])
    if len(key) == 1 and key.isdigit():
        return next(action for action in ACTIONS if action.id == "call_number")
    named = [a for a in ACTIONS if key.lower() in (a.function_key, a.letter) and key]
    return next((a for a in named if phase in a.phases), named[0] if named else None)


def label_key(action: Action, phase: DeskPhase) -> str:
    """The catalogue's key for what the action is called in this phase."""
    if action.id == "next" and phase == "serving":
        return "terminal.next_and_finish"
    return f"terminal.{action.id}"


def offered(phase: DeskPhase) -> tuple[tuple[Action, ...], ...]:
    """The actions of this phase, by column of the key bar."""
    return tuple(
        tuple(a for a in ACTIONS if a.column == column and phase in a.phases)
        for column in range(COLUMNS)
    )


def main_action(phase: DeskPhase) -> ActionId:
    """What Enter does."""
    return _MAIN[phase]
