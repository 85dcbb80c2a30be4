"""The thread that keeps a centre the only one to lead, beside ingest workers."""

import logging
import threading
from collections.abc import Callable

from central.store.connection import Database
from central.store.protocol import OwnedElsewhereError, StoreError

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0


class Leadership:
    """Asks every second whether the connection that leads still stands, which makes it anew when it
    was lost; ends when another centre has come to lead meanwhile. `turned` is called each time."""

    def __init__(self, db: Database, turned: Callable[[], object] = bool) -> None:
        self._db = db
        self._turned = turned
        self._complained = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leadership", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """End; the connection stays."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether this centre leads, or may again once the database is back."""
        return self._thread.is_alive()

    @property
    def is_healthy(self) -> bool:
        """Whether this centre leads."""
        return self.is_alive and not self._complained

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_S):
            self._turned()
            try:
                self._db.execute("SELECT 1")
                self._complained = False
            except OwnedElsewhereError as error:
                logger.error("another centre leads now: %s", error)  # noqa: TRY400 - the words say it all
                return
            except StoreError as error:
                if not self._complained:
                    logger.error("the database is away: %s", error)  # noqa: TRY400 - as above
                self._complained = True
