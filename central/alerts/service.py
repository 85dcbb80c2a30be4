"""The two threads of alerts: one looks, the other sends, so that a slow mail server keeps nobody
from seeing what is wrong."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from central.alerts.dispatch import Dispatch, ways
from central.alerts.settings import AlertSettings
from central.alerts.watch import AlertWatch
from central.store.database import Location
from central.store.protocol import StoreError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_SEND_EVERY_S = 5.0


class AlertService:
    """Watches and sends from `start` to `stop`. Raises SettingsError for a receiver's file that
    cannot be used."""

    def __init__(
        self,
        database: Location,
        folder: Path,
        clock: Clock,
        settings: AlertSettings,
        *,
        live_within_s: int,
        wait_target_s: int,
    ) -> None:
        watch = AlertWatch(
            database,
            clock,
            settings,
            live_within_ms=live_within_s * 1000,
            wait_target_ms=wait_target_s * 1000,
        )
        dispatch = Dispatch(database, clock, settings, ways(settings, folder))
        dispatch.begin()
        self._stopping = threading.Event()
        self._threads = [self._thread("alert-watch", watch.look, settings.check_every_s)]
        if settings.receivers:
            self._threads.append(self._thread("alert-dispatch", dispatch.turn, _SEND_EVERY_S))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _thread(self, name: str, do: Callable[[], object], every_s: float) -> threading.Thread:
        return threading.Thread(target=self._run, args=(do, every_s), name=name, daemon=True)

    def _run(self, do: Callable[[], object], every_s: float) -> None:
        complained = False
        while not self._stopping.wait(every_s):
            try:
                do()
            except StoreError as error:
                if not complained:
                    logger.warning("alerts wait for the database: %s", error)
                complained = True
            else:
                complained = False
