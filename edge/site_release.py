"""The release that this hub runs, for the site's other machines to take from it."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from msgspec import Struct

from contract.wire import release_file

Turn = Literal["", "wanted", "over"]
"""What a machine that asks says of its turn to update: nothing, or that it wants it or had it."""


class ReleaseOffer(Struct, frozen=True):
    """What a hub tells the other machines of its site: the release that runs for good, 0 for none,
    and the SHA-256 (hexadecimal) of its sealed list; `heard` is the software with which the asking
    machine's programs last spoke.

    `house` is `busy` as well for whoever does not have the turn to update.
    """

    number: int = 0
    manifest: str = ""
    heard: str = ""
    house: Literal["busy", "empty", "closed"] = "busy"


@dataclass(frozen=True, slots=True)
class InForce:
    """A release by its number, and the file that its publisher sealed."""

    number: int
    sealed_file: Path
    manifest: bytes


class SiteRelease:
    """What lies on this machine: releases under `root`, and the wheels that were fetched."""

    def __init__(self, root: Path, wheelhouse: Path) -> None:
        self._root = root
        self._wheelhouse = wheelhouse

    def in_force(self) -> InForce | None:
        """The release that runs for good; None while one is on trial, and for one from a card,
        which nobody sealed."""
        try:
            name = (self._root / "current").readlink().name
            is_proven = (self._root / "proven").readlink().name == name
            if not (is_proven and name.isdecimal() and name.isascii()):
                return None
            sealed_file = self._root / "releases" / name / release_file(int(name))
            return InForce(int(name), sealed_file, sha256(sealed_file.read_bytes()).digest())
        except OSError:
            return None

    def wheel(self, digest: str, name: str) -> Path:
        """Where a wheel is, or would be; it is believed by its hash alone."""
        return self._wheelhouse / "wheels" / digest / name
