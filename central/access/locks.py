"""How wrong passwords close a name to the address that they came from, and slow it down for
addresses that are new to it. Kept in memory: a restart opens every lock."""

import threading
from collections import OrderedDict
from typing import Literal, NamedTuple, TypeVar

from central.access.limits import RateLimit, network_of
from runtime.clock import Clock

_MOST_KEPT = 10_000

_Pair = tuple[str, str]
_T = TypeVar("_T")


class LockRule(NamedTuple):
    """After how many wrong passwords in a row from one address a name is closed to it, and for how
    many seconds; and how often a minute addresses new to a name may try it, all together."""

    after: int = 5
    for_s: int = 900
    tries_per_minute: int = 10


class Slowed(NamedTuple):
    """Too many addresses try this name; ask again in `wait_s` seconds."""

    wait_s: int


class SignInLocks:
    """Counts sign-ins by name and address (of IPv6 its /64), whether the name exists or not.

    An address from which a name has signed in is not slowed down by what others do.
    """

    def __init__(self, rule: LockRule, clock: Clock) -> None:
        self._rule = rule
        self._clock = clock
        self._tries = RateLimit(rule.tries_per_minute, clock)
        self._failures: OrderedDict[_Pair, tuple[int, int, str | None]] = OrderedDict()
        self._at_home: OrderedDict[_Pair, None] = OrderedDict()
        self._lock = threading.Lock()

    def attempt(
        self, name: str, address: str, password_hash: str | None
    ) -> Literal["locked"] | Slowed | None:
        """What keeps this address from trying, or None, and then the try counts as a wrong one
        until `succeeded`: many at once are no more than many in turn.

        A lock ends with the password that it was for: `password_hash` is the present one's.
        """
        pair, now_ns = (name, network_of(address)), self._clock.stamp().mono_ns
        with self._lock:
            failures, since_ns, tried_hash = self._failures.get(pair, (0, 0, None))
            begins_anew = failures >= self._rule.after or tried_hash != password_hash
            is_fresh = now_ns - since_ns < self._rule.for_s * 1_000_000_000
            if is_fresh and failures >= self._rule.after and tried_hash == password_hash:
                return "locked"
            if pair not in self._at_home and (wait_s := self._tries.wait_s(name)):
                return Slowed(wait_s)
            counted = (1 if begins_anew else failures + 1, now_ns, password_hash)
            _keep(self._failures, pair, counted)
        return None

    def succeeded(self, name: str, address: str) -> None:
        """The password was right: the count begins anew, and the address is the name's own."""
        pair = (name, network_of(address))
        with self._lock:
            self._failures.pop(pair, None)
            _keep(self._at_home, pair, None)


def _keep(kept: OrderedDict[_Pair, _T], pair: _Pair, value: _T) -> None:
    kept[pair] = value
    kept.move_to_end(pair)
    if len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
