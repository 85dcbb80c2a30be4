"""What followers hear, and when."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from central.api.live import LiveBoards, changed
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Connection
from central.store.database import reading_copy, writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract import events as e
from contract.stamp import Stamp
from tests.central.journal import MORNING_MS, Journal
from tests.central.nation import Nation
from tests.waiting import until

HANOI = Scope("01")


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.ms = MORNING_MS + 60_000

    def stamp(self) -> Stamp:
        """The present reading."""
        return Stamp(self.ms, self.ms * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.ms += int(seconds * 1000)


def send(database: Path, journal: Journal, clock: HandClock) -> None:
    with writing(database) as db:
        intake = Intake(SqlIngestStore(db))
        for topic, payload in (
            (journal.events_topic, journal.all()),
            (journal.status_topic, journal.status(wall_ms=clock.ms)),
        ):
            intake.commit([Received(topic, payload, clock.ms)])
        Folder(SqlRollupStore(db)).rebuild()


def test_a_follower_hears_of_what_changed_once_a_second_at_most(database: Path) -> None:
    clock = HandClock()
    journal = Journal()
    journal.open_day()
    journal.add(e.TicketIssued("1001", ("1",)), 10_000)
    send(database, journal, clock)
    boards = LiveBoards(database, clock, 180_000)
    first = boards.latest(HANOI)
    assert changed(None, first) is first
    assert [(site.waiting, site.issued) for site in first.sites] == [(1, 1)]

    journal.add(e.TicketIssued("1002", ("1",)), 20_000)
    send(database, journal, clock)
    assert boards.latest(HANOI) is first, "looked up within this second"
    clock.sleep(1)
    second = boards.latest(HANOI)
    news = changed(first, second)
    assert news is not None
    assert not news.whole
    assert [(site.waiting, site.issued) for site in news.sites] == [(2, 2)]

    clock.sleep(1)
    assert changed(second, boards.latest(HANOI)) is None


def test_another_scope_has_a_board_of_its_own(database: Path) -> None:
    clock = HandClock()
    journal = Journal()
    journal.open_day()
    send(database, journal, clock)
    boards = LiveBoards(database, clock, 180_000)
    assert len(boards.latest(HANOI).sites) == 1
    assert boards.latest(Scope("48")).sites == []
    assert boards.latest(Scope("01", "01-00004")).sites == []


def test_who_follows_one_scope_does_not_wait_for_a_look_at_another(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(database):
        pass
    is_read, go_on = threading.Event(), threading.Event()

    @contextmanager
    def slow(location: Path) -> Iterator[Connection]:
        with reading_copy(location) as conn:
            if threading.current_thread() is nation:
                is_read.set()
                assert go_on.wait(10)
            yield conn

    monkeypatch.setattr("central.api.live.reading_copy", slow)
    boards = LiveBoards(database, HandClock(), 180_000)
    nation = threading.Thread(target=boards.latest, args=(Scope(),))
    nation.start()
    assert is_read.wait(10)
    quick = threading.Thread(target=boards.latest, args=(HANOI,))
    quick.start()
    quick.join(2)
    was_quick = not quick.is_alive()
    go_on.set()
    nation.join()
    quick.join()
    assert was_quick


def test_one_account_takes_a_few_places_of_all_and_gives_them_back(served: Nation) -> None:
    live, english = "/api/v1/live", {"Accept-Language": "en"}
    with served.client("hongha") as client, ExitStack() as streams:
        lines = [streams.enter_context(client.stream("GET", live)).iter_lines() for _ in range(20)]
        assert {next(line) for line in lines} == {"event: change"}
        refused = client.get(live, headers=english)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "30"
        assert "too many places" in refused.json()["detail"]
        with served.client("hanoi") as other, other.stream("GET", live) as stream:
            assert stream.status_code == 200
        streams.pop_all().close()

        def follows() -> bool:
            with client.stream("GET", live) as stream:
                return stream.status_code == 200

        until(follows)
