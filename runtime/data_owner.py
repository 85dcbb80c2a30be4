"""Whose a data folder is: root leaves no file of its own in a service's folder.

Such a file keeps the service, which runs as another user, from ever starting again.
"""

import os
import pwd
import sqlite3
from contextlib import suppress
from pathlib import Path

_OF_THE_FILE_SYSTEM = "lost+found"
# SQLite's words for a file or folder that it may not open or write.
_SQLITE_REFUSED = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


def become_owner_of(folder: Path) -> None:
    """Where root is about to write in a folder of another user, go on as that user for good, with
    that user's groups and home. Raises OSError.

    To be called before anything in the folder is opened. What only root can read cannot be read
    from then on.
    """
    found = owner_to_become(folder, os.geteuid())
    if found is None:
        return
    uid, gid = found.st_uid, found.st_gid
    groups: list[int] = []
    with suppress(KeyError):  # a folder may belong to a number without a name
        user = pwd.getpwuid(uid)
        gid, groups = user.pw_gid, os.getgrouplist(user.pw_name, user.pw_gid)
        os.environ["HOME"] = user.pw_dir  # where PostgreSQL's library looks for passwords
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)


def owner_to_become(folder: Path, uid: int) -> os.stat_result | None:
    """The folder, or the nearest above it that is there, if it belongs to another user than the
    root that `uid` is; else None. Raises OSError."""
    if uid != 0:
        return None
    there = next(above for above in (folder, *folder.absolute().parents) if above.exists())
    found = there.stat()
    return None if found.st_uid == 0 else found


def not_owned(folder: Path, error: BaseException) -> Path | None:
    """The first of the folder and what is in it that is another user's and may not be written by
    this one, None where there is nothing like that, or `error` has another cause."""
    if not _is_about_rights(error):
        return None
    uid = os.geteuid()
    for path in (folder, *sorted(folder.rglob("*"))):
        if path == folder / _OF_THE_FILE_SYSTEM:
            continue
        with suppress(OSError):  # it has gone meanwhile, or a folder above it is named already
            if path.stat().st_uid != uid and not os.access(path, os.R_OK | os.W_OK):
                return path
    return None


def user_name() -> str:
    """The name of this user, or the number of one that has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _is_about_rights(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, PermissionError) or (code is not None and code & 0xFF in _SQLITE_REFUSED):
        return True
    return error.__cause__ is not None and _is_about_rights(error.__cause__)
