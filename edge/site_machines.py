"""The site's other machines, by their addresses: what they run, and whose turn it is to update."""

from threading import Lock

from runtime.clock import Clock

OURS = "thutu/"
_SILENT_NS = 300 * 1_000_000_000


class SiteMachines:
    """Knows which software a program at an address last spoke with, and lets one machine update at
    a time; from any thread, in memory alone."""

    def __init__(self, clock: Clock) -> None:
        """`clock` must go with the real time."""
        self._clock = clock
        self._lock = Lock()
        self._software: dict[str, str] = {}
        self._turn = ""
        self._asked_ns = 0

    def hear(self, address: str, agent: str) -> None:
        """Note who speaks, by its User-Agent (RFC 9110, section 10.1.5), if that is one of ours."""
        if agent.startswith(OURS):
            with self._lock:
                self._software[address] = agent.removeprefix(OURS)

    def software_at(self, address: str) -> str:
        """What was last heard from there; nothing before the first word."""
        with self._lock:
            return self._software.get(address, "")

    def has_turn(self, address: str, *, wants: bool) -> bool:
        """Whether the machine there may update now. A turn ends when it is no more wanted, or when
        nothing was asked for five minutes, in which a machine starts anew."""
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            if self._turn and now_ns - self._asked_ns >= _SILENT_NS:
                self._turn = ""
            if not wants:
                self._turn = "" if self._turn == address else self._turn
                return False
            if self._turn in ("", address):
                self._turn, self._asked_ns = address, now_ns
                return True
            return False
