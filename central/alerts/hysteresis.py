"""When a finding becomes an alert, and when an alert ends: not at the first sign of either."""

from enum import StrEnum

from msgspec import Struct


class Phase(StrEnum):
    """`pending`: wrong, but not for long enough. `open`. `clearing`: well, but not for long
    enough. `dismissed`: closed by somebody while it was still wrong. `worse`: so, and worse than it
    was then, but not for long enough. `closed`."""

    PENDING = "pending"
    OPEN = "open"
    CLEARING = "clearing"
    DISMISSED = "dismissed"
    WORSE = "worse"
    CLOSED = "closed"


class Patience(Struct, frozen=True):
    """How long something must be wrong to become an alert, and well to end it, in
    milliseconds."""

    open_after_ms: int
    close_after_ms: int


class Watched(Struct, frozen=True):
    """In which phase something is, and since when (UTC milliseconds since 1970)."""

    phase: Phase
    since_ms: int


def follow(
    watched: Watched | None,
    raises: bool | None,
    patience: Patience,
    now_ms: int,
    *,
    is_worse: bool = False,
) -> Watched | None:
    """Go on from `watched` (None: nothing was wrong), when it is now wrong (`raises` true), not
    yet well (false) or well (None). What somebody closed opens again only when it `is_worse` than
    it was then for as long as anything must be wrong. None again when nothing is left to watch."""
    if watched is not None and watched.since_ms > now_ms:  # the clock was put back
        watched = Watched(watched.phase, now_ms)
    if raises is None:
        return watched and _end(watched, patience, now_ms)
    if watched is None or watched.phase is Phase.PENDING:
        return (
            _ripen(watched or Watched(Phase.PENDING, now_ms), patience, now_ms) if raises else None
        )
    if watched.phase in (Phase.DISMISSED, Phase.WORSE):
        return _worsen(watched, patience, now_ms) if is_worse else _calm(watched, now_ms)
    return Watched(Phase.OPEN, now_ms) if watched.phase is Phase.CLEARING else watched


def _ripen(watched: Watched, patience: Patience, now_ms: int) -> Watched:
    ripe = now_ms - watched.since_ms >= patience.open_after_ms
    return Watched(Phase.OPEN, now_ms) if ripe else watched


def _worsen(watched: Watched, patience: Patience, now_ms: int) -> Watched:
    worse = watched if watched.phase is Phase.WORSE else Watched(Phase.WORSE, now_ms)
    ripe = now_ms - worse.since_ms >= patience.open_after_ms
    return Watched(Phase.OPEN, now_ms) if ripe else worse


def _calm(watched: Watched, now_ms: int) -> Watched:
    return watched if watched.phase is Phase.DISMISSED else Watched(Phase.DISMISSED, now_ms)


def _end(watched: Watched, patience: Patience, now_ms: int) -> Watched | None:
    if watched.phase is Phase.PENDING:
        return None
    if watched.phase in (Phase.DISMISSED, Phase.WORSE):
        return Watched(Phase.CLOSED, now_ms)
    ending = watched if watched.phase is Phase.CLEARING else Watched(Phase.CLEARING, now_ms)
    over = now_ms - ending.since_ms >= patience.close_after_ms
    return Watched(Phase.CLOSED, now_ms) if over else ending
