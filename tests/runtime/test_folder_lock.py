"""Who may work in a data folder."""

from pathlib import Path

import pytest

from runtime.folder_lock import FolderInUseError, FolderLock


def test_a_folder_is_for_one_until_it_is_left(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(FolderInUseError, match=tmp_path.name):
        FolderLock(tmp_path)

    FolderLock(tmp_path).release()


def test_an_accident_leaves_the_folder_too(tmp_path: Path) -> None:
    with pytest.raises(LookupError), FolderLock(tmp_path):
        raise LookupError

    FolderLock(tmp_path).release()
