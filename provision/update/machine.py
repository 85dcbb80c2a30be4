"""The machine around an update: its services, and the hub's own word on how it fares."""

import http.client
import subprocess
from collections.abc import Sequence
from typing import Protocol

import msgspec

from contract.decoders import from_json
from provision.update.decide import House
from runtime.http_unverified import unverified

FETCH_UNIT = "thutu-update-fetch.service"
LAY_UNIT = "thutu-update-lay.service"
_PROGRAMS = ("hub", "boards", "hall", "hall-screen", "voice", "satellite", "terminal", "central")
RESTARTED = tuple(f"thutu-{name}.service" for name in _PROGRAMS)
_ANSWER_S = 5.0
_MOST_BYTES = 10_000
_RUNS = ("active", "activating", "reloading")


class MachineError(Exception):
    """Something on this machine did not do what it was asked for; trying again may help."""


class HubView(msgspec.Struct, frozen=True):
    """What a hub says of itself: its software, and whether anybody is in the house."""

    software: str
    house: House


class Machine(Protocol):
    """What an update does to the machine it is on."""

    def fetch(self) -> None:
        """Get what the plan names, as far as it can be had. Raises MachineError."""
        ...

    def tidy(self) -> None:
        """Let go of what was fetched of a release that was refused. Raises MachineError."""
        ...

    def check(self, release: str) -> None:
        """Let a built release look at settings and journal, as the hub's user.

        Raises MachineError when it cannot read them.
        """
        ...

    def lay(self) -> None:
        """Lay down units and all else that belongs to what `current` leads to, unless it lies
        there. Raises MachineError."""
        ...

    def running(self) -> tuple[str, ...]:
        """The services of ours that run or try to."""
        ...

    def lives(self, units: Sequence[str]) -> tuple[str, ...] | None:
        """Of each of these the start that lives, once it has said that it is ready; None when one
        of them does not. A unit that died in between has another."""
        ...

    def restart(self, units: Sequence[str]) -> None:
        """Start these anew, without waiting for them. Raises MachineError."""
        ...

    def hub(self) -> HubView | None:
        """What the hub says, None when it says nothing."""
        ...


class SystemdMachine:
    """A machine under systemd, with a hub whose API is at `url`."""

    def __init__(self, url: str, fetch_unit: str = FETCH_UNIT) -> None:
        self._url = url
        self._fetch_unit = fetch_unit

    def fetch(self) -> None:
        """Let the unprivileged service fetch, which alone speaks to the network."""
        _systemctl("start", self._fetch_unit)

    def tidy(self) -> None:
        """Let the same service remove what it brought: nobody else may. It reads in the plan that
        the release was refused."""
        _systemctl("start", self._fetch_unit)

    def check(self, release: str) -> None:
        """Let the release read everything, as the hub's user and without a network."""
        _systemctl("start", f"thutu-update-check@{release}.service")

    def lay(self) -> None:
        """Let the service that may write to /etc do it, with the release's own program."""
        _systemctl("start", LAY_UNIT)

    def running(self) -> tuple[str, ...]:
        """The services of ours that run or try to."""
        states = _states(RESTARTED)
        return tuple(u for u, state in zip(RESTARTED, states, strict=True) if state in _RUNS)

    def lives(self, units: Sequence[str]) -> tuple[str, ...] | None:
        """By systemd's invocation: each start has its own."""
        if not units:
            return ()
        shown = ("show", "--property=ActiveState,InvocationID", *units)
        said = subprocess.run(["systemctl", *shown], check=False, capture_output=True, text=True)
        found = [dict(_pairs(unit)) for unit in said.stdout.strip().split("\n\n")]
        if len(found) != len(units) or any(each.get("ActiveState") != "active" for each in found):
            return None
        return tuple(each.get("InvocationID", "") for each in found)

    def restart(self, units: Sequence[str]) -> None:
        """Start these anew; what is stuck is not waited for."""
        if units:
            _systemctl("restart", "--no-block", *units)

    def hub(self) -> HubView | None:
        """Ask the hub at its open address. It is on this machine: no certificate is looked at."""
        connection = unverified(self._url, _ANSWER_S)
        try:
            connection.request("GET", "/api/health")
            answer = connection.getresponse()
            body = answer.read(_MOST_BYTES)
            return from_json(body, HubView) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        finally:
            connection.close()


def _states(units: Sequence[str]) -> list[str]:
    if not units:
        return []
    said = subprocess.run(
        ["systemctl", "is-active", *units], check=False, capture_output=True, text=True
    )
    states = said.stdout.split()
    return states if len(states) == len(units) else ["unknown"] * len(units)


def _pairs(shown: str) -> list[list[str]]:
    return [line.split("=", 1) for line in shown.splitlines() if "=" in line]


def _systemctl(*arguments: str) -> None:
    said = subprocess.run(["systemctl", *arguments], check=False, capture_output=True, text=True)
    if said.returncode != 0:
        raise MachineError(f"systemctl {' '.join(arguments)}: {said.stderr.strip()[-500:]}")
