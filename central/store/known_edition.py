"""What a published list says, for whoever asks at every page."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from central.store.database import Location, reading
from central.store.editions import Edition, Editions
from central.store.protocol import StoreError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_ASK_AGAIN_NS = 5_000_000_000

_T = TypeVar("_T")


class KnownEdition(Generic[_T]):
    """Asks the database at most every five seconds, and reads an edition once; while the database
    does not answer, what was known stays. Before the first edition it is `otherwise`."""

    def __init__(
        self,
        database: Location,
        clock: Clock,
        of: str,
        read: Callable[[Edition], _T],
        otherwise: _T,
    ) -> None:
        self._database = database
        self._clock = clock
        self._list = of
        self._read = read
        self._known: tuple[int, _T] = 0, otherwise
        self._asked_ns: int | None = None

    def get(self) -> _T:
        """The newest edition as far as is known, for any thread. Never raises StoreError."""
        now_ns = self._clock.stamp().mono_ns
        if self._asked_ns is None or now_ns - self._asked_ns >= _ASK_AGAIN_NS:
            self._asked_ns = now_ns
            try:
                self._ask()
            except StoreError as error:
                logger.warning("%s cannot be read, those known hold: %s", self._list, error)
        return self._known[1]

    def _ask(self) -> None:
        with reading(self._database) as conn:
            editions = Editions(conn, self._list)
            if editions.number() == self._known[0]:
                return
            found = editions.newest()
            if found is not None:
                self._known = found.edition, self._read(found)
