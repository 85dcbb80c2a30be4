"""Which releases nobody needs any more; pure."""

from collections.abc import Collection, Sequence

from central.updates.rollout import Rollout, RolloutState
from contract.wire import Release


def superfluous(
    releases: Sequence[Release],
    rollouts: Sequence[Rollout],
    *,
    software: Collection[str],
    numbers: Collection[int],
) -> list[Release]:
    """Those of `releases` that no hub runs or should run (`software`), is at or may go back to
    (`numbers`), that no rollout can still give to a hub, and that are not new. Where one that stays
    cannot be reached from the oldest that stays, all between them stay too.

    `rollouts` are all there are, the newest first.
    """
    given = {rollout.release for rollout in _can_give(rollouts)}
    last = max((rollout.release for rollout in rollouts), default=0)
    needed = [
        release
        for release in releases
        if release.software in software
        or release.number in given
        or release.number in numbers
        or release.number > last
    ]
    oldest = min((release.number for release in needed), default=0)
    reach = max((release.updates_from for release in needed), default=0)
    return [
        release
        for release in releases
        if release not in needed and not oldest < release.number <= reach
    ]


def _can_give(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Those that go on, but for the places that a newer one has as a whole."""
    found: list[Rollout] = []
    for rollout in rollouts:
        goes_on = rollout.state in (RolloutState.RUNNING, RolloutState.PAUSED)
        if goes_on and not any(_replaces(newer, rollout) for newer in found):
            found.append(rollout)
    return found


def _replaces(newer: Rollout, older: Rollout) -> bool:
    if newer.state is not RolloutState.RUNNING or newer.percent < 100:
        return False
    if not newer.places or not older.places:
        return not newer.places
    return all(
        any(place == wide or place.startswith(f"{wide}-") for wide in newer.places)
        for place in older.places
    )
