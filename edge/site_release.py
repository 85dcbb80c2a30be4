"""The release that this hub runs, for the site's other machines to take from it."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.wire import release_file

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = _FILE | os.O_DIRECTORY

Turn = Literal["", "wanted", "over"]
"""What a machine that asks says of its turn to update: nothing, or that it wants it or had it."""


class ReleaseOffer(Struct, frozen=True):
    """What a hub tells the other machines of its site: the release that runs for good, 0 for none,
    and the SHA-256 (hexadecimal) of its sealed list; `heard` is the software with which the asking
    machine's programs last spoke.

    `house` is `busy` as well for whoever does not have the turn to update.
    """

    number: Annotated[int, Meta(ge=0)] = 0
    manifest: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
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

    def open_wheel(self, digest: str, name: str) -> int:
        """A wheel, opened for reading; it is believed by its hash alone. Who fetched it is not
        trusted: no link is followed, and no pipe is waited for. Raises OSError."""
        opened = os.open(self._wheelhouse / "wheels", _FOLDER)
        for part, flags in ((digest, _FOLDER), (name, _FILE)):
            try:
                within = os.open(part, flags, dir_fd=opened)
            finally:
                os.close(opened)
            opened = within
        return opened
