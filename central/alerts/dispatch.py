"""Sends the news that is put by: to each receiver in one message at most every few minutes, not in
quiet hours, and again after a failure, ever more rarely, until it is taken or too old to help."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from central.alerts.hours import minute_of
from central.alerts.mail import Mail
from central.alerts.message import compose
from central.alerts.sending import Send, SendError
from central.alerts.settings import AlertSettings, Receiver
from central.alerts.webhook import SignedPost
from central.alerts.zalo import ZaloAccount
from central.scope import Scope
from central.store.alerts import AlertBook, Alerts
from central.store.database import Location, reading, transaction, writing
from contract.stamp import MS_PER_DAY
from runtime.backoff import Backoff
from runtime.clock import Clock
from runtime.settings import SettingsError

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 500
_RANDOM = secrets.SystemRandom().random
_BACKOFF = Backoff(first_s=60.0, cap_s=3600.0)
_KEPT_MS = 3 * MS_PER_DAY


class Dispatch:
    """Sends when its turn comes; `ways` gives the way to each receiver by name."""

    def __init__(
        self,
        database: Location,
        clock: Clock,
        settings: AlertSettings,
        ways: Mapping[str, Send],
        random: Callable[[], float] = _RANDOM,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._quiet = settings.quiet_hours()
        self._random = random
        self._lines = [_Line(receiver, ways[receiver.name]) for receiver in settings.receivers]

    def forget(self) -> None:
        """Forget news for receivers that are no more, and news of more than three days ago. Raises
        StoreError."""
        names = [line.receiver.name for line in self._lines]
        with writing(self._database) as db, transaction(db.conn):
            book = AlertBook(db.conn)
            gone = book.forget_receivers(names, self._clock.stamp().wall_ms - _KEPT_MS)
        if gone:
            logger.warning("%d pieces of news about alerts were too old to be sent", gone)

    def turn(self) -> int:
        """Send what is due; returns how many messages were taken. Raises StoreError."""
        now = self._clock.stamp()
        is_quiet = self._quiet.holds(minute_of(now.wall_ms))
        return sum(
            self._send(line, now.wall_ms, now.mono_ns)
            for line in self._lines
            if now.mono_ns >= line.due_ns and (line.receiver.at_night or not is_quiet)
        )

    def _send(self, line: "_Line", now_ms: int, now_ns: int) -> bool:
        receiver = line.receiver
        with reading(self._database) as conn:
            scope = Scope.of(receiver.province, receiver.unit)
            news = Alerts(conn, scope).news(receiver.name, _MOST_AT_ONCE)
        if news and news[0].at_ms < now_ms - _KEPT_MS:
            self.forget()
            return False
        if not news or 0 <= now_ms - news[0].at_ms < self._settings.gather_s * 1000:
            return False
        try:
            line.send(compose(receiver.name, news, receiver.language, now_ms))
        except Exception as error:  # whatever one receiver meets must keep nobody else waiting
            line.failures += 1
            pause_s = _BACKOFF.pause_s(line.failures, self._random)
            line.due_ns = now_ns + int(pause_s * 1e9)
            if line.failures == 1:
                trace = None if isinstance(error, SendError) else error
                logger.warning("news waits for %s: %s", receiver.name, error, exc_info=trace)
            return False
        if line.failures:
            logger.info("%s takes news of alerts again", receiver.name)
        line.failures = 0
        line.due_ns = now_ns + self._settings.at_most_every_s * 1_000_000_000
        with writing(self._database) as db, transaction(db.conn):
            book = AlertBook(db.conn)
            book.told([one.news for one in news])
            for alert in sorted({one.alert.alert for one in news}):
                book.step(alert, now_ms, "sent", receiver.name)
        return True


@dataclass(slots=True)
class _Line:
    receiver: Receiver
    send: Send
    failures: int = 0
    due_ns: int = 0


def ways(settings: AlertSettings, folder: Path) -> dict[str, Send]:
    """The way to each receiver by name; `folder` keeps what Zalo renews. Raises SettingsError for
    a file that cannot be used."""
    return {receiver.name: _way(receiver, settings, folder) for receiver in settings.receivers}


def _way(receiver: Receiver, settings: AlertSettings, folder: Path) -> Send:
    if receiver.webhook is not None:
        return SignedPost(receiver.webhook).send
    if receiver.zalo is not None:
        return ZaloAccount(receiver.zalo, folder).send
    if settings.mail_server is None or receiver.email is None:
        raise SettingsError(f"there is no way to send to {receiver.name!r}")
    return Mail(settings.mail_server, receiver.email).send
