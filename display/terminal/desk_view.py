"""The clerk's own counter: whom it has, for how long, against the target. Pure."""

from msgspec import Struct

from contract.snapshot import CounterView, TicketView
from display.terminal.actions import ActionId, main_action
from display.terminal.house_view import serves_otherwise
from display.terminal.scene import (
    DeskPhase,
    Note,
    Scene,
    clock_time,
    desk_phase,
    elapsed,
    minutes,
    priority_name,
    reason_words,
    service_name,
)
from runtime.wording import say

_MS_PER_MIN = 60_000


class DeskView(Struct, frozen=True):
    """`title`, the ticket's `number` in large digits, `lines` about it, and what Enter does.

    `running` is the time that runs, and `share` that time over its target.
    """

    phase: DeskPhase
    title: str
    lines: tuple[Note, ...]
    main: ActionId
    number: str = ""
    running: Note | None = None
    share: float = 0.0


def desk_view(scene: Scene, counter: CounterView) -> DeskView:
    """What the clerk of `counter` should see first."""
    phase = desk_phase(counter)
    ticket = counter.ticket
    title = say(f"terminal.desk_{phase}", scene.language)
    if ticket is None:
        lines = _free(scene, counter, phase)
        return DeskView(phase, title, lines, main_action(phase))
    share, running = _called(scene, ticket) if phase == "called" else _serving(scene, ticket)
    about = _about(scene, ticket)
    return DeskView(phase, title, about, main_action(phase), ticket.number, running, share)


def figures(scene: Scene, counter: CounterView) -> str:
    """What this counter and the centre have done today."""
    return say(
        "terminal.figures",
        scene.language,
        served=counter.served,
        finished=scene.snapshot.finished_today,
    )


def own_figures(scene: Scene) -> tuple[Note, ...]:
    """What the clerk has done today, wherever it was."""
    own = scene.own
    if own is None:
        return ()
    usual_ms = own.service_times.p50_ms
    if not own.served:
        served = say("terminal.own_served_nobody", scene.language)
    elif usual_ms is None:
        served = say("terminal.own_served_untimed", scene.language, served=own.served)
    else:
        usual = elapsed(usual_ms)
        served = say("terminal.own_served", scene.language, served=own.served, usual=usual)
    if not (own.served or own.no_shows or own.ratings.count):
        return (Note(served),)
    further = say(
        "terminal.own_further",
        scene.language,
        no_shows=own.no_shows,
        ratings=own.ratings.count,
    )
    return Note(served), Note(further)


def waiting_here(scene: Scene, counter: CounterView) -> tuple[TicketView, ...]:
    """The waiting tickets that the counter may call, in order of arrival."""
    able = {view.counter: view.services for view in scene.snapshot.counters if view.phase == "open"}
    return tuple(
        ticket
        for ticket in scene.snapshot.waiting
        if ticket.service in counter.services
        and (
            ticket.counter in (None, counter.counter)
            or ticket.service not in able.get(ticket.counter, ())
        )
    )


def _called(scene: Scene, ticket: TicketView) -> tuple[float, Note]:
    target_s = scene.targets.walk_s
    share = _walked_s(scene, ticket) / target_s
    words = say(
        "terminal.walk_long" if share > 1 else "terminal.walk",
        scene.language,
        elapsed=elapsed(scene.now_ms - ticket.since_ms),
        target=elapsed(target_s * 1000),
    )
    return share, Note(words, "notice" if share > 1 else "calm")


def _serving(scene: Scene, ticket: TicketView) -> tuple[float, Note]:
    serving_ms = scene.now_ms - ticket.since_ms
    usual = (o.usual_min for o in scene.catalogue.services if o.id == ticket.service)
    target_ms = next(usual, 10.0) * _MS_PER_MIN
    late = serving_ms > target_ms
    words = say(
        "terminal.service_time_long" if late else "terminal.service_time",
        scene.language,
        elapsed=elapsed(serving_ms),
        target=minutes(round(target_ms), scene.language),
    )
    return serving_ms / target_ms, Note(words, "notice" if late else "calm")


def _about(scene: Scene, ticket: TicketView) -> tuple[Note, ...]:
    language = scene.language
    lines = [Note(service_name(scene, ticket.service))]
    if ticket.priority is not None:
        name = priority_name(scene, ticket.priority)
        lines.append(Note(say("terminal.has_priority", language, name=name)))
    if ticket.further_services:
        names = ", ".join(service_name(scene, service) for service in ticket.further_services)
        lines.append(Note(say("terminal.further", language, services=names)))
    ago = minutes(scene.now_ms - ticket.issued_ms, language)
    taken = say("terminal.taken", language, minutes=ago)
    if ticket.phase == "called" and ticket.calls > 1:
        taken = f"{taken} · {say('terminal.called_times', language, times=ticket.calls)}"
    lines.append(Note(taken))
    if ticket.phase == "called" and _walked_s(scene, ticket) > scene.targets.walk_s:
        lines.append(Note(say("terminal.walk_advice", language)))
    return tuple(lines)


def _walked_s(scene: Scene, ticket: TicketView) -> float:
    return (scene.now_ms - ticket.since_ms) / 1000


def _free(scene: Scene, counter: CounterView, phase: DeskPhase) -> tuple[Note, ...]:
    lines = []
    language = scene.language
    if phase in ("paused", "closed"):
        since = say(
            "terminal.since",
            language,
            time=clock_time(counter.since_ms),
            minutes=minutes(scene.now_ms - counter.since_ms, language),
        )
        reason = counter.pause_reason if phase == "paused" else None
        words = since if reason is None else f"{reason_words(scene, reason)} · {since}"
        lines.append(Note(words))
    if serves_otherwise(counter):
        names = ", ".join(service_name(scene, service) for service in counter.services)
        lines.append(Note(say("terminal.serves_otherwise", language, services=names), "notice"))
    lines.append(_waiting_line(scene, waiting_here(scene, counter)))
    due = sum(t.due_ms is not None and t.due_ms <= scene.now_ms for t in scene.snapshot.parked)
    if phase == "idle":
        lines.extend(_rating(scene, counter))
    if due:
        lines.append(Note(say("terminal.due_now", language, count=due), "notice"))
    return tuple(lines)


def _rating(scene: Scene, counter: CounterView) -> tuple[Note, ...]:
    """That the last citizen rates, or has rated; not how."""
    if counter.rated:
        return (Note(say("terminal.rated", scene.language)),)
    if counter.rating_due_ms is not None and counter.rating_due_ms > scene.now_ms:
        return (Note(say("terminal.rating_due", scene.language)),)
    return ()


def _waiting_line(scene: Scene, waiting: tuple[TicketView, ...]) -> Note:
    if not waiting:
        return Note(say("terminal.for_you_nobody", scene.language))
    oldest_ms = scene.now_ms - min(ticket.since_ms for ticket in waiting)
    words = say(
        "terminal.for_you",
        scene.language,
        count=len(waiting),
        minutes=minutes(oldest_ms, scene.language),
    )
    late = oldest_ms > scene.targets.wait_min * _MS_PER_MIN
    return Note(words, "notice" if late else "calm")
