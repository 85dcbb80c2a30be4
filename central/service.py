"""The whole centre in one process: broker link, committer, HTTP; or all of it but the taking in of
events, which several workers then do. All its state is in one folder and one database, and it may
be stopped or killed at any time."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.access.accounts import create_token
from central.access.audit import THE_CENTRE
from central.alerts.service import AlertService
from central.alerts.settings import AlertSettings
from central.api.app import create_api
from central.api.entrance import Entrance
from central.appointments.service import AppointmentService
from central.appointments.settings import AppointmentSettings
from central.appointments.slots import SlotRule
from central.configuration.desk import ConfigurationDesk
from central.front import Front
from central.identity.desk import IdentityDesk, folder_of, has_authority
from central.identity.enrolment import create_enrolment
from central.identity.eviction import evict
from central.ingest.check import CheckedBatch, check
from central.ingest.committer import Committer
from central.ingest.intake import Intake
from central.leadership import Leadership
from central.public.app import create_public
from central.recovery.refused import count_refused
from central.recovery.spool import Spool, waiting_in
from central.recovery.state_desk import StateDesk
from central.rollup.folder import Folder
from central.rounds import Rounds
from central.scope import Role
from central.settings import AccessSettings, FigureSettings, HttpSettings
from central.store.database import (
    Location,
    close,
    database_of,
    give_up_dropped_days,
    lead,
    open_for_writing,
    writing,
)
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from central.store.rows import Quarantined
from central.updates.desk import RolloutDesk
from central.updates.serving import create_releases
from central.updates.settings import UpdateSettings
from central.web.app import create_pages
from contract.topics import up
from contract.wire import Status
from runtime.clock import Clock, SystemClock
from runtime.folder_lock import FolderLock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.mqtt import MqttLink, MqttSettings
from runtime.sealed import signing_key

logger = logging.getLogger(__name__)

_HEALTH = "/api/v1/health"
_SIGNING_KEY = "signing.key"


class Centre:
    """The centre as an object, for the command, the simulation and tests.

    `mqtt` names the broker; `database` is in `folder` unless it is given; without `http` any free
    port is taken; `turned` is called at every turn of the committing loop. With `has_workers`
    others take in what hubs send, and what one alone may do (alerts, configurations, updates,
    certificates, the state of new cards) is done here, by the one centre that leads its PostgreSQL
    database. After `start`, `url` is where the pages are; `stop` commits what has come. A further
    Centre on the same folder goes on from there.

    Raises FolderInUseError, StoreError, AuthorityError and RegisterError for an authority that
    cannot be used, or OSError when the port is taken.
    """

    def __init__(
        self,
        folder: Path,
        mqtt: MqttSettings,
        *,
        database: Location | None = None,
        has_workers: bool = False,
        clock: Clock | None = None,
        turned: Callable[[], object] = bool,
        http: HttpSettings | None = None,
        figures: FigureSettings | None = None,
        access: AccessSettings | None = None,
        alerts: AlertSettings | None = None,
        appointments: AppointmentSettings | None = None,
        updates: UpdateSettings | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._database = database = database or database_of(folder)
        http, figures = http or HttpSettings(port=0), figures or FigureSettings()
        alerts = alerts or AlertSettings()
        appointments = appointments or AppointmentSettings()
        key = signing_key_of(folder)
        with ExitStack() as undo:
            self._lock = FolderLock(folder)
            undo.callback(self._lock.release)
            self._db = lead(database) if has_workers else open_for_writing(database, alone=True)
            undo.callback(self._db.close)
            self._identities = self._identity_desk(folder, mqtt)
            enrolment = None
            is_shut_out: Callable[[str], bool] = _nobody
            if self._identities is not None:
                undo.callback(self._identities.close)
                enrolment = create_enrolment(self._identities, self._clock)
                is_shut_out = self._identities.is_shut_out
            self._committer = None if has_workers else self._new_committer(is_shut_out, turned)
            self._writer = self._committer or Leadership(self._db, turned)
            self._alerts = AlertService(
                database,
                folder,
                self._clock,
                alerts,
                live_within_s=figures.live_within_s,
                wait_target_s=figures.wait_target_s,
            )
            entrance = Entrance(
                database,
                self._clock,
                figures.live_within_s,
                access=access,
                receivers=alerts.receivers,
                slots=SlotRule(appointments.slot_min, alerts.closed_days),
                behind_https=http.behind_https,
            )
            pages = create_pages(entrance, figures)
            public = create_public(database, self._clock, live_within_s=figures.live_within_s)
            front = Front(
                create_api(entrance, self._is_healthy, partial(count_refused, waiting_in(folder))),
                pages,
                enrolment,
                public,
                create_releases(folder),
            )
            self._http = HttpServer(front, HttpAddress(http.host, http.port), http.limits)
            undo.pop_all()
        self._configurations = ConfigurationDesk(database, key, self._clock, self._retain)
        self._rollouts = RolloutDesk(
            database, key, self._clock, self._retain, updates or UpdateSettings()
        )
        self._state_desk = StateDesk(database, key, self._clock, self._publish)
        self._appointments = AppointmentService(database, key, self._clock, self._publish)
        self._rounds = [
            Rounds("appointments", self._appointments.turn, 1.0, self._clock),
            Rounds("configurations", self._configurations.turn, 1.0, self._clock),
            Rounds("rollouts", self._rollouts.turn, 2.0, self._clock),
            Rounds("hubs on new cards", self._state_desk.turn, 0.1, self._clock),
        ]
        if self._identities is not None:
            self._rounds.append(Rounds("identities", self._identities.turn, 1.0, self._clock))
        if self._committer is not None:
            spool = Spool(folder, self._committer.put)
            self._rounds.append(Rounds("files from hubs", spool.turn, 0.5, self._clock))
        self._link = MqttLink(
            mqtt,
            persistent=True,
            subscriptions=(
                *(() if has_workers else (up("+", "events"),)),
                up("+", "status"),
                up("+", "state"),
                up("+", "renew"),
            ),
            on_message=self._take,
            on_state=_log_state,
        )

    @property
    def url(self) -> str:
        """Where pages and API are served."""
        return self._http.url

    def start(self) -> None:
        """Begin to commit, to answer and to listen."""
        self._writer.start()
        self._alerts.start()
        for rounds in self._rounds:
            rounds.start()
        self._http.start()
        self._link.start()
        logger.info("the centre serves %s", self.url)

    def stop(self) -> None:
        """Stop listening, commit and fold what has come, and end."""
        self._link.stop()
        for rounds in self._rounds:
            rounds.stop()
        self._alerts.stop()
        self._writer.stop()
        self._http.stop()
        if self._identities is not None:
            self._identities.close()
        self._db.close()
        close(self._database)
        self._lock.release()

    def answers(self) -> bool:
        """Whether pages and API give any answer at all, within seconds."""
        return self._http.answers(_HEALTH)

    @property
    def is_running(self) -> bool:
        """Whether messages are still taken, or the centre still leads; if not, only a new process
        can help."""
        return self._writer.is_alive

    def _new_committer(
        self, is_shut_out: Callable[[str], bool], turned: Callable[[], object]
    ) -> Committer:
        intake = Intake(SqlIngestStore(self._db), is_shut_out)
        folder = Folder(SqlRollupStore(self._db), intake.recent)
        return Committer(intake, folder, self._clock, self._publish, turned)

    def _identity_desk(self, folder: Path, mqtt: MqttSettings) -> IdentityDesk | None:
        if not has_authority(folder):
            return None
        return IdentityDesk(folder_of(folder), self._clock, self._publish, partial(evict, mqtt))

    def _take(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/up/state"):
            self._state_desk.put(topic, payload)
        elif topic.endswith("/up/renew") and self._identities is not None:
            self._identities.put(topic, payload)
        else:
            if topic.endswith("/up/status"):
                self._hear(check(topic, payload))
            if self._committer is not None:
                self._committer.put(topic, payload)

    def _hear(self, said: CheckedBatch | Status | Quarantined) -> None:
        if isinstance(said, Status):  # of anything else the ingest says what is wrong with it
            self._configurations.hear(said)
            self._appointments.hear(said)
            self._rollouts.hear(said)

    def _publish(self, topic: str, payload: bytes) -> bool:
        return self._link.publish(topic, payload)

    def _retain(self, topic: str, payload: bytes) -> bool:
        return self._link.publish(topic, payload, retain=True)

    def _is_healthy(self) -> bool:
        works = self._writer.is_healthy and self._alerts.is_healthy
        works = works and all(rounds.is_healthy for rounds in self._rounds)
        return works and self._link.connected


def signing_key_of(folder: Path) -> Ed25519PrivateKey:
    """The key by which hubs know this centre, made at the first use. Raises SealError, OSError."""
    return signing_key(folder / _SIGNING_KEY)


def issue_token(
    folder: Path, name: str, role: Role, province: str | None = None, clock: Clock | None = None
) -> str:
    """Make a token for an admin, also while the centre runs; it cannot be shown again.

    Raises AccountError for a name in use, and StoreError.
    """
    now_ms = (clock or SystemClock()).stamp().wall_ms
    with writing(database_of(folder)) as db:
        return create_token(db, name, role, province, now_ms, who=THE_CENTRE)


def rebuild(
    folder: Path, database: Location | None = None, *, lose_dropped_days: bool = False
) -> int:
    """Fold every stored event again into empty cells; returns how many events. The database is in
    `folder` unless it is given; figures of days whose events were dropped are lost with
    `lose_dropped_days` only.

    Raises FolderInUseError while a centre runs, and StoreError.
    """
    with FolderLock(folder):
        where = database or database_of(folder)
        if lose_dropped_days:
            give_up_dropped_days(where)
        with writing(where, alone=True) as db:
            return Folder(SqlRollupStore(db)).rebuild()


def _nobody(_node: str) -> bool:
    return False


def _log_state(connected: bool) -> None:
    logger.info("the broker is %s", "connected" if connected else "away")
