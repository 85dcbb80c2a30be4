"""The whole centre in one process: broker link, committer, HTTP. All its state is in one folder,
and it may be stopped or killed at any time."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.ingest.committer import Committer
from central.ingest.intake import Intake
from central.rollup.folder import Folder
from central.scope import Role
from central.settings import AccessSettings
from central.store.ingest import SqliteIngestStore
from central.store.rollup import SqliteRollupStore
from central.store.sqlite import open_for_writing, writing
from central.web.app import create_pages
from contract.topics import up
from runtime.clock import Clock, SystemClock
from runtime.folder_lock import FolderLock
from runtime.http_server import HttpServer
from runtime.mqtt import MqttLink, MqttSettings

logger = logging.getLogger(__name__)

_DATABASE = "centre.db"


class Centre:
    """The centre as an object, for the command, the simulation and tests.

    `mqtt` names the broker; `http_port` 0 takes any free port; `turned` is called at every turn of
    the committing loop. After `start`, `url` is where the pages are; `stop` commits what has come.
    A further Centre on the same folder goes on from there. Raises FolderInUseError, StoreError, or
    OSError when the port is taken.
    """

    def __init__(
        self,
        folder: Path,
        mqtt: MqttSettings,
        *,
        clock: Clock | None = None,
        http_host: str = "127.0.0.1",
        http_port: int = 0,
        live_within_s: int = 180,
        behind_https: bool = False,
        turned: Callable[[], object] = bool,
        access: AccessSettings | None = None,
        wait_target_s: int = 1200,
    ) -> None:
        self._clock = clock or SystemClock()
        database = database_of(folder)
        with ExitStack() as undo:
            self._lock = FolderLock(folder)
            undo.callback(self._lock.release)
            self._db = open_for_writing(database)
            undo.callback(self._db.close)
            intake = Intake(SqliteIngestStore(self._db))
            self._committer = Committer(
                intake,
                Folder(SqliteRollupStore(self._db), intake.recent),
                self._clock,
                self._publish,
                turned,
            )
            entrance = Entrance(database, self._clock, live_within_s, access)
            pages = create_pages(entrance, secure_cookies=behind_https, wait_target_s=wait_target_s)
            front = Front(create_api(entrance, self._is_healthy), pages)
            self._http = HttpServer(front, http_host, http_port)
            undo.pop_all()
        self._link = MqttLink(
            mqtt,
            persistent=True,
            subscriptions=(up("+", "events"), up("+", "status")),
            on_message=self._committer.put,
            on_state=_log_state,
        )

    @property
    def url(self) -> str:
        """Where pages and API are served."""
        return self._http.url

    def start(self) -> None:
        """Begin to commit, to answer and to listen."""
        self._committer.start()
        self._http.start()
        self._link.start()
        logger.info("the centre serves %s", self.url)

    def stop(self) -> None:
        """Stop listening, commit and fold what has come, and end."""
        self._link.stop()
        self._committer.stop()
        self._http.stop()
        self._db.close()
        self._lock.release()

    @property
    def is_running(self) -> bool:
        """Whether messages are still taken; if not, only a new process can help."""
        return self._committer.is_alive

    def _publish(self, topic: str, payload: bytes) -> bool:
        return self._link.publish(topic, payload)

    def _is_healthy(self) -> bool:
        return self._committer.is_healthy and self._link.connected


def database_of(folder: Path) -> Path:
    """The database within a data folder."""
    return folder / _DATABASE


def issue_token(
    folder: Path, name: str, role: Role, province: str | None = None, clock: Clock | None = None
) -> str:
    """Make a token for an admin, also while the centre runs; it cannot be shown again.

    Raises AccountError for a name in use, and StoreError.
    """
    now_ms = (clock or SystemClock()).stamp().wall_ms
    with writing(database_of(folder)) as db:
        return create_token(db, name, role, province, now_ms)


def rebuild(folder: Path) -> int:
    """Fold every stored event again into empty cells; returns how many events.

    Raises FolderInUseError while a centre runs, and StoreError.
    """
    lock = FolderLock(folder)
    try:
        with writing(database_of(folder)) as db:
            return Folder(SqliteRollupStore(db)).rebuild()
    finally:
        lock.release()


def _log_state(connected: bool) -> None:
    logger.info("the broker is %s", "connected" if connected else "away")
