"""How wrong tokens and sessions slow down the network that they come from, before the database is
asked about the next."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice

from central.access.accounts import digest_of
from central.access.limits import RateLimit, network_of
from runtime.clock import Clock

_MOST_KNOWN = 10_000


class Strangers:
    """`per_minute` wrong secrets may come from one network, an address or of IPv6 its /64. Whoever
    shows one that was right lately, or one of the digests in `known`, is no stranger, whatever
    others behind the address show."""

    def __init__(self, per_minute: int, clock: Clock, known: Iterable[bytes] = ()) -> None:
        self._wrong = RateLimit(per_minute, clock)
        self._known = OrderedDict.fromkeys(islice(known, _MOST_KNOWN))
        self._lock = threading.Lock()

    def wait_s(self, secret: str, address: str) -> int:
        """0 when the database may be asked about a secret; else after how many seconds."""
        with self._lock:
            if digest_of(secret) in self._known:
                return 0
        return self._wrong.wait_s(network_of(address), counts=False)

    def welcome(self, secret: str) -> None:
        """The secret is right."""
        digest = digest_of(secret)
        with self._lock:
            self._known[digest] = None
            self._known.move_to_end(digest)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def turn_away(self, secret: str, address: str) -> None:
        """The secret is wrong, or right no longer."""
        with self._lock:
            self._known.pop(digest_of(secret), None)
        self._wrong.wait_s(network_of(address))
