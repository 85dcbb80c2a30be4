"""Files in which hubs send events by hand: whose they are, and whether to believe them."""

import re
from pathlib import Path

from contract.ids import split_node
from contract.wire import VERSION, Export
from runtime.private_file import write_private
from runtime.sealed import SealError, unseal
from runtime.worded_error import WordedError

_KEYS = "node-keys"
_KEY = re.compile(r"[0-9A-Fa-f]{64}")


class ExportRefusedError(WordedError):
    """A file that is not taken in; the words say why, and what to do."""

    section = "export_refused"


def register_key(folder: Path, node: str, key: str) -> None:
    """Believe exports of `node` that are signed by this key (hexadecimal), and no other.

    Raises ExportRefusedError for what is no key or no node, and OSError.
    """
    try:
        split_node(node)
    except ValueError as error:
        raise ExportRefusedError("no_node", node=node) from error
    if not _KEY.fullmatch(key):
        raise ExportRefusedError("no_key")
    write_private(folder / _KEYS / f"{node}.pub", key.lower().encode("ascii"))


def checked(folder: Path, data: bytes) -> Export:
    """Read an export that a registered hub has signed. Raises ExportRefusedError, OSError."""
    try:
        export, key = unseal(data, Export)
    except SealError as error:
        raise ExportRefusedError("damaged", what=error) from error
    if export.version != VERSION:
        raise ExportRefusedError("other_version", version=export.version, known=VERSION)
    try:
        known = (folder / _KEYS / f"{export.node}.pub").read_text("ascii")
    except FileNotFoundError as error:
        raise ExportRefusedError("unknown_key", node=export.node, public_key=key.hex()) from error
    if known != key.hex():
        raise ExportRefusedError("other_key", node=export.node, public_key=key.hex(), known=known)
    return export
