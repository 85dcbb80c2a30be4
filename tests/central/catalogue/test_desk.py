"""Hubs get a new catalogue when they report, and only those that lack it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from central.catalogue.catalogue import PROCEDURES, publish
from central.catalogue.handled import NO_CATALOGUE, handled_in
from central.configuration.desk import ConfigurationDesk
from central.configuration.shelf import Shelf
from central.store.connection import Database
from central.store.database import Location
from central.store.known_edition import KnownEdition
from contract.stamp import Stamp
from contract.topics import down
from contract.wire import Configuration
from runtime.sealed import unseal_from
from tests.central.catalogue.lists import BIRTH, LAND, procedures
from tests.central.journal import NODE, OTHER_NODE, Journal

KEY = Ed25519PrivateKey.generate()
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

    def __init__(self, folder: Path, database: Location) -> None:
        self.clock = HandClock()
        self.sent: list[tuple[str, bytes]] = []
        known = KnownEdition(database, self.clock, PROCEDURES, handled_in, NO_CATALOGUE)
        self._desk = ConfigurationDesk(Shelf(folder), KEY, known.get, self.clock, self._publish)

    def hear(self, node: str, config: str, *, online: bool = True) -> list[Configuration]:
        """What is published when a hub says that it runs `config`."""
        journal = Journal(node)
        status = journal.status(online=online, config=config)
        before = len(self.sent)
        self._desk.hear(journal.status_topic, status)
        found = self.sent[before:]
        assert {topic for topic, _ in found} <= {down(node, "config")}
        return [unseal_from(sealed, Configuration, PUBLIC) for _, sealed in found]

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.sent.append((topic, payload))
        return True


@pytest.fixture
def line(tmp_path: Path, location: Location) -> Line:
    return Line(tmp_path, location)


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


def test_a_new_edition_is_noticed_within_seconds_and_a_hub_that_was_away_gets_the_newest(
    line: Line, each_db: Database
) -> None:
    put(each_db, BIRTH)
    [first] = line.hear(NODE, "own")
    assert line.hear(NODE, first.label, online=False) == []
    put(each_db, LAND)
    put(each_db, BIRTH, LAND)
    line.clock.sleep(5)
    [last] = line.hear(NODE, first.label)
    assert (last.number, last.catalogue) == (2, procedures(BIRTH, LAND))
