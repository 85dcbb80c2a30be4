"""The rounds of appointments: what sites said is read, and what they lack is told."""

import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.appointments.desk import AppointmentDesk
from central.appointments.progress import follow
from central.rollup.business_day import day_of
from central.store.appointments_delivery import Deliveries
from central.store.database import Location, transaction, writing
from contract.stamp import MS_PER_DAY
from contract.wire import Status
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_KEPT_DAYS = 90


class AppointmentService:
    """Follows and tells, turn by turn, in the one program of a centre that leads;
    `publish` is as in `Committer`. Appointments are forgotten 90 days after their slot."""

    def __init__(
        self,
        database: Location,
        key: Ed25519PrivateKey,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
    ) -> None:
        self._database = database
        self._clock = clock
        self._desk = AppointmentDesk(database, key, clock, publish)
        self._tidied_on = ""

    def hear(self, status: Status) -> None:
        """Take a status, from any thread; never waits."""
        self._desk.hear(status)

    def turn(self) -> None:
        """Read, tell, and forget what is long ago. Raises StoreError."""
        follow(self._database, self._clock.stamp().wall_ms)
        self._desk.turn()
        self._tidy()

    def _tidy(self) -> None:
        now_ms = self._clock.stamp().wall_ms
        if day_of(now_ms) == self._tidied_on:
            return
        with writing(self._database) as db, transaction(db.conn):
            gone = Deliveries(db.conn).forget(day_of(now_ms - _KEPT_DAYS * MS_PER_DAY))
        self._tidied_on = day_of(now_ms)
        if gone:
            logger.info("%d appointments of long ago were forgotten", gone)
