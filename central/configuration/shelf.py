"""The newest configuration of each hub, signed, in a file of its own."""

import tomllib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.ids import split_node
from contract.wire import CONFIGURABLE, VERSION, Configuration
from runtime.private_file import write_private
from runtime.sealed import SealError, seal, unseal


class ConfigurationError(Exception):
    """A configuration that cannot be published; nothing was stored."""


class Shelf:
    """Configurations by node in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "configurations"

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
            raise ConfigurationError(f"{self._path(node)}: {error}") from error

    def nodes(self) -> list[str]:
        """The nodes that something was decided for."""
        return sorted(path.stem for path in self._folder.glob("*.thutu"))

    def _path(self, node: str) -> Path:
        return self._folder / f"{node}.thutu"


def _check(node: str, text: str) -> None:
    """What a centre can tell; the hub's own loader has the last word."""
    try:
        site = split_node(node).site
        found = tomllib.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{error}; nothing was published") from error
    foreign = sorted(found.keys() - set(CONFIGURABLE))
    if foreign:
        raise ConfigurationError(
            f"{', '.join(foreign)}: only {', '.join(CONFIGURABLE)} are the centre's to say; "
            "nothing was published"
        )
    if "site" in found and (
        not isinstance(found["site"], dict) or found["site"].get("site") != site
    ):
        raise ConfigurationError(f"[site] is not that of {site}; nothing was published")
