"""A guided course of a clerk's tasks: what to do next, and whether it was done. Pure.

What the clerk did is read from the hub's pictures alone, so only what really happened counts.
"""

from typing import Literal

from msgspec import Struct

from contract.snapshot import CounterView, Snapshot, TicketView
from display.terminal.desk_view import waiting_here
from display.terminal.scene import DeskPhase, Note, Scene, desk_phase
from runtime.wording import say

Act = Literal[
    "call",
    "start",
    "finish",
    "recall",
    "no_show",
    "transfer",
    "park_signature",
    "park_papers",
    "resume",
    "call_number",
    "pause",
    "open",
    "close",
]
_ON_THE_WAY: frozenset[Act] = frozenset({"call", "start", "finish", "resume", "open"})


class Lesson(Struct, frozen=True):
    """What to do, and the phase of the counter in which it can be done."""

    act: Act
    phase: DeskPhase


LESSONS = (
    Lesson("call", "idle"),
    Lesson("start", "called"),
    Lesson("finish", "serving"),
    Lesson("recall", "called"),
    Lesson("no_show", "called"),
    Lesson("transfer", "serving"),
    Lesson("park_signature", "serving"),
    Lesson("resume", "idle"),
    Lesson("park_papers", "serving"),
    Lesson("call_number", "idle"),
    Lesson("pause", "idle"),
    Lesson("open", "paused"),
    Lesson("close", "idle"),
)


class Coach:
    """Leads one clerk at one counter from lesson to lesson; `lesson` counts those behind them."""

    def __init__(self, lesson: int = 0) -> None:
        self.lesson = min(max(lesson, 0), len(LESSONS))
        self._before: Snapshot | None = None
        self._said: Note | None = None
        self._number = ""

    def follow(self, scene: Scene, counter: CounterView) -> bool:
        """Look at the newest picture; whether a lesson was completed by it."""
        before, self._before = self._before, scene.snapshot
        if before is None or before.seq == scene.snapshot.seq:
            return False
        number = self._number
        self._choose_number(scene, counter)
        if self.lesson == len(LESSONS):
            return False
        wanted = LESSONS[self.lesson].act
        acts = what_happened(before, scene.snapshot, counter.counter, number)
        if wanted in acts:
            words = say(f"terminal.course_done_{wanted}", scene.language)
            self._said = Note(f"✓ {words}")
            self.lesson += 1
            return True
        astray = [act for act in acts if act not in _ON_THE_WAY]
        if astray:
            did = say(f"terminal.course_act_{astray[0]}", scene.language)
            self._said = Note(say("terminal.course_other", scene.language, did=did), "notice")
        return False

    def skip(self) -> None:
        """Go on to the next lesson, and from the end to the first."""
        self.lesson = 0 if self.lesson == len(LESSONS) else self.lesson + 1
        self._said = None

    def lines(self, scene: Scene, counter: CounterView) -> tuple[Note, ...]:
        """What was said of the last act, and what to do now."""
        language = scene.language
        said = self._said or Note(say("terminal.course_about", language))
        if self.lesson == len(LESSONS):
            return said, Note(say("terminal.course_end", language))
        self._choose_number(scene, counter)
        lesson, phase = LESSONS[self.lesson], desk_phase(counter)
        if phase == lesson.phase or (lesson.act == "open" and phase == "closed"):
            task = say(f"terminal.course_{lesson.act}", language, number=self._number or "…")
        else:
            task = say(f"terminal.course_from_{phase}", language)
        of = say("terminal.course_lesson", language, number=self.lesson + 1, count=len(LESSONS))
        return said, Note(f"{of} {task}")

    def _choose_number(self, scene: Scene, counter: CounterView) -> None:
        """Whom to call out of turn: the last who waits here, as long as they wait; nobody with
        priority, whose turn it may be."""
        waiting = waiting_here(scene, counter)
        ordinary = [ticket.number for ticket in waiting if ticket.priority is None]
        if self._number not in ordinary:
            self._number = ordinary[-1] if ordinary and len(waiting) > 1 else ""


def what_happened(
    before: Snapshot, after: Snapshot, counter: str, number: str = ""
) -> tuple[Act, ...]:
    """What was done at a counter between two pictures; to call `number` is to call it by number."""
    was, now = _view(before, counter), _view(after, counter)
    acts: list[Act] = []
    same = was.ticket is not None and now.ticket is not None and _same(was.ticket, now.ticket)
    if was.ticket is not None and not same:
        acts.append(_left(after, was.ticket.number))
    if now.ticket is not None and not same:
        acts.append(_called(before, now.ticket.number, number))
    if was.ticket is not None and now.ticket is not None and same:
        if now.ticket.calls > was.ticket.calls:
            acts.append("recall")
        if (was.ticket.phase, now.ticket.phase) == ("called", "serving"):
            acts.append("start")
    if now.phase != was.phase:
        acts.append({"open": "open", "paused": "pause", "closed": "close"}[now.phase])  # type: ignore[arg-type]  # each is an Act
    return tuple(acts)


def _left(after: Snapshot, number: str) -> Act:
    """How a ticket left the counter."""
    if any(ticket.number == number for ticket in after.absent):
        return "no_show"
    if any(ticket.number == number for ticket in after.waiting):
        return "transfer"
    parked = next((ticket for ticket in after.parked if ticket.number == number), None)
    if parked is None:
        return "finish"
    return "park_papers" if parked.park_reason == "papers" else "park_signature"


def _called(before: Snapshot, called: str, number: str) -> Act:
    """How a ticket came to the counter."""
    if any(ticket.number == called for ticket in before.parked):
        return "resume"
    return "call_number" if called == number else "call"


def _same(was: TicketView, now: TicketView) -> bool:
    return was.number == now.number


def _view(shot: Snapshot, counter: str) -> CounterView:
    return next(view for view in shot.counters if view.counter == counter)
