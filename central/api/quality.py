"""The four figures of data quality: correct, complete, clean, live (đúng, đủ, sạch, sống)."""

from collections.abc import Sequence

from msgspec import Struct

from central.api import freshness
from central.api.models import Liveness
from central.store.reader import NodeRow


class Shares(Struct, frozen=True):
    """Shares from 0 to 1, None where nothing is known.

    `right`: messages that were accepted, of all that came; the others are in quarantine.
    `complete`: rows that are held, of all that are known to exist.
    `clean`: rows that came once, can be read and contradict nothing, of all rows that came.
    `alive`: hubs that are heard and whose events are here up to now, of all hubs.
    """

    right: float | None
    complete: float | None
    clean: float | None
    alive: float | None


def shares(
    nodes: Sequence[NodeRow], now_ms: int, live_within_ms: int, *, awaited: int = 0
) -> Shares:
    """The data quality of the site of these nodes, where so many more are awaited."""
    taken = sum(node.taken for node in nodes)
    rejected = sum(node.rejected for node in nodes)
    held = sum(node.received for node in nodes)
    missing = sum(node.missing + node.written_off for node in nodes)
    unread = sum(node.not_understood for node in nodes)
    again = sum(node.duplicates + node.contradictions for node in nodes)
    states = [freshness.state_of(node, now_ms, live_within_ms) for node in nodes]
    return Shares(
        right=_share(taken, taken + rejected),
        complete=_share(held, held + missing),
        clean=_share(max(0, held - unread), held + again),
        alive=_share(states.count(Liveness.LIVE), len(states) + awaited),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
