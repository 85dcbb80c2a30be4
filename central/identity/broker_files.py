"""Carrying to the broker what it needs: of the authority's files, and who may say what there."""

from pathlib import Path
from stat import S_ISGID

from central.identity.desk import LIST_FILE
from runtime.authority import CHAIN_FILE
from runtime.private_file import write_private

_OF_THE_AUTHORITY = (CHAIN_FILE, "broker.key", "broker.pem")
_OWNER_AND_GROUP = 0o640


def carry_to_broker(identity: Path, access_list: Path, broker: Path) -> list[str]:
    """Copy what differs to the folder `broker`, for its owner and group alone; returns the names.

    An access list that is not there is not carried. Each file is replaced as a whole, so a broker
    that starts meanwhile reads no half of one, and all of them are read before the first is
    written. Raises OSError.
    """
    sources = [identity / name for name in _OF_THE_AUTHORITY]
    sources += [access_list] if access_list.exists() else []
    # The list comes last: who waits for it finds everything else in place.
    sources.append(identity / LIST_FILE)
    present = {source.name: source.read_bytes() for source in sources}
    changed = [name for name, data in present.items() if _differs(broker / name, data)]
    for name in changed:
        write_private(broker / name, present[name], _OWNER_AND_GROUP)
    return changed


def _differs(file: Path, data: bytes) -> bool:
    return not file.exists() or not _is_the_folders(file) or file.read_bytes() != data


def _is_the_folders(file: Path) -> bool:
    """Whether owner and group are those of a folder that gives its group to what is made in it:
    what was brought there otherwise the broker, or the next who copies, may not read."""
    there, folder = file.stat(), file.parent.stat()
    return not folder.st_mode & S_ISGID or (there.st_uid, there.st_gid) == (
        folder.st_uid,
        folder.st_gid,
    )
