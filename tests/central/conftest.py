"""A centre's database in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from central.store.sqlite import open_for_writing


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "centre.db"


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    """The database, open for writing."""
    opened = open_for_writing(database)
    yield opened
    opened.close()
