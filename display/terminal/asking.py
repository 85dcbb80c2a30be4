"""From an action to its command: what is asked of the clerk on the way, and in which order.

The hub alone decides; here only what it needs to know is found out.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar

import msgspec

from contract import commands as c
from contract.events import ParkReason
from contract.ids import ServiceId, TicketNumber
from contract.snapshot import CounterView, TicketView
from display.terminal import house_view
from display.terminal.actions import ActionId
from display.terminal.desk_view import waiting_here
from display.terminal.scene import (
    Scene,
    clock_time,
    desk_phase,
    minutes,
    priority_name,
    service_name,
)
from runtime.wording import say

_T = TypeVar("_T")

_PAUSE_REASONS = ("lunch", "short-break", "meeting", "helping", "equipment")
_CALL_REASONS = ("missed-turn", "priority", "papers-brought", "urgent")
_VOID_REASONS = ("citizen-left", "wrong-service", "issued-twice")
_DUE_MIN = (10, 20, 30, 60, 120)
_MS_PER_MIN = 60_000
_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Choice(msgspec.Struct, Generic[_T], frozen=True):
    """One thing to choose, in words, with what is worth knowing about it."""

    value: _T
    words: str
    note: str = ""


class NotNow(Exception):  # noqa: N818 - said to the clerk, not an error
    """There is nothing to choose from; the words say so."""


class GivenUp(Exception):  # noqa: N818 - the clerk's own choice, not an error
    """The clerk went back."""


class Asker(Protocol):
    """Asks the clerk; every question may end with GivenUp."""

    async def choose(self, title: str, choices: Sequence[Choice[_T]]) -> _T:
        """One of `choices`."""

    async def type(
        self, title: str, complaint: str, acceptable: Callable[[str], bool], begun: str = ""
    ) -> str:
        """What the clerk types, once it is acceptable; until then the complaint is shown."""

    async def confirm(self, question: str) -> None:
        """Ask once before something that cannot be taken back."""


async def command_for(
    action: ActionId, asker: Asker, scene: Scene, counter: CounterView, typed: str = ""
) -> c.AnyCommand:
    """The command for `action` at `counter`; `typed` is the digit that a number began with.

    Raises GivenUp when the clerk went back, and NotNow when there is nothing to choose from.
    """
    simple = _SIMPLE.get(action)
    if simple is not None:
        return simple(counter)
    return await _ASKING[action](_Case(asker, scene, counter, typed))


class _Case(msgspec.Struct, frozen=True):
    asker: Asker
    scene: Scene
    counter: CounterView
    typed: str

    def ticket(self) -> TicketView:
        """The ticket at the counter; the hub's own words when there is none."""
        if self.counter.ticket is None:
            words = say("refusal.counter-empty", self.scene.language, counter=self.counter.counter)
            raise NotNow(words)
        return self.counter.ticket

    def free(self) -> None:
        """Ask nothing while a citizen is at the counter; the hub's own words say so."""
        if self.counter.ticket is not None:
            words = say(
                "refusal.counter-busy",
                self.scene.language,
                counter=self.counter.counter,
                number=self.counter.ticket.number,
            )
            raise NotNow(words)

    def say(self, key: str, **values: object) -> str:
        return say(f"terminal.{key}", self.scene.language, **values)


async def _finish_with_dossier(case: _Case) -> c.AnyCommand:
    case.ticket()
    dossier = await case.asker.type(
        case.say("ask_dossier"), case.say("ask_dossier_wrong"), _is(c.Dossier)
    )
    return c.FinishService(case.counter.counter, dossier)


async def _no_show(case: _Case) -> c.AnyCommand:
    ticket = case.ticket()
    await case.asker.confirm(case.say("confirm_no_show", number=ticket.number, times=ticket.calls))
    return c.MarkNoShow(case.counter.counter)


async def _transfer(case: _Case) -> c.AnyCommand:
    ticket = case.ticket()
    service = await case.asker.choose(case.say("ask_service"), _services(case))
    targets = [
        view
        for view in case.scene.snapshot.counters
        if service in view.services and view.counter != case.counter.counter
    ]
    choices: list[Choice[str | None]] = [
        Choice(view.counter, f"{case.say('counter')} {view.counter}", _doing(case, view))
        for view in targets
    ]
    if service != ticket.service:
        choices.insert(0, Choice(None, case.say("any_counter")))
    if not choices:
        words = say(
            "refusal.service-not-there",
            case.scene.language,
            service=service_name(case.scene, service),
        )
        raise NotNow(words)
    if len(choices) == 1:
        return c.TransferTicket(case.counter.counter, service, choices[0].value)
    to_counter = await case.asker.choose(case.say("ask_counter"), choices)
    return c.TransferTicket(case.counter.counter, service, to_counter)


async def _park_for_signature(case: _Case) -> c.AnyCommand:
    return await _park(case, "signature")


async def _park_for_papers(case: _Case) -> c.AnyCommand:
    return await _park(case, "papers")


async def _park(case: _Case, reason: ParkReason) -> c.AnyCommand:
    case.ticket()
    language = case.scene.language
    choices: list[Choice[int | None]] = [
        Choice(
            due_min,
            minutes(due_min * _MS_PER_MIN, language),
            clock_time(case.scene.now_ms + due_min * _MS_PER_MIN),
        )
        for due_min in _DUE_MIN
    ]
    choices.append(Choice(None, case.say("due_unknown")))
    due_in_min = await case.asker.choose(case.say("ask_due"), choices)
    return c.ParkTicket(case.counter.counter, reason, due_in_min)


async def _resume(case: _Case) -> c.AnyCommand:
    case.free()
    tickets = house_view.parked_in_order(case.scene)
    rows = house_view.parked(case.scene).rows
    choices = [
        Choice(ticket.number, f"{ticket.number} · {row.note}")
        for ticket, row in zip(tickets, rows, strict=True)
    ]
    if not choices:
        raise NotNow(case.say("nothing_to_resume"))
    number = await case.asker.choose(case.say("ask_parked"), choices)
    return c.ResumeTicket(case.counter.counter, number)


async def _call_number(case: _Case) -> c.AnyCommand:
    case.free()
    number = await _number(case)
    reason = await _reason(case, case.say("ask_call"), _CALL_REASONS)
    return c.CallTicket(case.counter.counter, number, reason)


async def _call_priority(case: _Case) -> c.AnyCommand:
    case.free()
    waiting = waiting_here(case.scene, case.counter)
    preferred = [ticket for ticket in waiting if ticket.priority is not None]
    if not preferred:
        raise NotNow(case.say("nothing_preferred"))
    number = await case.asker.choose(
        case.say("ask_preferred"), [_ticket(case, ticket) for ticket in preferred]
    )
    return c.CallTicket(case.counter.counter, number, "priority")


async def _issue(case: _Case) -> c.AnyCommand:
    service = await case.asker.choose(case.say("ask_service"), _services(case))
    classes: list[Choice[str | None]] = [
        Choice(offered.id, priority_name(case.scene, offered.id))
        for offered in case.scene.catalogue.priorities
    ]
    if not classes:
        return c.IssueTicket((service,))
    none: Choice[str | None] = Choice(None, case.say("no_priority"))
    priority = await case.asker.choose(case.say("ask_priority"), [none, *classes])
    return c.IssueTicket((service,), priority)


async def _return_absent(case: _Case) -> c.AnyCommand:
    absent = [_ticket(case, ticket) for ticket in case.scene.snapshot.absent]
    if not absent:
        raise NotNow(case.say("nothing_absent"))
    return c.ReturnTicket(await case.asker.choose(case.say("ask_absent"), absent))


async def _add_service(case: _Case) -> c.AnyCommand:
    number = case.ticket().number
    return c.AddService(number, await case.asker.choose(case.say("ask_service"), _services(case)))


async def _reprint(case: _Case) -> c.AnyCommand:
    return c.ReprintTicket(await _number(case))


async def _void(case: _Case) -> c.AnyCommand:
    number = await _number(case)
    reason = await _reason(case, case.say("ask_void"), _VOID_REASONS)
    await case.asker.confirm(case.say("confirm_void", number=number))
    return c.VoidTicket(number, reason)


async def _pause(case: _Case) -> c.AnyCommand:
    case.free()
    reason = await _reason(case, case.say("ask_pause"), _PAUSE_REASONS)
    return c.PauseCounter(case.counter.counter, reason)


async def _close(case: _Case) -> c.AnyCommand:
    case.free()
    left = _nobody_else_serves(case)
    if left:
        await case.asker.confirm(case.say("confirm_close", count=left))
    return c.CloseCounter(case.counter.counter)


async def _sign_out(case: _Case) -> c.AnyCommand:
    case.free()
    left = _nobody_else_serves(case) if case.counter.phase != "closed" else 0
    if left:
        await case.asker.confirm(case.say("confirm_close", count=left))
    return c.SignOut(case.counter.counter)


async def _number(case: _Case) -> str:
    return await case.asker.type(
        case.say("ask_number"), case.say("ask_number_wrong"), _is(TicketNumber), case.typed
    )


async def _reason(case: _Case, title: str, known: Iterable[str]) -> str:
    choices: list[Choice[str | None]] = [
        Choice(reason, case.say(f"reason_{reason}")) for reason in known
    ]
    choices.append(Choice(None, case.say("other_reason")))
    reason = await case.asker.choose(title, choices)
    if reason is not None:
        return reason
    return await case.asker.type(case.say("ask_reason"), case.say("ask_reason_wrong"), _is(_Reason))


def _services(case: _Case) -> list[Choice[ServiceId]]:
    views = {view.service: view for view in case.scene.snapshot.services}
    choices = []
    for service, view in views.items():
        waiting = case.say("people_wait", count=view.waiting)
        where = [
            other.counter
            for other in case.scene.snapshot.counters
            if other.phase == "open" and service in other.services
        ]
        at = (
            case.say("at_counters", counters=", ".join(where))
            if where
            else case.say("nowhere_open")
        )
        choices.append(Choice(service, service_name(case.scene, service), f"{at} · {waiting}"))
    return choices


def _ticket(case: _Case, ticket: TicketView) -> Choice[TicketNumber]:
    waited = minutes(case.scene.now_ms - ticket.since_ms, case.scene.language)
    who = "" if ticket.priority is None else f" · {priority_name(case.scene, ticket.priority)}"
    name = service_name(case.scene, ticket.service)
    return Choice(ticket.number, f"{ticket.number} · {waited}{who}", name)


def _doing(case: _Case, view: CounterView) -> str:
    return house_view.counter_row(case.scene, view).note


def _nobody_else_serves(case: _Case) -> int:
    """How many wait whom only this counter serves now."""
    elsewhere = {
        service
        for view in case.scene.snapshot.counters
        if view.counter != case.counter.counter and desk_phase(view) not in ("closed", "paused")
        for service in view.services
    }
    return sum(ticket.service not in elsewhere for ticket in waiting_here(case.scene, case.counter))


def _is(kind: Any) -> Callable[[str], bool]:
    def acceptable(text: str) -> bool:
        try:
            msgspec.convert(text, kind)
        except msgspec.ValidationError:
            return False
        return True

    return acceptable


def _next(counter: CounterView) -> c.AnyCommand:
    return c.CallNext(counter.counter, finish_current=counter.ticket is not None)


_SIMPLE: dict[ActionId, Callable[[CounterView], c.AnyCommand]] = {
    "next": _next,
    "recall": lambda counter: c.Recall(counter.counter),
    "start": lambda counter: c.StartService(counter.counter),
    "finish": lambda counter: c.FinishService(counter.counter),
    "open": lambda counter: c.OpenCounter(counter.counter),
}
_ASKING: dict[ActionId, Callable[[_Case], Awaitable[c.AnyCommand]]] = {
    "finish_dossier": _finish_with_dossier,
    "no_show": _no_show,
    "transfer": _transfer,
    "park_signature": _park_for_signature,
    "park_papers": _park_for_papers,
    "resume": _resume,
    "call_number": _call_number,
    "priority": _call_priority,
    "issue": _issue,
    "return_absent": _return_absent,
    "add_service": _add_service,
    "reprint": _reprint,
    "void": _void,
    "pause": _pause,
    "close": _close,
    "sign_out": _sign_out,
}
