"""Carrying to the broker what it needs of the authority's files."""

from pathlib import Path

from central.identity.desk import LIST_FILE
from runtime.authority import CHAIN_FILE
from runtime.private_file import write_private

# The list comes last: who waits for it finds everything else in place.
BROKER_FILES = (CHAIN_FILE, "broker.key", "broker.pem", LIST_FILE)
_OWNER_AND_GROUP = 0o640


def carry_to_broker(identity: Path, broker: Path) -> list[str]:
    """Copy what differs to the folder `broker`, for its owner and group alone; returns the names.

    Each file is replaced as a whole, so a broker that starts meanwhile reads no half of one, and
    all of them are read before the first is written. Raises OSError.
    """
    present = {name: (identity / name).read_bytes() for name in BROKER_FILES}
    changed = [name for name, data in present.items() if _differs(broker / name, data)]
    for name in changed:
        write_private(broker / name, present[name], _OWNER_AND_GROUP)
    return changed


def _differs(file: Path, data: bytes) -> bool:
    return not file.exists() or file.read_bytes() != data
