"""What a program keeps is its own, whatever the shell it was started from would let others read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.folder_lock import FolderLock
from runtime.private_file import make_private_folder, write_private


@pytest.fixture(autouse=True)
def _lenient_shell() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_that_are_missing_are_made_for_one_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "data" / "broker")
    assert [mode(tmp_path / name) for name in ("data", "data/broker", ".")] == [0o700, 0o700, 0o755]
    make_private_folder(tmp_path / "data")
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private_folder(tmp_path / "file")


def test_a_lock_and_a_private_file_make_their_folder(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "a" / "b"):
        pass
    write_private(tmp_path / "c" / "d" / "key", b"x")
    assert {mode(tmp_path / name) for name in ("a", "a/b", "c", "c/d")} == {0o700}
    assert {mode(tmp_path / name) for name in ("a/b/lock", "c/d/key")} == {0o600}


def test_what_cannot_be_put_in_its_place_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    with pytest.raises(IsADirectoryError):
        write_private(tmp_path / "key", b"secret")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
