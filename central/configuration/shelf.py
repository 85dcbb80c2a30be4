"""The newest configuration of each hub, signed, in a file of its own."""

import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.ids import split_node
from contract.wire import CONFIGURABLE, VERSION, Configuration
from runtime.private_file import write_private
from runtime.sealed import SealError, seal, unseal
from runtime.worded_error import WordedError

logger = logging.getLogger(__name__)

_SUFFIX = ".thutu"


class ConfigurationError(WordedError):
    """A configuration that cannot be published; nothing was stored."""

    section = "configuration_refused"


class Decided(NamedTuple):
    """What a hub should run: the configuration's text, and the label that the hub reports while it
    is in force."""

    label: str
    text: str


class Shelf:
    """Configurations by node in a folder; several threads may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "configurations"
        self._read: Mapping[str, _Read] = {}

    def put(self, key: Ed25519PrivateKey, node: str, text: str) -> Configuration:
        """Number, sign and store a configuration. Raises ConfigurationError, OSError."""
        _check(node, text)
        before = self.get(node)
        number = 1 if before is None else before.number + 1
        configuration = Configuration(VERSION, node, number, text)
        write_private(self._path(node), seal(key, configuration))
        return configuration

    def sealed(self, node: str) -> bytes | None:
        """What is to be published for a node, None for nothing."""
        try:
            return self._path(node).read_bytes()
        except FileNotFoundError:
            return None

    def get(self, node: str) -> Configuration | None:
        """What was decided for a node last. Raises ConfigurationError for a damaged file."""
        sealed = self.sealed(node)
        if sealed is None:
            return None
        try:
            return unseal(sealed, Configuration).message
        except SealError as error:
            raise ConfigurationError("damaged", file=self._path(node), what=error) from error

    def decided(self) -> dict[str, Decided | None]:
        """What was decided, by node; None for a file that cannot be read, which the log names once.

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
        return {node: read[node].decided for node in sorted(read)}

    def _read_again(self, file: os.DirEntry[str]) -> "_Read":
        before = self._read.get(file.name.removesuffix(_SUFFIX))
        try:
            found = file.stat()
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if before is not None and before.version == version:
                return before
            configuration = unseal(Path(file).read_bytes(), Configuration).message
        except (SealError, OSError) as error:
            if before is None or before.decided is not None:
                logger.warning("%s cannot be read; publish it again: %s", file.path, error)
            return _Read(None, None)
        return _Read(version, Decided(configuration.label, configuration.text))

    def _path(self, node: str) -> Path:
        return self._folder / f"{node}{_SUFFIX}"


class _Read(NamedTuple):
    """What was in a file, and by what it is known that this is still so."""

    version: tuple[int, int, int] | None
    decided: Decided | None


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
