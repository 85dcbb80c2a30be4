"""Files in which hubs send events by hand: whose they are, and whether to believe them."""

import re
from pathlib import Path

from contract.ids import split_node
from contract.wire import VERSION, Export
from runtime.private_file import write_private
from runtime.sealed import SealError, signer, unseal_from
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
    """Read an export that a registered hub has signed; a stranger's is not unpacked.

    Raises ExportRefusedError, OSError.
    """
    try:
        key = signer(data, Export)
        nodes = _nodes_with(folder, key.hex())
        if not nodes:
            raise ExportRefusedError("unknown_key", public_key=key.hex())
        export = unseal_from(data, Export, key)
    except SealError as error:
        raise ExportRefusedError("damaged", what=error) from error
    if export.version != VERSION:
        raise ExportRefusedError("other_version", version=export.version, known=VERSION)
    if export.node not in nodes:
        known = ", ".join(sorted(nodes))
        raise ExportRefusedError("other_node", node=export.node, public_key=key.hex(), known=known)
    return export


def _nodes_with(folder: Path, key: str) -> set[str]:
    """The nodes that are registered with this key (hexadecimal)."""
    files = (folder / _KEYS).glob("*.pub")
    return {file.stem for file in files if file.read_text("ascii") == key}
