"""The two threads of alerts: one looks, the other sends, so that a slow mail server keeps nobody
from seeing what is wrong."""

from pathlib import Path

from central.alerts.dispatch import Dispatch, ways
from central.alerts.settings import AlertSettings
from central.alerts.watch import AlertWatch
from central.rounds import Rounds
from central.store.database import Location
from runtime.clock import Clock

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
        dispatch.forget()
        self._rounds = [Rounds("alerts", watch.look, settings.check_every_s, clock)]
        if settings.receivers:
            self._rounds.append(Rounds("alert messages", dispatch.turn, _SEND_EVERY_S, clock))

    @property
    def is_healthy(self) -> bool:
        """Whether both come round."""
        return all(rounds.is_healthy for rounds in self._rounds)

    def start(self) -> None:
        """Begin."""
        for rounds in self._rounds:
            rounds.start()

    def stop(self) -> None:
        """End, after what is under way."""
        for rounds in self._rounds:
            rounds.stop()
