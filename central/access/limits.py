"""How often someone may ask: a bucket of tokens for each, kept in memory."""

import threading
from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address

from runtime.clock import Clock

_MOST_ASKERS = 10_000
_NS_PER_MINUTE = 60_000_000_000


class RateLimit:
    """`per_minute` requests a minute for everyone, of which all may come at once."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, asker: str, *, counts: bool = True) -> int:
        """0 when `asker` may go on, which is a request if it `counts`; else after how many
        seconds."""
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            left, since_ns = self._buckets.pop(asker, (float(self._per_minute), now_ns))
            refilled = max(0, now_ns - since_ns) * self._per_minute / _NS_PER_MINUTE
            left = min(float(self._per_minute), left + refilled)
            allowed = left >= 1
            self._buckets[asker] = (left - (allowed and counts), now_ns)
            if len(self._buckets) > _MOST_ASKERS:
                self._buckets.popitem(last=False)
        return 0 if allowed else int((1 - left) * 60 / self._per_minute) + 1

    def give_back(self, asker: str) -> None:
        """Count a request of `asker` that went on no more."""
        with self._lock:
            if asker in self._buckets:
                left, since_ns = self._buckets[asker]
                self._buckets[asker] = (min(float(self._per_minute), left + 1), since_ns)


def network_of(address: str) -> str:
    """What counts as one asker: an IPv6 address's /64, of which each line has one at least and may
    take any address; else the address itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
