"""What a command led to, in the clerk's words. Pure."""

from contract.commands import Answer
from display.terminal.actions import Wish
from runtime.wording import say

_DONE: dict[Wish, str] = {
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
    "remove_device": "done_remove_device",
    "day": "done_day",
}


def outcome(wish: Wish, answer: Answer, language: str) -> str:
    """What to tell whoever wished it; nothing where the screen says it all."""
    number = answer.number or ""
    if wish == "issue":
        key = "done_issue_minutes" if answer.expected_wait_min else "done_issue"
        return say(
            f"terminal.{key}",
            language,
            number=number,
            ahead=answer.ahead or 0,
            minutes=answer.expected_wait_min or 0,
        )
    if wish == "roll":
        key = "done_roll" if number else "done_roll_left"
        return say(f"terminal.{key}", language, number=number)
    if wish == "next" and answer.finished is not None and answer.called is None:
        return say("terminal.done_finish_last", language, number=answer.finished)
    if wish == "next" and answer.finished is not None:
        return say("terminal.done_next", language, finished=answer.finished, number=number)
    if wish not in _DONE:
        return ""
    return say(f"terminal.{_DONE[wish]}", language, number=number)
