"""A thread that does the same work every so often, for as long as its program runs."""

import logging
import threading
from collections.abc import Callable

from central.store.protocol import StoreError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_LONG_NS = 900_000_000_000


class Rounds:
    """Calls `turn` every `every_s` seconds from `start` to `stop`, whatever a turn meets. What
    fails is said once, until a turn has come through again; `name` says what waits for it
    meanwhile."""

    def __init__(self, name: str, turn: Callable[[], object], every_s: float, clock: Clock) -> None:
        self._name = name
        self._turn = turn
        self._every_s = every_s
        self._clock = clock
        self._through_ns = clock.stamp().mono_ns
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first turn is one interval away."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the turn that is under way."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_healthy(self) -> bool:
        """Whether a turn has come through lately: in a quarter of an hour beyond its interval."""
        silent_ns = self._clock.stamp().mono_ns - self._through_ns
        return silent_ns <= _LONG_NS + self._every_s * 1e9

    def _run(self) -> None:
        complained = False
        while not self._stopping.wait(self._every_s):
            try:
                self._turn()
            except StoreError as error:
                if not complained:
                    logger.warning("%s wait for the database: %s", self._name, error)
                complained = True
            except Exception:
                if not complained:
                    logger.exception("%s stand still; tried again every turn", self._name)
                complained = True
            else:
                complained = False
                self._through_ns = self._clock.stamp().mono_ns
