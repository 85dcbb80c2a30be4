"""A rollout: which hubs shall have a release now, and when it is given up; pure."""

import hashlib
from collections.abc import Callable, Iterable
from enum import StrEnum

from msgspec import Struct

from contract.ids import split_node
from contract.wire import UpdateState


class RolloutState(StrEnum):
    """Whether hubs are still told; a rollout that was halted was given up by the centre itself."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    HALTED = "halted"

    @property
    def is_over(self) -> bool:
        """Whether it was given up: hubs that have not switched yet shall not any more."""
        return self in (RolloutState.STOPPED, RolloutState.HALTED)


class Rollout(Struct, frozen=True):
    """A release on its way to a share of the hubs of some places.

    `places` are codes of provinces, units and sites, none for the nation; `manifest` is the SHA-256
    of the sealed release; `reason` is why the centre gave it up (see `central.updates.reasons`),
    empty where it did not. It is halted when more than `most_refused` hubs, and more than
    `most_refused_percent` of those that tried it to the end, have refused it.
    """

    rollout: int
    release: int
    software: str
    manifest: bytes
    places: tuple[str, ...]
    percent: int
    urgent: bool
    most_refused: int
    most_refused_percent: int
    state: RolloutState
    reason: str
    started_ms: int
    changed_ms: int

    @property
    def order(self) -> int:
        """The number of the Update that gives the release; above those of all rollouts before."""
        return 2 * self.rollout

    @property
    def stop_order(self) -> int:
        """The number of the Update that takes it back."""
        return 2 * self.rollout + 1

    def covers(self, node: str) -> bool:
        """Whether a node is in one of the places, whatever its share."""
        site = split_node(node).site
        return not self.places or any(
            site == place or site.startswith(f"{place}-") for place in self.places
        )

    def meets(self, other: "Rollout") -> bool:
        """Whether a site could be in the places of both."""
        return (
            not self.places
            or not other.places
            or any(
                f"{one}-".startswith(f"{two}-") or f"{two}-".startswith(f"{one}-")
                for one in self.places
                for two in other.places
            )
        )

    def includes(self, node: str) -> bool:
        """Whether a node shall have it. A greater percentage takes no node out."""
        return share_of(node, self.release) < self.percent and self.covers(node)


class Told(Struct, frozen=True):
    """What a node was told and has said of one order: when (UTC milliseconds, None when it was not
    by this centre), and the phase of its last word, empty before the first."""

    told_ms: int | None
    phase: str

    @property
    def has_not_switched(self) -> bool:
        """Whether an order that takes the release back would still keep it from being tried."""
        return self.phase in ("", "preparing", "waiting")


class Order(Struct, frozen=True):
    """What a node is to be told: a number, and a release with its manifest, or 0 for none."""

    number: int
    release: int = 0
    manifest: bytes = bytes(32)
    urgent: bool = False


def share_of(node: str, release: int) -> int:
    """Where a node stands in line for a release, from 0 to 99: always the same, and for each
    release another, so that it is not always the same sites that go first."""
    return int.from_bytes(hashlib.sha256(f"{node} {release}".encode()).digest()[:8], "big") % 100


def order_for(
    node: str,
    software: str,
    said: UpdateState | None,
    rollouts: Iterable[Rollout],
    told: Callable[[int], Told | None],
    *,
    is_altered: Callable[[], bool],
) -> Order | None:
    """What a node that has just said what it runs should be told, None for nothing.

    `rollouts` are all there are, the newest first: that decides in which the node is. `told` says
    what is known of the node and an order, `is_altered` whether the files of its software are not
    those that were published: then it is told a release of the same software as well.
    """
    heard = 0 if said is None else said.order
    for rollout in rollouts:
        if not rollout.covers(node):
            continue
        if rollout.state is RolloutState.RUNNING:
            if not rollout.includes(node):
                continue
            if heard >= rollout.order or (software == rollout.software and not is_altered()):
                return None
            return Order(rollout.order, rollout.release, rollout.manifest, rollout.urgent)
        known = told(rollout.order)
        if known is None or known.told_ms is None:
            continue
        if rollout.state.is_over and known.has_not_switched and heard < rollout.stop_order:
            return Order(rollout.stop_order)
        if rollout.state is RolloutState.PAUSED:
            return None
    return None


def too_many_refused(rollout: Rollout, done: int, refused: int) -> bool:
    """Whether so many of those that tried it to the end refused it that it is to be halted."""
    return (
        refused > rollout.most_refused
        and refused * 100 > (done + refused) * rollout.most_refused_percent
    )
