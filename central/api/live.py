"""The present state of every site of a scope, looked up at most once a second for all who follow
the same scope."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from central.api.freshness import local_time
from central.api.known import KnownSite, Moment, known_sites
from central.api.models import Liveness
from central.api.record_models import LiveChange, LiveSite
from central.rollup.business_day import day_of
from central.scope import Scope
from central.store.database import Location, reading_copy
from central.store.history import History
from central.store.reader import Reader, Waiting
from central.store.visible import Where
from runtime.clock import Clock

_NS_PER_S = 1_000_000_000


class LiveBoards:
    """One board for each scope that somebody follows."""

    def __init__(self, database: Location, clock: Clock, live_within_ms: int) -> None:
        self._database = database
        self._clock = clock
        self._live_within_ms = live_within_ms
        self._boards: defaultdict[Scope, _Board] = defaultdict(_Board)
        self._lock = threading.Lock()

    def latest(self, scope: Scope) -> LiveChange:
        """All sites of a scope as they are now, or were within the last second. Raises
        StoreError."""
        with self._lock:
            board = self._boards[scope]
        with board.looking:
            stamp = self._clock.stamp()
            if board.seen is None or stamp.mono_ns - board.looked_ns >= _NS_PER_S:
                board.seen = self._look(scope, stamp.wall_ms)
                board.looked_ns = stamp.mono_ns
            return board.seen

    def _look(self, scope: Scope, now_ms: int) -> LiveChange:
        day = day_of(now_ms)
        with reading_copy(self._database) as conn:
            reader = Reader(conn, scope)
            known = known_sites(
                reader, day, Where(), Moment(now_ms, self._live_within_ms), since=day
            )
            waiting = reader.waiting(day)
            counts = History(conn, scope).counts(day)
        sites = [
            _live_site(site, waiting.get(site.row.site), counts.get(site.row.site, (0, 0)))
            for site in known
        ]
        return LiveChange(whole=True, day=date.fromisoformat(day), sites=sites)


@dataclass(slots=True)
class _Board:
    """What was seen of a scope, and when; whoever follows it waits for who looks, and nobody for
    who looks at another."""

    looking: threading.Lock = field(default_factory=threading.Lock)
    looked_ns: int = 0
    seen: LiveChange | None = None


def changed(before: LiveChange | None, after: LiveChange) -> LiveChange | None:
    """What a follower who knows `before` must hear; None for no news. Another day is news of all
    sites."""
    if before is None or before.day != after.day:
        return after
    known = {site.site: site for site in before.sites}
    sites = [site for site in after.sites if known.get(site.site) != site]
    return LiveChange(whole=False, day=after.day, sites=sites) if sites else None


def _live_site(site: KnownSite, waiting: Waiting | None, counts: tuple[int, int]) -> LiveSite:
    shown = waiting if site.freshness.state is Liveness.LIVE else None
    since_ms = shown.since_ms if shown else None
    issued, finished = counts
    return LiveSite(
        site=site.row.site,
        waiting=shown.n if shown else None,
        waiting_since=None if since_ms is None else local_time(since_ms),
        counters_open=shown.counters_open if shown else None,
        counters_paused=shown.counters_paused if shown else None,
        issued=issued,
        finished=finished,
        freshness=site.freshness,
    )
