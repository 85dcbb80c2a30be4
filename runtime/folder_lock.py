"""A data folder belongs to one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self

from runtime.private_file import make_private_folder
from runtime.worded_error import WordedError

_LOCK = "lock"


class FolderInUseError(WordedError):
    """Another process works in the data folder."""

    section = "folder_refused"


class FolderLock:
    """Keeps a data folder to one process, until released or left, or until the process ends."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, making it for this user alone if need be.

        Raises FolderInUseError, or OSError when the folder cannot be had.
        """
        make_private_folder(folder)
        self._file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise FolderInUseError("in_use", folder=folder) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others in."""
        os.close(self._file)
