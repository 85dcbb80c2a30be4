"""The house around the clerk: queues, parked numbers, other counters, devices, the line. Pure."""

from typing import Literal

from msgspec import Struct

from contract.snapshot import CounterView, DeviceView, ServiceView, TicketView
from display.terminal.scene import (
    Mood,
    Note,
    Scene,
    clock_time,
    date_words,
    desk,
    desk_phase,
    minutes,
    reason_words,
    service_name,
)
from runtime.wording import catalogue as all_words
from runtime.wording import say

_MS_PER_MIN = 60_000
_URGENCY: dict[Mood, int] = {"alarm": 0, "notice": 1, "calm": 2}
_OF_ANY_DEVICE = frozenset(
    {"no-answer", "no-news", "line-lost", "garbled-line", "garbled-answer", "no-keypad"}
)
"""Conditions whose words do not name the device."""


class Row(Struct, frozen=True):
    """One row of a section; `figure` stands at the right of `name`, `note` behind it.

    `mine` marks what concerns the clerk's own counter.
    """

    name: str
    figure: str
    note: str
    mood: Mood = "calm"
    mine: bool = False


class Section(Struct, frozen=True):
    """A heading with its rows, what to say without any, and which part takes what room is left."""

    title: str
    rows: tuple[Row, ...]
    empty: str
    wide: Literal["name", "note"] = "note"


def queue(scene: Scene) -> Section:
    """Who waits, by service with the longest wait; what the clerk's counter serves comes first.

    Services that nobody waits for are left out, unless they are the clerk's own.
    """
    counter = desk(scene)
    own = frozenset[str]() if counter is None else frozenset(counter.services)
    busy = [view for view in scene.snapshot.services if view.waiting or view.service in own]
    ordered = sorted(busy, key=lambda view: view.service not in own)
    return Section(
        say("terminal.queue_title", scene.language, count=len(scene.snapshot.waiting)),
        tuple(_service_row(scene, view, mine=view.service in own) for view in ordered),
        say("terminal.queue_nobody", scene.language),
        wide="name",
    )


def parked(scene: Scene) -> Section:
    """The parked numbers, those that are due first."""
    tickets = parked_in_order(scene)
    return Section(
        say("terminal.parked_title", scene.language, count=len(tickets)),
        tuple(_parked_row(scene, ticket) for ticket in tickets),
        say("terminal.parked_nobody", scene.language),
    )


def parked_in_order(scene: Scene) -> tuple[TicketView, ...]:
    """The parked tickets: by promised time, then those without one by how long they wait."""
    return tuple(
        sorted(
            scene.snapshot.parked,
            key=lambda ticket: (ticket.due_ms is None, ticket.due_ms or ticket.since_ms),
        )
    )


def other_counters(scene: Scene) -> Section:
    """What the other counters do; those that are closed share a row, the last."""
    others = [view for view in scene.snapshot.counters if view.counter != scene.counter]
    rows = [counter_row(scene, view) for view in others if view.phase != "closed"]
    closed = ", ".join(view.counter for view in others if view.phase == "closed")
    if closed:
        rows.append(Row(closed, "", say("terminal.counter_shut", scene.language)))
    return Section(
        say("terminal.others_title", scene.language),
        tuple(rows),
        say("terminal.others_none", scene.language),
    )


def counter_row(scene: Scene, view: CounterView) -> Row:
    """One counter: its number, who has it, and what it does since when."""
    number = "" if view.ticket is None else view.ticket.number
    reason = reason_words(scene, view.pause_reason or "")
    doing = {
        "closed": say("terminal.counter_shut", scene.language),
        "paused": say("terminal.counter_paused", scene.language, reason=reason),
        "idle": say("terminal.counter_open", scene.language),
        "called": say("terminal.counter_called", scene.language, number=number),
        "serving": say("terminal.counter_serving", scene.language, number=number),
    }[desk_phase(view)]
    if view.phase != "closed":
        since_ms = view.since_ms if view.ticket is None else view.ticket.since_ms
        doing = f"{doing} · {minutes(scene.now_ms - since_ms, scene.language)}"
    name = view.counter if view.staff is None else f"{view.counter} · {view.staff}"
    return Row(name, "", doing, mine=view.staff == scene.staff)


def serves_otherwise(view: CounterView) -> bool:
    """Whether a counter serves something else than the site's rules say."""
    return bool(view.usual_services) and set(view.services) != set(view.usual_services)


def devices(scene: Scene) -> tuple[Note, ...]:
    """The devices that need a hand, in words; one calm line when none does."""
    troubled = [view for view in scene.snapshot.devices if view.state in ("lost", "paper-low")]
    lines = [
        Note(_device_words(scene, view), "notice" if view.state == "paper-low" else "alarm")
        for view in troubled
    ]
    return tuple(lines) or (Note(say("terminal.devices_ready", scene.language)),)


def lost_devices(scene: Scene) -> tuple[Row, ...]:
    """The devices that do not work, by name, with what is wrong since when."""
    return tuple(
        Row(view.device, "", _trouble(scene, view))
        for view in scene.snapshot.devices
        if view.state == "lost"
    )


def link(scene: Scene) -> Note:
    """The line to the centre, in words."""
    view = scene.snapshot.link
    if not view.configured:
        return Note(say("terminal.works_alone", scene.language))
    if not view.connected and view.unsent:
        return Note(say("terminal.link_offline", scene.language, count=view.unsent), "notice")
    if not view.connected:
        return Note(say("terminal.offline", scene.language), "notice")
    if view.overdue:
        return Note(say("terminal.link_sending", scene.language, count=view.unsent))
    return Note(say("terminal.synced", scene.language))


def rolls(scene: Scene) -> tuple[Note, ...]:
    """Which numbers are torn off a pre-printed roll, and the next one."""
    return tuple(
        Note(say("terminal.on_roll", scene.language, number=roll.next_number), "notice")
        for roll in scene.snapshot.rolls
    )


def doubtful_slips(scene: Scene) -> tuple[TicketView, ...]:
    """The tickets whose slip failed, or may have: staff decide about another copy."""
    shot = scene.snapshot
    called = (view.ticket for view in shot.counters if view.ticket is not None)
    in_the_house = (*shot.waiting, *called, *shot.parked, *shot.absent)
    return tuple(ticket for ticket in in_the_house if ticket.slip in ("failed", "unknown"))


def slips(scene: Scene) -> tuple[Note, ...]:
    """How many slips nobody can vouch for."""
    count = len(doubtful_slips(scene))
    return (Note(say("terminal.slips_doubtful", scene.language, count=count)),) if count else ()


def issuing(scene: Scene) -> tuple[Note, ...]:
    """Why citizens get no numbers at the kiosk now, if they get none."""
    state = scene.snapshot.issuing
    if state == "open":
        return ()
    return (Note(say(f"terminal.issuing_{state}", scene.language)),)


def health(scene: Scene, *, silent: bool, distrust: str = "") -> tuple[Note, ...]:
    """Link, devices, paper and kiosk, the worst first; nothing counts while the hub is `silent`,
    but that another answers, with whose certificate something is wrong (`distrust`)."""
    if silent and distrust:
        why = say("terminal.hub_not_trusted_why", scene.language, cause=distrust)
        return (Note(say("terminal.hub_not_trusted", scene.language), "alarm"), Note(why, "notice"))
    if silent:
        return (Note(say("terminal.hub_silent", scene.language), "alarm"),)
    lines = (link(scene), *devices(scene), *rolls(scene), *slips(scene), *issuing(scene))
    return tuple(sorted(lines, key=lambda line: _URGENCY[line.mood]))


def clock(scene: Scene) -> Note:
    """The time of day; the day that is believed where nobody knows the time."""
    if not scene.snapshot.clock_trusted:
        day = date_words(scene.snapshot.day)
        return Note(say("terminal.clock_unset", scene.language, day=day), "notice")
    return Note(clock_time(scene.now_ms))


def _service_row(scene: Scene, view: ServiceView, *, mine: bool) -> Row:
    language = scene.language
    target_min = scene.targets.wait_min
    name = service_name(scene, view.service)
    oldest_ms = 0 if view.oldest_ms is None else scene.now_ms - view.oldest_ms
    note = minutes(oldest_ms, language)
    mood: Mood = "calm"
    if not view.waiting:
        note = ""
    elif not view.open_counters:
        note, mood = say("terminal.no_counter_open", language), "alarm"
    elif oldest_ms > target_min * _MS_PER_MIN:
        note = say("terminal.over_target", language, minutes=note, target=target_min)
        mood = "notice"
    return Row(name, str(view.waiting), note, mood, mine)


def _parked_row(scene: Scene, ticket: TicketView) -> Row:
    language = scene.language
    why = "papers" if ticket.park_reason == "papers" else "signature"
    mood: Mood = "calm"
    if ticket.due_ms is None:
        parked_ms = scene.now_ms - ticket.since_ms
        when = say("terminal.due_none", language, minutes=minutes(parked_ms, language))
    elif ticket.due_ms <= scene.now_ms:
        late = minutes(scene.now_ms - ticket.due_ms, language)
        when, mood = say("terminal.due_passed", language, minutes=late), "notice"
    else:
        when = say("terminal.due_at", language, time=clock_time(ticket.due_ms))
    why_words = say(f"terminal.parked_{why}", language)
    name = service_name(scene, ticket.service)
    return Row(ticket.number, "", f"{why_words}, {when} · {name}", mood)


def _device_words(scene: Scene, view: DeviceView) -> str:
    """The condition's words where it has some, for they name the device in few cells."""
    condition = "paper-low" if view.state == "paper-low" else view.condition
    words = all_words(scene.language).get(f"device.{condition}")
    if words and condition not in _OF_ANY_DEVICE:
        return words
    trouble = _trouble(scene, view)
    return say("terminal.device_lost", scene.language, trouble=trouble, device=view.device)


def _trouble(scene: Scene, view: DeviceView) -> str:
    words = all_words(scene.language)
    trouble = words.get(f"device.{view.condition}", words["device.lost"])
    if view.since_ms is None:
        return trouble
    since = clock_time(view.since_ms)
    return say("terminal.device_since", scene.language, trouble=trouble, time=since)
