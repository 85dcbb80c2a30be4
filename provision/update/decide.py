"""What to do next with an update, from what is on the disk; pure.

Nothing notes which step was reached: each step leaves its result, and is found by it again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from msgspec import structs

from contract.versions import is_later
from contract.wire import VERSION, Release, UpdateState
from provision.update.notebook import Trial

PROVEN_WITHIN_S = 900.0
WELL_FOR_S = 120.0
EMPTY_FOR_S = 3600.0
MOST_STARTS = 2
RESERVE_BYTES = 300_000_000

House = Literal["busy", "empty", "closed"]


class Step(StrEnum):
    """One thing to do; each may be cut anywhere, and done again."""

    RESTART = "lay down units and restart the services, for current was switched"
    GO_BACK = "switch back"
    PROVE = "watch the release on trial"
    SETTLE = "note that the release is in force"
    FETCH = "fetch what is missing"
    BUILD = "build the environment"
    CHECK = "let the new software look at settings and a copy of the journal"
    SWITCH = "switch at a quiet time"
    REST = "nothing"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the disk says now. `running` and `proven` are names of releases; with `is_back` an older
    one than runs is wanted."""

    state: UpdateState | None
    trial: Trial | None
    running: str
    proven: str
    restart_due: bool
    fetched: bool
    built: bool
    checked: bool
    is_back: bool

    @property
    def on_trial(self) -> bool:
        """Whether a release runs that has not shown its health. One that a person switched to by
        hand is nobody's trial."""
        return (
            self.trial is not None
            and self.running != self.proven
            and self.running == str(self.trial.release)
        )


def next_step(facts: Facts) -> Step:
    """The next step."""
    state = facts.state
    is_over = state is None or state.phase in ("done", "refused")
    for is_due, step in (
        (facts.on_trial and state is not None and state.phase == "refused", Step.GO_BACK),
        (facts.restart_due, Step.RESTART),
        (facts.on_trial, Step.PROVE),
        (is_over, Step.REST),
        (state is not None and _is_reached(facts, state.release), Step.SETTLE),
        (not facts.fetched, Step.FETCH),
        (not facts.built, Step.BUILD),
        (not facts.checked, Step.CHECK),
    ):
        if is_due:
            return step
    return Step.SWITCH


def number(release: str) -> int:
    """The number of a release by its folder's name; 0 for one from a card, which has none."""
    return int(release) if release.isdecimal() and release.isascii() else 0


def is_newer(running: str, software: str) -> bool:
    """Whether a release from a card, whose folder is named after its version, is newer than this
    software. False where it has a number, or either version is more than numbers and dots."""
    return not number(running) and is_later(running, software)


def objection(
    release: Release, *, wanted: int, running: int, reads: int, writes: int, target: str
) -> str:
    """Why this release may not be tried here, or nothing.

    `reads` is the highest form of a journal that the present software reads, `writes` the form of
    what it writes: older software may come back under a new number.
    """
    if (release.version, release.number) != (VERSION, wanted):
        return f"it is release {release.number} of form {release.version}, not {wanted}"
    if running < release.updates_from:
        return f"release {release.updates_from} has to be in between, here runs {running}"
    if release.journal_writes > reads:
        return (
            f"it writes journals of form {release.journal_writes}, and the present software reads "
            f"{reads}: there would be no way back"
        )
    if release.journal_reads < writes:
        return (
            f"it reads journals of form {release.journal_reads} at most, and those here are of "
            f"form {writes}: it could not go on"
        )
    if not release.files_for(target):
        return f"it has nothing for {target}"
    return ""


def bytes_needed(release: Release, target: str) -> int:
    """The room that building takes: the wheels, what they unpack to, and as much compiled."""
    return sum(file.size + 2 * file.unpacked for file in release.files_for(target))


def entered(trial: Trial, boot: str, now_s: float) -> Trial:
    """The trial at this moment: another boot is another start, with its own time."""
    if trial.boot == boot:
        return trial
    return structs.replace(trial, starts=trial.starts + 1, boot=boot, since_s=now_s)


def failure(trial: Trial, now_s: float) -> str:
    """Why the trial is lost, or nothing. No wall clock is asked: starts and uptime are."""
    if trial.starts > MOST_STARTS:
        return f"not healthy after {MOST_STARTS} starts"
    if now_s - trial.since_s > PROVEN_WITHIN_S:
        return f"not healthy within {PROVEN_WITHIN_S / 60:.0f} minutes"
    return ""


def is_quiet(house: House | None, not_busy_for_s: float, *, urgent: bool) -> bool:
    """Whether a restart disturbs nobody: closed and empty, or empty for long, as with a clock that
    nobody believes; a hub that does not answer (None) serves nobody. `urgent` takes any moment in
    which the house is empty."""
    if house == "closed" or (urgent and house == "empty"):
        return True
    return house != "busy" and not_busy_for_s >= EMPTY_FOR_S


def _is_reached(facts: Facts, wanted: int) -> bool:
    running = number(facts.running)
    return running == wanted or (running > wanted and not facts.is_back)
