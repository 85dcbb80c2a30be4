"""Moving a centre's database between the engines."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from central.access.accounts import create_token
from central.access.audit import Deed, first_broken, record
from central.ingest.intake import Committed, Intake, Received
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import (
    Location,
    database_of,
    open_for_writing,
    reading,
    transaction,
)
from central.store.ingest import SqlIngestStore
from central.store.move import move
from central.store.postgres import Postgres
from central.store.protocol import StoreError
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals
from tests.central.busy_day import morning
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal
from tests.postgres import PostgresServer

NOW_MS = MORNING_MS + 4 * 3_600_000


@pytest.fixture
def other_engine(
    location: Location, postgres: PostgresServer, tmp_path: Path
) -> Iterator[Location]:
    """An empty database of the engine that `location` is not."""
    if isinstance(location, Postgres):
        yield database_of(tmp_path)
    else:
        with closing(Postgres(postgres.new_database())) as where:
            yield where


def fill(db: Database) -> None:
    """Two sites, one with a gap; rows of a clock that was decades wrong; refused bytes; a token."""
    intake = Intake(SqlIngestStore(db))
    made, other = morning(NODE).journal, morning(OTHER_NODE, seed=2).journal
    for wall_ms in (0, 2**62, NOW_MS - 400 * 86_400_000):
        made.add(made.entries[-1].event, wall_ms=wall_ms)
    _send(intake, made, (1, len(made.rows)))
    _send(intake, other, (1, 50))
    _send(intake, other, (60, 80))
    intake.commit([Received("nowhere", b"\x00\xff", NOW_MS)])
    Folder(SqlRollupStore(db), intake.recent).step()
    create_token(db, "minh", "national", None, NOW_MS, who="operator")


def _send(intake: Intake, journal: Journal, run: tuple[int, int]) -> list[Committed]:
    return intake.commit([Received(journal.events_topic, journal.batch(*run), NOW_MS)])


def test_everything_moves_and_the_centre_goes_on_there(
    location: Location, other_engine: Location
) -> None:
    with closing(open_for_writing(location)) as db:
        fill(db)
        before = Totals(db.conn, Scope()).days(DAY, DAY)
    moved = move(location, other_engine, NOW_MS)
    other = morning(OTHER_NODE, seed=2).journal
    assert (moved["events"].rows, moved["runs"].rows, moved["quarantine"].rows) == (
        len(morning(NODE).journal.rows) + 3 + 50 + 21,
        1,
        1,
    )
    with closing(open_for_writing(other_engine)) as db:
        assert Totals(db.conn, Scope()).days(DAY, DAY) == before
        intake = Intake(SqlIngestStore(db))
        assert _send(intake, other, (45, 90)) == [Committed(OTHER_NODE, other.epoch, 90)]
        third = morning("48-20195-01-h1", seed=3).journal
        assert _send(intake, third, (1, 10)) == [Committed(third.node, third.epoch, 10)]
        intake.commit([Received("nowhere", b"again", NOW_MS)])
        Folder(SqlRollupStore(db)).rebuild()
        after = Totals(db.conn, Scope()).days(DAY, DAY)[DAY]
        assert after.issued > before[DAY].issued


def test_there_and_back_again_is_the_same(
    new_location: Callable[[], Location], location: Location, other_engine: Location
) -> None:
    with closing(open_for_writing(location)) as db:
        fill(db)
    back = new_location()
    assert move(location, other_engine, NOW_MS) == move(other_engine, back, NOW_MS)
    question = "SELECT journal, seq, wall_ms, entry FROM events ORDER BY journal, seq"
    with reading(location) as first, reading(back) as last:
        assert first.execute(question).fetchall() == last.execute(question).fetchall()


def test_a_target_that_is_not_empty_stays_as_it_was(
    location: Location, other_engine: Location
) -> None:
    for where in (location, other_engine):
        with closing(open_for_writing(where)) as db:
            fill(db)
    with pytest.raises(StoreError, match="must be empty"):
        move(location, other_engine, NOW_MS)
    with reading(other_engine) as conn:
        assert conn.execute("SELECT count(*) FROM nodes").fetchone() == (2,)


def test_zeros_that_sqlite_kept_for_strangers_come_as_what_postgresql_can_keep(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    there = database_of(tmp_path)
    with closing(open_for_writing(there)) as db, transaction(db.conn):
        db.execute("INSERT INTO names VALUES ('site', '01-00097-01', '0001-01-01', ?)", ("a\0b",))
        for name in ("a\0b", "an"):
            record(db.conn, Deed(name, "sign-in-refused", "", "192.0.2.7"), NOW_MS)
    url = postgres.new_database()
    assert "names: 1 rows had a zero character" in _command(tmp_path, "", "move", "--to", url)
    with closing(Postgres(url)) as where, closing(open_for_writing(where)) as db:
        assert db.execute("SELECT name FROM names").fetchall() == [("a\ufffdb",)]
        question = "SELECT who FROM audit WHERE action <> 'move' ORDER BY entry"
        assert db.execute(question).fetchall() == [("a\ufffdb",), ("an",)]
        assert first_broken(db.conn) is None
        db.execute("UPDATE audit SET subject = 'else' WHERE entry = 1")
        assert first_broken(db.conn) == 1


def test_what_cannot_be_moved_whole_is_not_moved(
    location: Location, other_engine: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_for_writing(location)) as db:
        fill(db)
    monkeypatch.setattr("central.store.move._insert", _forgetful)
    with pytest.raises(StoreError, match="not as it was"):
        move(location, other_engine, NOW_MS)
    with closing(open_for_writing(other_engine)) as db:
        assert db.execute("SELECT count(*) FROM sites").fetchone() == (0,)


def _forgetful(*_: object) -> None:
    """A disk that takes rows and keeps none."""


def test_the_command_moves_what_the_settings_name(postgres: PostgresServer, tmp_path: Path) -> None:
    with closing(open_for_writing(database_of(tmp_path))) as db:
        fill(db)
    url = postgres.new_database()
    there = _command(tmp_path, "", "move", "--to", url)
    assert " events and " in there
    assert "0 events folded" not in _command(tmp_path, f'url = "{url}"', "rebuild")
    assert "minh: national" in _command(tmp_path, f'url = "{url}"', "accounts")
    back = _command(tmp_path, f'url = "{url}"', "move", "--to", str(tmp_path / "back.db"))
    assert back.split(" events")[0] == there.split(" events")[0]


def _command(folder: Path, store: str, *words: str) -> str:
    config = folder / "central.toml"
    config.write_text(f'[store]\nfolder = "{folder}"\n{store}\n[embedded_broker]\nport = 0\n')
    command = [sys.executable, "-m", "central", "--config", str(config), *words]
    english = {**os.environ, "LC_ALL": "en_GB.UTF-8"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=english).stdout
