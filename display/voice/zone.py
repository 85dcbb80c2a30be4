"""One thread owns one loudspeaker, and says there what the hub's pictures call for."""

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from contract.commands import ReportDevice
from contract.snapshot import CallView, Snapshot
from display.voice.backlog import Backlog
from display.voice.no_slip import OwnNumber
from display.voice.players import Player, PlayerError
from display.voice.speech import Speech
from runtime.backoff import Backoff
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_RETRY = Backoff(first_s=1.0, cap_s=30.0)
_LONGEST_PAUSE_S = 5.0


class ZoneVoice:
    """Says the calls and numbers of one zone, one after the other and each to its end.

    A loudspeaker that fails is reported once, and once when it works again; meanwhile they wait,
    and are dropped as soon as they are no longer true. `report` is called by the zone's own
    thread and must not wait; `turned` at every turn of its loop, which lasts as long as what is
    said, or five seconds.
    """

    def __init__(
        self,
        name: str,
        backlog: Backlog,
        speech: Speech,
        player: Player,
        *,
        report: Callable[[ReportDevice], None],
        clock: Clock,
        turned: Callable[[], object] = bool,
    ) -> None:
        self._name = name
        self._backlog = backlog
        self._speech = speech
        self._player = player
        self._report = report
        self._clock = clock
        self._turned = turned
        self._pictures: SimpleQueue[Snapshot | None] = SimpleQueue()
        self._now_ms: int | None = None
        self._working: bool | None = None
        self._failures = 0
        self._rests_until_s = 0.0
        self._owner = threading.Thread(target=self._own_loudspeaker, name=f"voice {name}")
        self._owner.start()

    def hear(self, picture: Snapshot) -> None:
        """Take the hub's newest picture, from any thread."""
        self._pictures.put(picture)

    def close(self) -> None:
        """Stop, once what is being said has been said."""
        self._pictures.put(None)
        self._owner.join()

    def _own_loudspeaker(self) -> None:
        self._attempt(lambda: self._player.probe(self._speech.probe()))
        while self._take_news():
            self._turned()
            if self._clock.stamp().mono_s < self._rests_until_s:
                continue
            saying = self._backlog.next(self._clock.stamp().mono_s)
            if saying is not None:
                self._say(saying)
            elif not self._working:
                self._attempt(lambda: self._player.probe(self._speech.probe()))

    def _take_news(self) -> bool:
        """Wait for a picture or until something is due; False when it is time to stop."""
        try:
            picture = self._pictures.get(timeout=self._pause_s())
            while picture is not None:
                self._see(picture)
                picture = self._pictures.get_nowait()
        except Empty:
            return True
        return False

    def _pause_s(self) -> float:
        """How long nothing is due unless a picture comes, in seconds."""
        due_s = self._backlog.next_due_s() if self._working else self._rests_until_s
        if due_s is None:
            return _LONGEST_PAUSE_S
        return min(max(0.0, due_s - self._clock.stamp().mono_s), _LONGEST_PAUSE_S)

    def _see(self, picture: Snapshot) -> None:
        self._now_ms = picture.now_ms if picture.clock_trusted else None
        for call in self._backlog.see(picture, self._clock.stamp().mono_s):
            logger.warning(
                "%s: %s to counter %s is not said, too many calls wait",
                self._name, call.number, call.counter,
            )  # fmt: skip

    def _say(self, saying: CallView | OwnNumber) -> None:
        sound = self._speech.say(saying, self._now_ms)
        where = saying.counter if isinstance(saying, CallView) else "number"
        title = f"{self._name}-{saying.number}-{where}"
        in_no_language = not sound.pieces
        if in_no_language or self._attempt(lambda: self._player.play(sound, title)):
            self._backlog.said(saying, self._clock.stamp().mono_s)

    def _attempt(self, use_player: Callable[[], None]) -> bool:
        try:
            use_player()
        except PlayerError as error:
            self._failures += 1
            self._rests_until_s = self._clock.stamp().mono_s + _RETRY.longest_s(self._failures)
            if self._working is not False:
                logger.warning("%s cannot be heard: %s", self._name, error)
                self._tell(ReportDevice(f"voice-{self._name}", "lost", error.condition))
            self._working = False
            return False
        self._failures = 0
        if not self._working:
            self._tell(ReportDevice(f"voice-{self._name}", "ready"))
        self._working = True
        return True

    def _tell(self, report: ReportDevice) -> None:
        logger.info("%s is %s %s", report.device, report.state, report.condition)
        self._report(report)
