"""A centre's database in a temporary folder: SQLite, PostgreSQL, or either engine; a small nation,
and a browser to look at it with."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
import sqlite_utils
from playwright.sync_api import Browser

from central.store import sqlite
from central.store.connection import Database
from central.store.database import Location, close, database_of, open_for_writing
from central.store.postgres import Postgres
from tests.browser import chromium
from tests.central.nation import Nation, nation
from tests.postgres import PostgresServer, postgres_server


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the SQLite database is."""
    return tmp_path / "centre.db"


@pytest.fixture
def db(database: Path) -> Iterator[sqlite_utils.Database]:
    """The SQLite database, open for writing."""
    opened = sqlite.open_for_writing(database)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def where(postgres: PostgresServer) -> Iterator[Postgres]:
    """Where an empty PostgreSQL database is."""
    with closing(Postgres(postgres.new_database())) as made:
        yield made


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_location(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Location]]:
    """Makes empty databases, of each engine in turn."""
    with ExitStack() as stack:

        def new() -> Location:
            if request.param == "sqlite":
                return database_of(tmp_path_factory.mktemp("centre"))
            server: PostgresServer = request.getfixturevalue("postgres")
            return stack.enter_context(closing(Postgres(server.new_database())))

        yield new


@pytest.fixture
def location(new_location: Callable[[], Location]) -> Iterator[Location]:
    """Where an empty database is, of each engine in turn; who reads it leaves no connection."""
    made = new_location()
    yield made
    close(made)


@pytest.fixture
def each_db(location: Location) -> Iterator[Database]:
    """The database open for writing, of each engine in turn."""
    with closing(open_for_writing(location)) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A small nation, served."""
    with nation(tmp_path_factory.mktemp("nation")) as running:
        yield running


@pytest.fixture(scope="module")
def national(served: Nation) -> Iterator[httpx.Client]:
    """Somebody who may see the whole of it."""
    with served.client("national") as client:
        yield client
