"""Carrying to the broker what it needs: of the authority's files, and who may say what there."""

import hashlib
from pathlib import Path
from stat import S_ISGID

from central.identity.desk import LIST_FILE
from runtime.authority import CHAIN_FILE
from runtime.private_file import write_private

_OF_THE_AUTHORITY = (CHAIN_FILE, "broker.key", "broker.pem")
_OWNER_AND_GROUP = 0o640
FORMER_ACCESS_LIST = "acl.former"
_CARRIED = "acl.carried"


def carry_to_broker(identity: Path, access_list: Path, broker: Path) -> list[str]:
    """Copy what differs to the folder `broker`, for its owner and group alone; returns the names.

    An access list that is not there is not carried; the first one in `broker` that was not carried
    there, and that somebody may have written, is kept and named as FORMER_ACCESS_LIST. Each file is
    replaced as a whole, so a broker that starts meanwhile reads no half of one, and all of them are
    read before the first is written. Raises OSError.
    """
    sources = [identity / name for name in _OF_THE_AUTHORITY]
    sources += [access_list] if access_list.exists() else []
    # The list comes last: who waits for it finds everything else in place.
    sources.append(identity / LIST_FILE)
    present = {source.name: source.read_bytes() for source in sources}
    changed = [name for name, data in present.items() if _differs(broker / name, data)]
    carried = []
    for name in changed:
        file = broker / name
        if name == access_list.name and _is_to_be_kept(file, present[name]):
            new = broker / f"{name}.new"
            write_private(new, present[name], _OWNER_AND_GROUP)
            # Renamed, for what root laid there this user may not even read.
            file.rename(broker / FORMER_ACCESS_LIST)
            new.replace(file)
            carried.append(FORMER_ACCESS_LIST)
        else:
            write_private(file, present[name], _OWNER_AND_GROUP)
        carried.append(name)
    if access_list.name in present:
        own = _digest(present[access_list.name])
        if _differs(broker / _CARRIED, own):
            write_private(broker / _CARRIED, own, _OWNER_AND_GROUP)
    return carried


def _is_to_be_kept(access_list: Path, data: bytes) -> bool:
    if not access_list.exists() or access_list.with_name(FORMER_ACCESS_LIST).exists():
        return False
    carried = access_list.with_name(_CARRIED)
    try:
        own = {_digest(data), carried.read_bytes() if carried.exists() else b""}
        return _digest(access_list.read_bytes()) not in own
    except PermissionError:
        return True


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


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
