"""How many may be signing in at once: a flood waits outside, and those known here come first.

A sign-in costs a core a fifth of a second on purpose, so they are checked one after another, and
whoever would have to wait for long is told so at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import Lock

from runtime.clock import Clock

_LONGEST_QUEUE = 12
_STRANGERS = 4
_PER_STRANGER = 2
_TRIES = 10
_TRY_EVERY_S = 6.0
_STRANGERS_WATCHED = 1000
_QUEUE_MOVES_S = 2


class Busy(Exception):  # noqa: N818 - a refusal, not an error
    """There is no place to wait; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"busy for {seconds} s")
        self.seconds = seconds


class SignInQueue:
    """Places for those who sign in, by the address they come from.

    An address that `knows` knows may take all of them; others share a few, each of them fewer,
    and may try ten times and then once every six seconds.
    """

    def __init__(self, knows: Callable[[str], bool], clock: Clock) -> None:
        self._knows = knows
        self._clock = clock
        self._lock = Lock()
        self._waiting: list[tuple[str, bool]] = []
        self._tried: dict[str, tuple[float, int]] = {}

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Hold a place while signing in. Raises Busy at once where there is none."""
        known = self._knows(address)
        with self._lock:
            self._check(address, known=known)
            self._waiting.append((address, known))
        try:
            yield
        finally:
            with self._lock:
                self._waiting.remove((address, known))

    def _check(self, address: str, *, known: bool) -> None:
        if len(self._waiting) >= _LONGEST_QUEUE:
            raise Busy(_QUEUE_MOVES_S)
        if known:
            return
        strangers = [other for other, other_known in self._waiting if not other_known]
        if len(strangers) >= _STRANGERS or strangers.count(address) >= _PER_STRANGER:
            raise Busy(_QUEUE_MOVES_S)
        self._count_try(address)

    def _count_try(self, address: str) -> None:
        now_ns = self._clock.stamp().mono_ns
        tries, then_ns = self._tried.get(address, (0.0, now_ns))
        tries = max(0.0, tries - (now_ns - then_ns) / 1e9 / _TRY_EVERY_S)
        if tries > _TRIES - 1:
            raise Busy(ceil((tries - (_TRIES - 1)) * _TRY_EVERY_S))
        self._tried.pop(address, None)
        while len(self._tried) >= _STRANGERS_WATCHED:
            self._tried.pop(next(iter(self._tried)))
        self._tried[address] = (tries + 1, now_ns)
