"""Tells each hub what was booked, moved and cancelled at its site, until it says that it knows."""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.rollup.business_day import day_of
from central.store.appointments_delivery import Change, Deliveries
from central.store.connection import Connection
from central.store.database import Location, reading
from contract.ids import split_node
from contract.topics import down
from contract.wire import VERSION, Appointments, Booking, Status
from runtime.clock import Clock
from runtime.sealed import seal

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_AGAIN_MS = 30_000
_HUB = "h"


class _Told(NamedTuple):
    """What a hub was told last, when it had said to know all up to `after`."""

    after: int
    latest: int
    at_ms: int

    def may_still_answer(self, after: int, latest: int, now_ms: int) -> bool:
        """Whether there is nothing newer to tell, and it has had no time to say that it knows."""
        is_same = (self.after, self.latest) == (after, latest)
        return is_same and abs(now_ms - self.at_ms) < _AGAIN_MS


class AppointmentDesk:
    """Hears every status in the line's thread, and tells in that of whoever gives it its turns.

    `publish(topic, payload)` says whether it was sent; nothing is believed to have arrived but
    what the hub itself says.
    """

    def __init__(
        self,
        database: Location,
        key: Ed25519PrivateKey,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._publish = publish
        self._hearing = threading.Lock()
        self._known: dict[str, int] = {}
        self._told: dict[str, _Told] = {}
        self._latest: dict[str, int] = {}
        self._last_change = 0

    def hear(self, status: Status) -> None:
        """Note up to where a hub knows the changes at its site."""
        if not split_node(status.node).part.startswith(_HUB):
            return
        with self._hearing:
            if status.online:
                self._known[status.node] = status.appointments
            else:
                self._known.pop(status.node, None)
                self._told.pop(status.node, None)

    def turn(self) -> int:
        """Tell every hub that speaks what it lacks; the same again after half a minute. Returns
        how many were told something. Raises StoreError."""
        with self._hearing:
            known = dict(self._known)
        with reading(self._database) as conn:
            self._look_for_changes(conn)
            return sum(self._tell(conn, node, after) for node, after in known.items())

    def _look_for_changes(self, conn: Connection) -> None:
        news = Deliveries(conn).latest(self._last_change)
        self._latest.update(news)
        self._last_change = max([self._last_change, *news.values()])

    def _tell(self, conn: Connection, node: str, after: int) -> bool:
        site = split_node(node).site
        latest, now_ms = self._latest.get(site, 0), self._clock.stamp().wall_ms
        told = self._told.get(node)
        if after >= latest or (told and told.may_still_answer(after, latest, now_ms)):
            return False
        changes = Deliveries(conn).changes(site, after, day_of(now_ms), _AT_ONCE)
        upto = changes[-1].change if len(changes) == _AT_ONCE else latest
        bookings = tuple(map(_booking, changes))
        sealed = seal(self._key, Appointments(VERSION, node, after, upto, bookings))
        if not self._publish(down(node, "appointments"), sealed):
            return False
        self._told[node] = _Told(after, latest, now_ms)
        logger.info("%s was told of %d appointments", node, len(bookings))
        return True


def _booking(change: Change) -> Booking:
    return Booking(change.code, change.service, change.slot_ms)
