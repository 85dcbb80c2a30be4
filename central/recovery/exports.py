"""Files in which hubs send events by hand: whose they are, and whether to believe them."""

from pathlib import Path

from contract.ids import split_node
from contract.wire import VERSION, Export
from runtime.private_file import write_private
from runtime.sealed import SealError, unseal

_KEYS = "node-keys"
_KEY_BYTES = 32


class ExportRefusedError(Exception):
    """A file that is not taken in; the words say why, and what to do."""


def register_key(folder: Path, node: str, key: str) -> None:
    """Believe exports of `node` that are signed by this key (hexadecimal), and no other.

    Raises ExportRefusedError for what is no key or no node, and OSError.
    """
    try:
        split_node(node)
        known = bytes.fromhex(key)
    except ValueError as error:
        raise ExportRefusedError(f"{error}; nothing was changed") from error
    if len(known) != _KEY_BYTES:
        raise ExportRefusedError("a key has 64 hexadecimal digits; nothing was changed")
    write_private(folder / _KEYS / f"{node}.pub", known.hex().encode("ascii"))


def checked(folder: Path, data: bytes) -> Export:
    """Read an export that a registered hub has signed. Raises ExportRefusedError, OSError."""
    try:
        export, key = unseal(data, Export)
    except SealError as error:
        raise ExportRefusedError(f"{error}; nothing was taken in, copy it again") from error
    if export.version != VERSION:
        raise ExportRefusedError(f"version {export.version}, not {VERSION}; nothing was taken in")
    try:
        known = (folder / _KEYS / f"{export.node}.pub").read_text("ascii")
    except FileNotFoundError as error:
        raise ExportRefusedError(
            f"no key of {export.node} is registered; nothing was taken in. If its screen shows the "
            f"same key: thutu-central node-key {export.node} {key.hex()}"
        ) from error
    if known != key.hex():
        raise ExportRefusedError(
            f"signed by {key.hex()}, and {export.node} is registered with {known}; nothing was "
            f"taken in. After a new card: thutu-central node-key {export.node} {key.hex()}"
        )
    return export
