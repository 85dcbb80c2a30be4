"""The line to the hub of one signed-in clerk: commands down, pictures up, and nothing kept."""

import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from contract.commands import Answer, AnyCommand
from contract.day_log import LogPage
from contract.day_report import DayReport, Me, StaffFigures
from contract.snapshot import Snapshot
from runtime.clock import Clock
from runtime.hub_client import (
    Catalogue,
    HubClient,
    HubDenied,
    HubError,
    HubUnreachable,
    Refusal,
    Silence,
    StaffSession,
)

PAGE_LINES = 10  # what 24 rows have room for, when some lines take two
_ATTEMPTS = 2
_PRINTED_WITHIN_S = 35.0  # the hub itself waits half a minute for its printer
_PAUSE_S = 2.0


class Picture(Struct, frozen=True):
    """The site as the hub told it at `heard_ns` of our monotonic clock."""

    snapshot: Snapshot
    catalogue: Catalogue
    heard_ns: int


class Ended(Struct, frozen=True):
    """The session is over, elsewhere or by time; the words say so."""

    words: str


News = Picture | Silence | Ended


class Line:
    """Speaks for one session, in the live or the training queue.

    `follow` belongs in a thread of its own; it tells every change until `close`.
    """

    def __init__(
        self,
        address: str,
        session: StaffSession,
        language: str,
        clock: Clock,
        *,
        training: bool,
        ca_file: Path | None = None,
    ) -> None:
        self.session = session
        self.training = training
        self._clock = clock
        self._closed = threading.Event()
        self._client = HubClient(
            address,
            session.token,
            language,
            clock=clock,
            silent_after_s=0,
            attempts=_ATTEMPTS,
            ca_file=ca_file,
        )

    def follow(self, tell: Callable[[News], None]) -> None:
        """Tell every picture, every silence, and the end of the session, until `close`."""
        while not self._closed.is_set():
            try:
                self._follow(tell)
            except HubDenied as denied:
                tell(Ended(str(denied)))
                return
            except HubError as error:
                tell(Silence(str(error)))
                self._closed.wait(_PAUSE_S)

    def give(self, command: AnyCommand) -> Answer | Refusal:
        """Give one command once. Raises HubUnreachable, HubDenied or HubRejected."""
        return self._client.command(command, training=self.training)

    def log(self, before: int | None) -> LogPage:
        """A page of the day's log, that before row `before`. Raises HubError."""
        older = {} if before is None else {"before": str(before)}
        return self._client.read(
            "/api/log", LogPage, training=self.training, limit=str(PAGE_LINES), **older
        )

    def report(self) -> DayReport:
        """The day's figures so far. Raises HubError."""
        return self._client.read("/api/report", DayReport, training=self.training)

    def report_table(self, language: str) -> bytes:
        """The same as CSV. Raises HubError."""
        return self._client.read_file("/api/report.csv", training=self.training, language=language)

    def print_report(self, language: str) -> None:
        """Print the same on the hub's ticket printer; returns when it is out. Raises HubError."""
        self._client.post(
            "/api/report/print",
            within_s=_PRINTED_WITHIN_S,
            training=self.training,
            language=language,
        )

    def own_figures(self) -> StaffFigures | None:
        """What the clerk did today; practice is not counted. Raises HubError."""
        return self._client.read("/api/me", Me).figures

    def sign_out(self) -> None:
        """End the session. Raises HubUnreachable or HubDenied."""
        self._client.sign_out()

    def close(self) -> None:
        """Let go of the hub; `follow` returns."""
        self._closed.set()
        self._client.close()

    def _follow(self, tell: Callable[[News], None]) -> None:
        catalogue: Catalogue | None = None
        for heard in self._client.stream(training=self.training):
            if isinstance(heard, Silence):
                catalogue = None
                tell(heard)
                continue
            heard_ns = self._clock.stamp().mono_ns
            catalogue = catalogue or self._catalogue()
            tell(Picture(heard, catalogue or Catalogue(()), heard_ns))

    def _catalogue(self) -> Catalogue | None:
        try:
            return self._client.catalogue()
        except HubUnreachable:
            return None  # ask again with the next picture
