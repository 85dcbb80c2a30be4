"""What a clerk's screen is about: the newest picture of the site, seen from one counter. Pure."""

from typing import Literal

from msgspec import Struct

from contract.day_report import StaffFigures
from contract.ids import CounterId, Name, ServiceId
from contract.local_time import local_time
from contract.snapshot import CounterView, Snapshot
from runtime.hub_client import Catalogue
from runtime.wording import catalogue as all_words
from runtime.wording import say

Mood = Literal["calm", "notice", "alarm"]
DeskPhase = Literal["closed", "paused", "idle", "called", "serving"]

SIGNS: dict[Mood, str] = {"calm": "", "notice": "! ", "alarm": "!! "}
_MS_PER_MIN = 60_000


class Note(Struct, frozen=True):
    """One line of words; its mood is in its colour and, for whoever sees none, in a sign."""

    words: str
    mood: Mood = "calm"


class Targets(Struct, frozen=True):
    """What is too long, a wait in the hall and a walk from the call to the counter; and what is
    too short for a service, so that its end is asked about."""

    wait_min: int = 20
    walk_s: int = 60
    quick_finish_s: int = 10


class Scene(Struct, frozen=True):
    """The site as `staff` at `counter` sees it at `now_ms`, by the hub's clock.

    `own` is what the clerk did today, as far as it is known.
    """

    snapshot: Snapshot
    now_ms: int
    staff: Name
    counter: CounterId
    catalogue: Catalogue
    targets: Targets
    language: str
    own: StaffFigures | None = None


def desk(scene: Scene) -> CounterView | None:
    """The clerk's counter, as long as nobody else has it."""
    found = (view for view in scene.snapshot.counters if view.counter == scene.counter)
    view = next(found, None)
    return view if view is not None and view.staff == scene.staff else None


def desk_phase(view: CounterView) -> DeskPhase:
    """What a counter does now, as its clerk thinks of it."""
    if view.ticket is not None:
        return "serving" if view.ticket.phase == "serving" else "called"
    return "idle" if view.phase == "open" else view.phase


def service_name(scene: Scene, service: ServiceId) -> str:
    """A service's name in the clerk's language, or its id while the catalogue is unknown."""
    return _named(
        scene, {offered.id: offered.name for offered in scene.catalogue.services}, service
    )


def priority_name(scene: Scene, priority: Name) -> str:
    """A priority class's name in the clerk's language, or its id."""
    known = {offered.id: offered.name for offered in scene.catalogue.priorities}
    if priority not in known:
        return all_words(scene.language).get(f"priority.{priority}", priority)
    return _named(scene, known, priority)


def reason_words(scene: Scene, reason: str) -> str:
    """The words of a reason that was chosen from a list, or the reason as it was typed."""
    return all_words(scene.language).get(f"terminal.reason_{reason}", reason)


def clock_time(wall_ms: int) -> str:
    """The site's time of day: "08:05"."""
    return local_time(wall_ms).strftime("%H:%M")


def date_words(day: str) -> str:
    """A business day as people write it: "22/11/2026"; as it is when it is no date."""
    year, _, rest = day.partition("-")
    month, _, of_month = rest.partition("-")
    return f"{of_month}/{month}/{year}" if of_month else day


def elapsed(duration_ms: int) -> str:
    """A running time to the second: "4:12", "1:04:12"."""
    seconds = max(0, duration_ms) // 1000
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def minutes(duration_ms: int, language: str) -> str:
    """A duration for a glance: "<1 phút", "14 phút", "1 giờ 05"."""
    whole = max(0, duration_ms) // _MS_PER_MIN
    if whole < 1:
        return say("terminal.under_minute", language)
    if whole < 60:
        return say("terminal.minutes", language, n=whole)
    return say("terminal.hours", language, h=whole // 60, m=f"{whole % 60:02d}")


def _named(scene: Scene, names: dict[str, dict[str, str]], id_: str) -> str:
    name = names.get(id_, {})
    return name.get(scene.language) or name.get("vi") or id_
