"""The newest configuration of each hub, signed, in a file of its own."""

import fcntl
import logging
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.handled import NO_CATALOGUE, Handled, services_in
from contract.ids import split_node
from contract.wire import (
    CONFIGURABLE,
    VERSION,
    Configuration,
    catalogue_digest,
    configuration_label,
)
from runtime.private_file import write_private
from runtime.sealed import SealError, seal, unseal
from runtime.worded_error import WordedError

logger = logging.getLogger(__name__)

_SUFFIX = ".thutu"
_LOCK = "changing.lock"
_MOST_BYTES = 60_000
"""A broker ends the line of whoever publishes more than it lets through: 64 KiB with ours."""


class ConfigurationError(WordedError):
    """A configuration that cannot be published; nothing was stored."""

    section = "configuration_refused"


class Decided(NamedTuple):
    """What a hub should run: the configuration's text, and the label that the hub reports while it
    is in force."""

    label: str
    text: str


class Shelf:
    """Configurations by node in a folder; several threads and processes may use it.

    What a node should run is what was decided for it, or nothing, with its part of the catalogue
    as that is now. Its file holds the one before until the node is heard and it is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "configurations"
        self._read: dict[str, _Read] = {}

    def put(
        self, key: Ed25519PrivateKey, node: str, text: str, handled: Handled = NO_CATALOGUE
    ) -> Configuration:
        """Number, sign and store a configuration. Raises ConfigurationError, OSError."""
        _check(node, text)
        with self._changing():
            before = self.get(node)
            number = 0 if before is None else before.number
            return self._store(key, node, _Held(number, text, b"", services_in(text)), handled)

    def renew(self, key: Ed25519PrivateKey, node: str, handled: Handled) -> bytes | None:
        """What is to be published for a node, None for nothing; made anew with the next number
        where the catalogue has changed. Raises ConfigurationError for a damaged file and for what
        no broker would let through, OSError."""
        with self._changing():
            held = self._held(node)
            if held.lacks(handled):
                self._store(key, node, held, handled)
            return self.sealed(node)

    def sealed(self, node: str) -> bytes | None:
        """What was made for a node last, None for nothing."""
        try:
            return self._path(node).read_bytes()
        except FileNotFoundError:
            return None

    def get(self, node: str) -> Configuration | None:
        """What was made for a node last. Raises ConfigurationError for a damaged file."""
        sealed = self.sealed(node)
        if sealed is None:
            return None
        try:
            return unseal(sealed, Configuration).message
        except SealError as error:
            raise ConfigurationError("damaged", file=self._path(node), what=error) from error

    def should_run(self, node: str, handled: Handled = NO_CATALOGUE) -> Decided | None:
        """What a node should run, None for its own settings alone. Raises ConfigurationError for a
        damaged file, OSError."""
        return self._held(node).decided(handled)

    def decided(self, handled: Handled = NO_CATALOGUE) -> dict[str, Decided | None]:
        """What nodes with a file should run; None for a file that cannot be read, which the log
        names once.

        Only files that have changed since the last time are read again.
        """
        if not self._folder.exists():
            return {}
        with os.scandir(self._folder) as files:
            read = {
                file.name.removesuffix(_SUFFIX): self._read_again(file)
                for file in files
                if file.name.endswith(_SUFFIX)
            }
        self._read = read
        found = {node: read[node].held for node in sorted(read)}
        return {node: held and held.decided(handled) for node, held in found.items()}

    def _store(
        self, key: Ed25519PrivateKey, node: str, held: "_Held", handled: Handled
    ) -> Configuration:
        part = handled.by(held.services)
        procedures = None if part is None else part.procedures
        made = Configuration(VERSION, node, held.number + 1, held.text, procedures)
        path, sealed = self._path(node), seal(key, made)
        if len(sealed) > _MOST_BYTES:
            raise ConfigurationError("too_large", kb=len(sealed) // 1000, most=_MOST_BYTES // 1000)
        write_private(path, sealed)
        now_held = held._replace(number=made.number, digest=b"" if part is None else part.digest)
        self._read[node] = _Read(_version(path.stat()), now_held)
        return made

    def _held(self, node: str) -> "_Held":
        """What is in a node's file, read again only when that has changed."""
        path = self._path(node)
        before = self._read.get(node)
        try:
            version = _version(path.stat())
        except FileNotFoundError:
            return NOTHING_DECIDED
        if before is not None and before.held is not None and before.version == version:
            return before.held
        found = self.get(node)
        held = NOTHING_DECIDED if found is None else _held_in(found)
        self._read[node] = _Read(version, held)
        return held

    def _read_again(self, file: os.DirEntry[str]) -> "_Read":
        before = self._read.get(file.name.removesuffix(_SUFFIX))
        try:
            version = _version(file.stat())
            if before is not None and before.version == version:
                return before
            return _Read(version, _held_in(unseal(Path(file).read_bytes(), Configuration).message))
        except (SealError, OSError) as error:
            if before is None or before.held is not None:
                logger.warning("%s cannot be read; publish it again: %s", file.path, error)
            return _Read(None, None)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Whoever else changes a file of this folder, in whichever process, waits."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, node: str) -> Path:
        return self._folder / f"{node}{_SUFFIX}"


class _Held(NamedTuple):
    """What a file says: number 0 for no file, the digest of its procedures, empty for none, and
    the services that its text has."""

    number: int
    text: str
    digest: bytes
    services: frozenset[str] | None

    def lacks(self, handled: Handled) -> bool:
        """Whether the catalogue says something else than this file."""
        part = handled.by(self.services)
        return part is not None and part.digest != self.digest

    def decided(self, handled: Handled) -> Decided | None:
        """This, or what `Shelf.renew` will make of it."""
        part = handled.by(self.services)
        if part is not None and part.digest != self.digest:
            return Decided(configuration_label(self.number + 1, self.text, part.digest), self.text)
        if not self.number:
            return None
        return Decided(configuration_label(self.number, self.text, self.digest), self.text)


NOTHING_DECIDED = _Held(0, "", b"", None)


class _Read(NamedTuple):
    """What was in a file, and by what it is known that this is still so."""

    version: tuple[int, int, int] | None
    held: _Held | None


def _held_in(found: Configuration) -> _Held:
    digest = b"" if found.catalogue is None else catalogue_digest(found.catalogue)
    return _Held(found.number, found.text, digest, services_in(found.text))


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _check(node: str, text: str) -> None:
    """What a centre can tell; the hub's own loader has the last word."""
    try:
        site = split_node(node).site
        found = tomllib.loads(text)
    except ValueError as error:
        raise ConfigurationError("unreadable", what=error) from error
    foreign = sorted(found.keys() - set(CONFIGURABLE))
    if foreign:
        raise ConfigurationError(
            "foreign", found=", ".join(foreign), allowed=", ".join(CONFIGURABLE)
        )
    if "site" in found and (
        not isinstance(found["site"], dict) or found["site"].get("site") != site
    ):
        raise ConfigurationError("other_site", site=site)
