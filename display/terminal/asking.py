"""From an action to its command: what is asked of the clerk on the way, and in which order.

The hub alone decides; here only what it needs to know is found out.
"""

from collections.abc import Awaitable, Callable

from contract import commands as c
from contract.events import ParkReason
from contract.ids import TicketNumber
from contract.snapshot import CounterView
from display.terminal import house_view
from display.terminal.actions import Wish
from display.terminal.business_day import ask_day
from display.terminal.desk_view import waiting_here
from display.terminal.questions import (
    Asker,
    Case,
    Choice,
    NotNow,
    ask_number,
    ask_reason,
    is_a,
    service_choices,
    ticket_choice,
)
from display.terminal.scene import (
    Scene,
    clock_time,
    desk_phase,
    elapsed,
    minutes,
    priority_name,
    service_name,
)
from runtime.wording import say

_PAUSE_REASONS = ("lunch", "short-break", "meeting", "helping", "equipment")
_CALL_REASONS = ("missed-turn", "priority", "papers-brought", "urgent")
_VOID_REASONS = ("citizen-left", "wrong-service", "issued-twice")
_ASSIGN_REASONS = ("long-queue", "staff-absent", "equipment")
_DUE_MIN = (10, 20, 30, 60, 120)
_MS_PER_MIN = 60_000

# The hub takes these for whoever is at the counter when they arrive.
AboutWhomIsThere = c.CallNext | c.FinishService | c.MarkNoShow | c.TransferTicket | c.ParkTicket


async def command_for(
    wish: Wish, asker: Asker, scene: Scene, counter: CounterView, typed: str = ""
) -> c.AnyCommand:
    """The command for `wish` at `counter`; `typed` is the digit that a number began with.

    Raises GivenUp when the clerk went back, and NotNow when there is nothing to choose from.
    """
    simple = _SIMPLE.get(wish)
    if simple is not None:
        return simple(counter)
    return await _ASKING[wish](Case(asker, scene, counter, typed))


async def _next(case: Case) -> c.AnyCommand:
    ticket = case.counter.ticket
    if ticket is not None:
        await _sure_to_finish(case)
    return c.CallNext(case.counter.counter, finish_current=ticket is not None)


async def _finish(case: Case) -> c.AnyCommand:
    await _sure_to_finish(case)
    return c.FinishService(case.counter.counter)


async def _sure_to_finish(case: Case) -> None:
    """Ask once about a service that only just began: its Enter was most likely a slip."""
    ticket = case.counter.ticket
    if ticket is None or ticket.phase != "serving":
        return
    served_ms = case.scene.now_ms - ticket.since_ms
    if served_ms < case.scene.targets.quick_finish_s * 1000:
        words = case.say("confirm_finish", number=ticket.number, elapsed=elapsed(served_ms))
        await case.asker.confirm(words)


async def _finish_with_dossier(case: Case) -> c.AnyCommand:
    case.ticket()
    dossier = await case.asker.type(
        case.say("ask_dossier"), case.say("ask_dossier_wrong"), is_a(c.Dossier)
    )
    return c.FinishService(case.counter.counter, dossier)


async def _no_show(case: Case) -> c.AnyCommand:
    ticket = case.ticket()
    await case.asker.confirm(case.say("confirm_no_show", number=ticket.number, times=ticket.calls))
    return c.MarkNoShow(case.counter.counter)


async def _transfer(case: Case) -> c.AnyCommand:
    ticket = case.ticket()
    service = await case.asker.choose(case.say("ask_service"), service_choices(case))
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


async def _park_for_signature(case: Case) -> c.AnyCommand:
    return await _park(case, "signature")


async def _park_for_papers(case: Case) -> c.AnyCommand:
    return await _park(case, "papers")


async def _park(case: Case, reason: ParkReason) -> c.AnyCommand:
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


async def _resume(case: Case) -> c.AnyCommand:
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


async def _call_number(case: Case) -> c.AnyCommand:
    case.free()
    number = await ask_number(case)
    reason = await ask_reason(case, case.say("ask_call"), _CALL_REASONS)
    return c.CallTicket(case.counter.counter, number, reason)


async def _call_priority(case: Case) -> c.AnyCommand:
    case.free()
    waiting = waiting_here(case.scene, case.counter)
    preferred = [ticket for ticket in waiting if ticket.priority is not None]
    if not preferred:
        raise NotNow(case.say("nothing_preferred"))
    number = await case.asker.choose(
        case.say("ask_preferred"), [ticket_choice(case, ticket) for ticket in preferred]
    )
    return c.CallTicket(case.counter.counter, number, "priority")


async def _issue(case: Case) -> c.AnyCommand:
    service = await case.asker.choose(case.say("ask_service"), service_choices(case))
    classes: list[Choice[str | None]] = [
        Choice(offered.id, priority_name(case.scene, offered.id))
        for offered in case.scene.catalogue.priorities
    ]
    if not classes:
        return c.IssueTicket((service,))
    none: Choice[str | None] = Choice(None, case.say("no_priority"))
    priority = await case.asker.choose(case.say("ask_priority"), [none, *classes])
    return c.IssueTicket((service,), priority)


async def _return_absent(case: Case) -> c.AnyCommand:
    absent = [ticket_choice(case, ticket) for ticket in case.scene.snapshot.absent]
    if not absent:
        raise NotNow(case.say("nothing_absent"))
    return c.ReturnTicket(await case.asker.choose(case.say("ask_absent"), absent))


async def _add_service(case: Case) -> c.AnyCommand:
    number = case.ticket().number
    return c.AddService(
        number, await case.asker.choose(case.say("ask_service"), service_choices(case))
    )


async def _reprint(case: Case) -> c.AnyCommand:
    doubtful = house_view.doubtful_slips(case.scene)
    if not doubtful:
        return c.ReprintTicket(await ask_number(case))
    choices: list[Choice[TicketNumber | None]] = [
        Choice(
            ticket.number,
            f"{ticket.number} · {case.say(f'slip_{ticket.slip}')}",
            service_name(case.scene, ticket.service),
        )
        for ticket in doubtful
    ]
    choices.append(Choice(None, case.say("other_number")))
    number = await case.asker.choose(case.say("ask_reprint"), choices)
    return c.ReprintTicket(await ask_number(case) if number is None else number)


async def _roll(case: Case) -> c.AnyCommand:
    rolls = case.scene.snapshot.rolls
    if rolls:
        choices: list[Choice[str | None]] = [
            Choice(
                roll.series,
                case.say("roll_leave", series=roll.series),
                case.say("roll_next", number=roll.next_number),
            )
            for roll in rolls
        ]
        choices.append(Choice(None, case.say("roll_load")))
        series = await case.asker.choose(case.say("roll"), choices)
        if series is not None:
            return c.LeaveRoll(series)
    number = await case.asker.type(
        case.say("ask_roll"), case.say("ask_number_wrong"), is_a(TicketNumber)
    )
    await case.asker.confirm(case.say("confirm_roll", number=number))
    return c.UseRoll(number)


async def _assign(case: Case) -> c.AnyCommand:
    view = case.counter
    services = await case.asker.choose_some(
        case.say("ask_services", counter=view.counter),
        case.say("ask_services_wrong"),
        service_choices(case),
        view.services,
    )
    if set(services) == set(view.services):
        words = say("refusal.services-unchanged", case.scene.language, counter=view.counter)
        raise NotNow(words)
    usual = set(services) == set(view.usual_services)
    reason = await ask_reason(case, case.say("ask_assign"), _ASSIGN_REASONS)
    return c.AssignServices(view.counter, () if usual else services, reason)


async def _void(case: Case) -> c.AnyCommand:
    number = await ask_number(case)
    reason = await ask_reason(case, case.say("ask_void"), _VOID_REASONS)
    await case.asker.confirm(case.say("confirm_void", number=number))
    return c.VoidTicket(number, reason)


async def _remove_device(case: Case) -> c.AnyCommand:
    choices = [Choice(row.name, row.name, row.note) for row in house_view.lost_devices(case.scene)]
    if not choices:
        raise NotNow(case.say("nothing_lost"))
    device = await case.asker.choose(case.say("ask_remove_device"), choices)
    await case.asker.confirm(case.say("confirm_remove_device", device=device))
    return c.RemoveDevice(device)


async def _pause(case: Case) -> c.AnyCommand:
    case.free()
    reason = await ask_reason(case, case.say("ask_pause"), _PAUSE_REASONS)
    return c.PauseCounter(case.counter.counter, reason)


async def _close(case: Case) -> c.AnyCommand:
    case.free()
    left = _nobody_else_serves(case)
    if left:
        await case.asker.confirm(case.say("confirm_close", count=left))
    return c.CloseCounter(case.counter.counter)


async def _sign_out(case: Case) -> c.AnyCommand:
    case.free()
    left = _nobody_else_serves(case) if case.counter.phase != "closed" else 0
    if left:
        await case.asker.confirm(case.say("confirm_close", count=left))
    return c.SignOut(case.counter.counter)


def _doing(case: Case, view: CounterView) -> str:
    return house_view.counter_row(case.scene, view).note


def _nobody_else_serves(case: Case) -> int:
    """How many wait whom only this counter serves now."""
    elsewhere = {
        service
        for view in case.scene.snapshot.counters
        if view.counter != case.counter.counter and desk_phase(view) not in ("closed", "paused")
        for service in view.services
    }
    return sum(ticket.service not in elsewhere for ticket in waiting_here(case.scene, case.counter))


_SIMPLE: dict[Wish, Callable[[CounterView], c.AnyCommand]] = {
    "recall": lambda counter: c.Recall(counter.counter),
    "start": lambda counter: c.StartService(counter.counter),
    "open": lambda counter: c.OpenCounter(counter.counter),
}
_ASKING: dict[Wish, Callable[[Case], Awaitable[c.AnyCommand]]] = {
    "next": _next,
    "finish": _finish,
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
    "roll": _roll,
    "assign": _assign,
    "void": _void,
    "remove_device": _remove_device,
    "day": ask_day,
    "pause": _pause,
    "close": _close,
    "sign_out": _sign_out,
}
