"""How fast one device may give out numbers: a stuck or hostile kiosk does not fill the queue."""

from math import ceil
from threading import Lock
from typing import Annotated

from msgspec import Meta, Struct

from contract.commands import Actor
from runtime.clock import Clock

_FREER = 5.0


class IssueRate(Struct, frozen=True, forbid_unknown_fields=True):
    """How many numbers a kiosk may give out at once, and then one every so many seconds.

    It holds for each kiosk, ticket keypad and other device with a token of role kiosk; a greeter
    and staff may give five times as many and as fast. With `every_s` = 0 there is no limit.
    """

    burst: Annotated[int, Meta(ge=1, le=10_000)] = 20
    every_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0


class IssuePace:
    """The numbers each device has given out lately, for any thread."""

    def __init__(self, rate: IssueRate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = Lock()
        self._issued: dict[str, tuple[float, int]] = {}

    def wait_s(self, actor: Actor) -> int:
        """Count one number of `actor`: 0, or, uncounted, the whole seconds until it may."""
        freer = 1.0 if actor.role == "kiosk" else _FREER
        every_s, burst = self._rate.every_s / freer, self._rate.burst * freer
        if every_s == 0:
            return 0
        with self._lock:
            now_ns = self._clock.stamp().mono_ns
            issued, then_ns = self._issued.get(actor.id, (0.0, now_ns))
            issued = max(0.0, issued - (now_ns - then_ns) / 1e9 / every_s)
            if issued > burst - 1:
                return ceil((issued - (burst - 1)) * every_s)
            self._issued[actor.id] = (issued + 1, now_ns)
            return 0
