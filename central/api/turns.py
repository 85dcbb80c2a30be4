"""Work that takes long or much memory: a few do it at once, a few wait, and nobody else waits for
either."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from central.api.entrance import TooOftenError

_MOST_OF_ONE = 2
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Turns:
    """Does work in `places` threads of its own, or gives so many turns, while `waiting` more are in
    line; whoever comes beyond them is told to ask again in `again_s` seconds."""

    def __init__(self, places: int, waiting: int, again_s: int) -> None:
        self._most = places + waiting
        self._again_s = again_s
        self._inside = 0
        self._inside_of: Counter[str] = Counter()
        self._threads = CapacityLimiter(places)

    async def take(self, work: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
        """What `work` returns or raises. Raises TooOftenError when the line is full."""
        with self._place():
            return await to_thread.run_sync(lambda: work(*given, **named), limiter=self._threads)

    @asynccontextmanager
    async def turn_of(self, who: str) -> AsyncIterator[None]:
        """A turn for an account, which has at most two places, in line or not: nobody fills the
        line alone. Raises TooOftenError as `take` does."""
        if self._inside_of[who] >= _MOST_OF_ONE:
            raise TooOftenError(self._again_s)
        self._inside_of[who] += 1
        try:
            with self._place():
                async with self._threads:
                    yield
        finally:
            self._inside_of[who] -= 1
            if not self._inside_of[who]:
                del self._inside_of[who]

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._inside >= self._most:
            raise TooOftenError(self._again_s, "admin.error_crowded")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
