"""Hubs get a new catalogue when they report, and only those that lack it."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from central.catalogue.catalogue import Catalogue, publish
from central.catalogue.handled import Handled
from central.configuration.desk import ConfigurationDesk
from central.rounds import Rounds
from central.store import sqlite
from central.store.connection import Database
from central.store.database import Location, close
from central.store.database import location as named
from central.store.ingest import SqlIngestStore
from central.store.protocol import StoreError
from contract.codec import decode_message
from contract.stamp import Stamp
from contract.topics import down
from contract.wire import Configuration, Status, configuration_label
from runtime.sealed import unseal_from
from tests.central.catalogue.lists import BIRTH, LAND, procedures
from tests.central.decisions import decide
from tests.central.journal import NODE, OTHER_NODE, Journal

KEY = Ed25519PrivateKey.generate()
TEXT = 'follow_url = "https://centre.example/{site}"'
PUBLIC = KEY.public_key().public_bytes_raw()


class HandClock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = Stamp(1_800_000_000_000, 0, "b0", synced=True)

    def stamp(self) -> Stamp:
        return self.now

    def sleep(self, seconds: float) -> None:
        ns = int(seconds * 1e9)
        now = self.now
        self.now = replace(now, wall_ms=now.wall_ms + ns // 1_000_000, mono_ns=now.mono_ns + ns)


class Line:
    """A desk, and what it published."""

    def __init__(self, database: Location) -> None:
        self.clock = HandClock()
        self.sent: list[tuple[str, bytes]] = []
        self.desk = ConfigurationDesk(database, KEY, self.clock, self._publish)

    def hear(self, node: str, config: str, *, online: bool = True) -> list[Configuration]:
        """What is published when a hub says that it runs `config`."""
        journal = Journal(node)
        status = decode_message(journal.status(online=online, config=config), Status)
        before = len(self.sent)
        self.desk.hear(status)
        self.desk.turn()
        found = self.sent[before:]
        assert {topic for topic, _ in found} <= {down(node, "config")}
        return [unseal_from(sealed, Configuration, PUBLIC) for _, sealed in found]

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.sent.append((topic, payload))
        return True


@pytest.fixture
def line(location: Location) -> Line:
    return Line(location)


def put(db: Database, *lines: str) -> None:
    publish(db, procedures(*lines), who="x", address="", now_ms=0)


@pytest.mark.usefixtures("each_db")
def test_nothing_is_said_before_there_is_a_catalogue(line: Line) -> None:
    assert line.hear(NODE, "own") == []


def test_each_hub_gets_it_once_and_is_left_alone_when_it_runs_it(
    line: Line, each_db: Database
) -> None:
    put(each_db, BIRTH)
    [first] = line.hear(NODE, "own")
    assert first.catalogue == procedures(BIRTH)
    assert line.hear(NODE, "own") == []
    assert len(line.hear(OTHER_NODE, "own")) == 1
    line.clock.sleep(600)
    assert line.hear(NODE, first.label) == []
    assert line.hear(OTHER_NODE, "own"), "after ten minutes again"


def test_a_new_edition_is_noticed_at_once_and_a_hub_that_was_away_gets_the_newest(
    line: Line, each_db: Database
) -> None:
    put(each_db, BIRTH)
    [first] = line.hear(NODE, "own")
    assert line.hear(NODE, first.label, online=False) == []
    put(each_db, LAND)
    put(each_db, BIRTH, LAND)
    [last] = line.hear(NODE, first.label)
    assert (last.number, last.catalogue) == (2, procedures(BIRTH, LAND))


def test_a_second_centre_has_what_was_decided_at_the_first(
    line: Line, location: Location, each_db: Database
) -> None:
    """Nothing but the database and the key goes over: the hub that runs it is left alone, and the
    one that was away gets what was decided for it, whatever comes into the catalogue."""
    put(each_db, BIRTH)
    for node in (NODE, OTHER_NODE):
        decide(location, node, TEXT)
    [first] = line.hear(NODE, "own")
    second = Line(location)
    assert second.hear(NODE, first.label) == []
    [late] = second.hear(OTHER_NODE, "own")
    assert late.text == TEXT
    for number, lines in enumerate(((BIRTH, LAND), (LAND,)), start=first.number + 1):
        put(each_db, *lines)
        [made] = second.hear(NODE, first.label)
        assert (made.number, made.text, made.catalogue) == (number, TEXT, procedures(*lines))


def test_what_a_centre_from_a_backup_does_not_know_is_not_overwritten(
    line: Line, location: Location, each_db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """However many editions come; until it is decided anew, and then under a higher number."""
    put(each_db, BIRTH)
    [before] = line.hear(NODE, "own")
    lost = configuration_label(before.number + 1, TEXT, b"")
    other = configuration_label(before.number, TEXT, b"")
    for lines in ((BIRTH,), (BIRTH, LAND), (LAND,)):
        put(each_db, *lines)
        with caplog.at_level(logging.WARNING):
            assert [line.hear(NODE, label) for label in (lost, lost, other)] == [[], [], []]
    said = caplog.records[0].getMessage()
    assert f"{NODE} runs configuration {lost}" in said
    assert "publish its configuration again" in said
    handled = Handled(Catalogue(3, 0, procedures(LAND)))
    decide(location, NODE, TEXT, handled)
    assert line.hear(NODE, lost) == [], "another by the number that the hub has"
    decide(location, NODE, TEXT, handled)
    [again] = line.hear(NODE, lost)
    assert (again.number, again.text) == (before.number + 2, TEXT)


def test_a_centre_from_a_backup_goes_on_from_what_it_would_make_again(
    line: Line, each_db: Database
) -> None:
    """The catalogue was in the backup, and went out after it; the next edition still gets there."""
    put(each_db, BIRTH)
    [made] = line.hear(NODE, "own")
    each_db.execute("DELETE FROM configurations")
    assert line.hear(NODE, made.label) == []
    put(each_db, LAND)
    [then] = line.hear(NODE, made.label)
    assert then.number == made.number + 1


@pytest.fixture
def mute() -> Iterator[Location]:
    """A database's machine that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = named(f"postgresql://nobody@127.0.0.1:{server.getsockname()[1]}/none")
        yield where
        close(where)


def test_a_mute_database_never_holds_the_line(mute: Location) -> None:
    line, said = Line(mute), decode_message(Journal(NODE).status(config="own"), Status)
    rounds = Rounds("configurations", line.desk.turn, 0.01, line.clock)
    rounds.start()
    began = time.monotonic()
    for _ in range(100):
        line.desk.hear(said)
    assert time.monotonic() - began < 1
    rounds.stop()
    assert line.sent == []


def test_what_was_heard_while_the_database_was_away_is_not_forgotten(tmp_path: Path) -> None:
    where = tmp_path / "centre.db"
    line = Line(where)
    with pytest.raises(StoreError):
        line.hear(NODE, "own")
    with closing(sqlite.open_for_writing(where)) as db:
        put(db, BIRTH)
    line.desk.turn()
    assert [topic for topic, _ in line.sent] == [down(NODE, "config")]


def test_a_site_that_has_ended_is_given_nothing_more(line: Line, each_db: Database) -> None:
    put(each_db, BIRTH)
    store = SqlIngestStore(each_db)
    with store.transaction():
        store.journal(NODE, "00000000000000aa")
    each_db.execute("UPDATE sites SET valid_to = '2026-11-20' WHERE code = ?", (NODE[:11],))
    assert line.hear(NODE, "own") == []
    each_db.execute("UPDATE sites SET valid_to = NULL")
    assert len(line.hear(NODE, "own")) == 1
