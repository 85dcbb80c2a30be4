"""The database holds hashes of tokens and passwords: nobody else at the machine may read it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.store import sqlite
from central.store.database import database_of
from central.store.protocol import StoreError


@pytest.fixture(autouse=True)
def _lenient_shell() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}


def test_folder_database_and_its_log_are_for_one_user(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "centre"
    opened = sqlite.open_for_writing(database_of(folder))
    found = modes(folder)
    opened.close()
    assert found == {
        "centre": 0o700,
        **dict.fromkeys(("centre.db", "centre.db-wal", "centre.db-shm"), 0o600),
    }


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o640, 0o640)])
def test_one_that_was_put_back_readable_is_taken_from_everybody_but_a_group(
    tmp_path: Path, before: int, after: int
) -> None:
    database = database_of(tmp_path)
    sqlite.open_for_writing(database).close()
    database.chmod(before)
    sqlite.open_for_writing(database).close()
    assert modes(tmp_path)["centre.db"] == after


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        sqlite.open_for_writing(tmp_path / "file" / "centre.db")
