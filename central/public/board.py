"""What the public may know of each site, read seldom however many ask."""

import asyncio
from collections import Counter, OrderedDict

from central.api.freshness import known_up_to_ms, of_site
from central.api.models import Liveness
from central.public.queue import InLine, SiteQueue
from central.rollup.business_day import QUARTER_MS, day_of
from central.scope import Scope
from central.store.database import Location, reading_copy
from central.store.reader import Reader
from central.store.visible import Where
from runtime.clock import Clock

KEPT_S = 5
_MOST_SITES = 4096
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_SITE_LENGTH = len("01-00097-01")
_NATION = Scope()


class Board:
    """Queues of hubs, by the hub's name or that of its site, each read from the database at most
    once in KEPT_S seconds."""

    def __init__(self, database: Location, clock: Clock, live_within_s: int) -> None:
        self._database = database
        self._clock = clock
        self._live_within_ms = live_within_s * 1000
        self._kept: OrderedDict[str, tuple[int, asyncio.Task[SiteQueue | None]]] = OrderedDict()

    async def queue(self, place: str) -> SiteQueue | None:
        """The queue of a hub or site, a few seconds old at most, without news where no such hub is
        in service; None for a site that nobody knows.

        Raises StoreError. All who ask meanwhile share one answer, and the value itself.
        """
        now_ns = self._clock.stamp().mono_ns
        due_ns, task = self._kept.get(place, (0, None))
        if task is None or now_ns >= due_ns or _failed(task):
            task = asyncio.create_task(asyncio.to_thread(self._read, place))
            self._kept[place] = now_ns + KEPT_S * 1_000_000_000, task
            self._kept.move_to_end(place)
            if len(self._kept) > _MOST_SITES:
                self._kept.popitem(last=False)
        return await asyncio.shield(task)

    def _read(self, place: str) -> SiteQueue | None:
        now_ms, site = self._clock.stamp().wall_ms, place[:_SITE_LENGTH]
        with reading_copy(self._database) as conn:
            reader = Reader(conn, _NATION)
            where = Where(site=site)
            rows = reader.sites(day_of(now_ms), where)
            if not rows:
                return None
            hubs = reader.nodes(where)
            nodes = hubs if place == site else [hub for hub in hubs if hub.node == place]
            last_quarter_ms = now_ms - now_ms % QUARTER_MS
            cells = reader.cells(site, last_quarter_ms - _HOUR_MS + QUARTER_MS, now_ms)
            queue = reader.queue(nodes[0].node) if len(nodes) == 1 else []
        called: Counter[str] = Counter()
        for key, tally in cells.items() if len(hubs) == 1 else ():
            called[key.service] += tally.called
        at_work_ms = [key.quarter_ms for key, tally in cells.items() if tally.called]
        days = [node.business_day for node in nodes if node.business_day is not None]
        known_ms = [known_up_to_ms(node) for node in nodes]
        return SiteQueue(
            name=rows[0].name or site,
            day=max(days, default=None),
            live=of_site(nodes, now_ms, self._live_within_ms, rows[0].valid_to).state
            is Liveness.LIVE,
            complete_up_to_ms=min((ms for ms in known_ms if ms is not None), default=None),
            tickets={
                number: InLine(phase, services.partition(" ")[0], since_ms)
                for number, services, phase, since_ms in queue
            },
            called=called,
            called_min=(now_ms - min(at_work_ms, default=now_ms)) / _MINUTE_MS,
            is_clear=len(nodes) <= 1,
        )


def _failed(task: asyncio.Task[SiteQueue | None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
