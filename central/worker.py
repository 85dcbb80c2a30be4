"""One of several programs of a centre that take in what hubs send: broker link and committer for a
share of all sites. It may be stopped or killed at any time, and a second one with the same share
waits to take over."""

import logging
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from central.identity.shut_out import ShutOut
from central.ingest.committer import Committer
from central.ingest.intake import Intake
from central.recovery.spool import Spool
from central.rollup.folder import Folder
from central.rounds import Rounds
from central.store.ingest import SqlIngestStore
from central.store.postgres import Postgres
from central.store.postgres_lanes import LaneLocks
from central.store.rollup import SqlRollupStore
from contract.ids import split_node
from contract.topics import LANES, lane_of, up, up_in_lane
from runtime.clock import Clock, SystemClock
from runtime.mqtt import MqttLink, MqttSettings

logger = logging.getLogger(__name__)

_TAKE_EVERY_S = 1.0
_FOR_THE_CENTRE = ("/up/state", "/up/renew")


class Share(NamedTuple):
    """Which worker this is, from 1, of how many."""

    worker: int
    workers: int

    @property
    def lanes(self) -> frozenset[int]:
        """The lanes that it takes in."""
        return frozenset(range(self.worker - 1, LANES, self.workers))

    @property
    def topics(self) -> tuple[str, ...]:
        """What it subscribes to; of 64 subscriptions NATS refuses the last (each may have 1,024
        messages on their way, and a session 65,535), so one worker alone makes do with two."""
        if self.workers == 1:
            return up("+", "events"), up("+", "status")
        return tuple(up_in_lane(lane) for lane in sorted(self.lanes))

    def __str__(self) -> str:
        return f"{self.worker} of {self.workers}"


class IngestWorker:
    """Takes in what the sites of its lanes send, and folds it.

    It owns a lane only while its writing connection does; of a lane that another owns it stores,
    folds and answers nothing. `folder` is that of the centre on this machine: files from hubs wait
    there, and who is shut out is read there. `turned` is called at every turn of the committing
    loop. Raises StoreError, and RegisterError for a register that cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        database: Postgres,
        mqtt: MqttSettings,
        share: Share,
        *,
        clock: Clock | None = None,
        turned: Callable[[], object] = bool,
    ) -> None:
        self._share = share
        self._clock = clock or SystemClock()
        self._take_at_s = 0.0
        self._is_listening = False
        with ExitStack() as undo:
            self._db = database.open_for_worker()
            undo.callback(self._db.close)
            self._shut_out = ShutOut(folder, self._clock)
            undo.pop_all()
        self._locks = LaneLocks(self._db, share.lanes)
        self._intake = Intake(SqlIngestStore(self._db), self._shut_out.has, self._owns)
        self._folder = Folder(
            SqlRollupStore(self._db), self._intake.recent, lambda: self._locks.held
        )
        self._committer = Committer(
            self._intake,
            self._folder,
            self._clock,
            self._publish,
            turned,
            prepare=self._prepare,
        )
        spool = Spool(folder, self._committer.put, self._owns)
        self._spool = Rounds("files from hubs", spool.turn, 0.5, self._clock)
        # No session outlives the program: that of another number of workers would make the broker
        # keep, for nobody, what hubs send again anyway within ten seconds.
        self._link = MqttLink(
            replace(mqtt, client_id=_client_id(mqtt.client_id, share)),
            persistent=False,
            subscriptions=share.topics,
            on_message=self._take,
            on_state=partial(_log_state, share),
        )

    def start(self) -> None:
        """Begin to wait for lanes, and to take in what they bring."""
        self._committer.start()
        self._spool.start()

    def stop(self) -> None:
        """Stop listening, commit and fold what has come, let go of all lanes, and end."""
        self._link.stop()
        self._spool.stop()
        self._committer.stop()
        self._shut_out.close()
        self._db.close()

    @property
    def is_running(self) -> bool:
        """Whether messages are still taken; if not, only a new process can help."""
        return self._committer.is_alive

    @property
    def lanes(self) -> frozenset[int]:
        """The lanes that it owns now."""
        return self._locks.held

    def _owns(self, node: str) -> bool:
        return lane_of(split_node(node).site) in self._locks.held

    def _take(self, topic: str, payload: bytes) -> None:
        """All but what the centre itself answers."""
        if not topic.endswith(_FOR_THE_CENTRE):
            self._committer.put(topic, payload)

    def _publish(self, topic: str, payload: bytes) -> bool:
        return self._link.publish(topic, payload)

    def _prepare(self) -> None:
        """Once a second look for lanes that are missing; in the committer's thread."""
        if not self._locks.keep():
            self._intake.forget()
            self._folder.forget()
            self._take_at_s = 0.0
        now_s = self._clock.stamp().mono_s
        if self._locks.missing and now_s >= self._take_at_s:
            self._take_at_s = now_s + _TAKE_EVERY_S
            self._take_lanes()
        self._shut_out.look()

    def _take_lanes(self) -> None:
        if self._locks.take():
            held, wanted = len(self._locks.held), len(self._share.lanes)
            logger.info("worker %s owns %d of its %d lanes", self._share, held, wanted)
        if self._locks.held and not self._is_listening:
            self._is_listening = True
            self._link.start()


def _client_id(centre: str, share: Share) -> str:
    """Its own in each process: two with the same would end each other's connection."""
    return f"{centre[:40]}-{share.worker}of{share.workers}-{secrets.token_hex(4)}"


def _log_state(share: Share, connected: bool) -> None:
    logger.info("worker %s: the broker is %s", share, "connected" if connected else "away")
