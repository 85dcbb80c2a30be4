"""A thread that does the same work every so often, for as long as its program runs."""

import logging
import threading
from collections.abc import Callable

from central.store.protocol import StoreError

logger = logging.getLogger(__name__)


class Rounds:
    """Calls `turn` every `every_s` seconds from `start` to `stop`. That the store fails is said
    once, until a turn has come through again; `name` says what waits for it meanwhile."""

    def __init__(self, name: str, turn: Callable[[], object], every_s: float = 1.0) -> None:
        self._name = name
        self._turn = turn
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first turn is one interval away."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the turn that is under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        complained = False
        while not self._stopping.wait(self._every_s):
            try:
                self._turn()
            except StoreError as error:
                if not complained:
                    logger.warning("%s wait for the database: %s", self._name, error)
                complained = True
            else:
                complained = False
