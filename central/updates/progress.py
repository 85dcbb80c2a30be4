"""How far a hub has come with a rollout; pure."""

from enum import StrEnum

from msgspec import Struct

from central.updates.rollout import Rollout

SILENT_AFTER_MS = 600_000
"""A hub says something every 200 seconds; one that is not heard for so long is silent."""


class Progress(StrEnum):
    """How far a hub is; each hub of a rollout is in one of these."""

    QUEUED = "queued"
    FETCHING = "fetching"
    WAITING = "waiting"
    TRYING = "trying"
    DONE = "done"
    REFUSED = "refused"
    SILENT = "silent"
    KEPT = "kept"


class HubUpdate(Struct, frozen=True):
    """A hub, what it runs, whether it is heard, whether the files of its software are not those
    that were published (`is_altered`), and what is known of it and one rollout.

    `phase` is its last word on the rollout's order, empty before the first; `reason` what it gave
    for it, `since_ms` since when (UTC milliseconds).
    """

    site: str
    province: str
    node: str
    software: str
    is_silent: bool
    is_altered: bool = False
    is_told: bool = False
    is_taken_back: bool = False
    phase: str = ""
    reason: str = ""
    since_ms: int | None = None


def progress_of(hub: HubUpdate, rollout: Rollout) -> Progress:
    """How far a hub is. What is over for it stays, also when it is not heard any more."""
    for holds, progress in (
        (hub.phase == "refused", Progress.REFUSED),
        (hub.phase == "done", Progress.DONE),
        (hub.phase == "trying" and not hub.is_silent, Progress.TRYING),
        (
            hub.phase != "trying" and hub.software == rollout.software and not hub.is_altered,
            Progress.DONE,
        ),
        (hub.is_taken_back, Progress.KEPT),
        (rollout.state.is_over and not hub.is_told, Progress.KEPT),
        (hub.is_silent, Progress.SILENT),
        (hub.phase == "waiting", Progress.WAITING),
        (hub.phase == "preparing" or hub.is_told, Progress.FETCHING),
    ):
        if holds:
            return progress
    return Progress.QUEUED
