"""The site's other machines, by their addresses: what they run, and whose turn it is to update."""

import re
from threading import Lock
from typing import NamedTuple

from contract.wire import MOST_MACHINES, SiteMachine
from runtime.clock import Clock

_OURS = re.compile(r"thutu/([0-9A-Za-z.+!-]{1,64})")
_SILENT_NS = 300 * 1_000_000_000
_LASTS_NS = 7200 * 1_000_000_000  # an hour of an empty house, and a trial
_FORGOTTEN_NS = 7 * 86_400 * 1_000_000_000


class SiteMachines:
    """Knows which software a program at an address last spoke with, and lets one machine update at
    a time; from any thread, in memory alone."""

    def __init__(self, clock: Clock) -> None:
        """`clock` must go with the real time."""
        self._clock = clock
        self._lock = Lock()
        self._heard: dict[str, _Heard] = {}
        self._wanted: dict[str, int] = {}
        self._turn = ""
        self._began_ns = self._asked_ns = 0

    def hear(self, address: str, agent: str, device: str = "") -> None:
        """Note who speaks, by its User-Agent (RFC 9110, section 10.1.5), if that is one of ours;
        `device` is empty for a person. Of many machines those are kept that spoke last."""
        ours = _OURS.fullmatch(agent)
        if ours is None:
            return
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            before = self._heard.pop(address, None)
            if before is not None and before.device:
                device = min(device or before.device, before.device)
            self._heard[address] = _Heard(ours[1], device, now_ns)
            if len(self._heard) > MOST_MACHINES:
                del self._heard[next(iter(self._heard))]

    def hear_unnamed(self, address: str, agent: str) -> None:
        """Note who speaks, though nobody says who asks, from a machine that has wanted the turn
        within five minutes: at a terminal's first screen nobody has signed in."""
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            wanted_ns = self._wanted.get(address)
        if wanted_ns is not None and now_ns - wanted_ns < _SILENT_NS:
            self.hear(address, agent)

    def software_at(self, address: str) -> str:
        """What was last heard from there; nothing before the first word."""
        with self._lock:
            heard = self._heard.get(address)
            return "" if heard is None else heard.software

    def known(self) -> tuple[SiteMachine, ...]:
        """What was heard within the last seven days, by address."""
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            return tuple(
                SiteMachine(address, heard.software, heard.device)
                for address, heard in sorted(self._heard.items())
                if now_ns - heard.at_ns < _FORGOTTEN_NS
            )

    def has_turn(self, address: str, *, wants: bool) -> bool:
        """Whether the machine there may update now. A turn ends when it is no more wanted, when
        nothing was asked for five minutes, in which a machine starts anew, or when another wants it
        after two hours."""
        now_ns = self._clock.stamp().mono_ns
        with self._lock:
            if not wants:
                self._turn = "" if self._turn == address else self._turn
                return False
            self._wanted.pop(address, None)
            self._wanted[address] = now_ns
            if len(self._wanted) > MOST_MACHINES:
                del self._wanted[next(iter(self._wanted))]
            is_silent = now_ns - self._asked_ns >= _SILENT_NS
            if self._turn != address:
                if self._turn and not is_silent and now_ns - self._began_ns < _LASTS_NS:
                    return False
                self._turn, self._began_ns = address, now_ns
            self._asked_ns = now_ns
            return True


class _Heard(NamedTuple):
    software: str
    device: str
    at_ns: int
