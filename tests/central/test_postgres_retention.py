"""PostgreSQL's days may go, as docs/central.md says: figures stay until somebody says otherwise,
and nothing that comes later stumbles over what is not there."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.ingest.intake import Committed, Intake, Received
from central.recovery.site_state import site_state
from central.rollup.folder import Folder
from central.service import rebuild
from central.store import figures_edition
from central.store.connection import Database
from central.store.database import Location, database_of, open_for_writing, writing
from central.store.ingest import SqlIngestStore
from central.store.move import move
from central.store.postgres import Postgres
from central.store.protocol import OwnedElsewhereError, StoreError
from central.store.rollup import SqlRollupStore
from central.web.app import create_pages
from contract.events import DayOpened, TicketIssued
from contract.stamp import MS_PER_DAY
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.busy_day import Morning, morning
from tests.central.journal import DAY, MORNING_MS, NODE
from tests.central.nation import SITE, answer
from tests.edge.running_site import TestClock
from tests.postgres import PostgresServer

NEXT_DAY = "2026-11-21"
NOW_MS = MORNING_MS + MS_PER_DAY + 3_600_000
TICKETS_NEXT_DAY = 7
PARTITION = "events_2026_11_20"
DROP = f"DROP TABLE {PARTITION}"
DETACH = f"ALTER TABLE events DETACH PARTITION {PARTITION}"
FIGURES = (
    f"/overview?day={DAY}",
    f"/sites/{SITE}/days/{DAY}",
    f"/sites/{SITE}/throughput?from={DAY}&to={DAY}",
    f"/trends/day?day={NEXT_DAY}",
    f"/ratings?from={DAY}&to={NEXT_DAY}",
    f"/ranking?from={DAY}&to={NEXT_DAY}",
)


def two_days() -> Morning:
    """A morning, and the beginning of the next day in the same journal."""
    made = morning(NODE, tickets=30)
    made.journal.add(DayOpened(NEXT_DAY, trusted=True, last_orders={}), MS_PER_DAY)
    for order in range(1, TICKETS_NEXT_DAY + 1):
        made.journal.add(TicketIssued(f"1{order:03}", ("1",)), MS_PER_DAY + order * 60_000)
    return made


MADE = two_days()
ROWS = len(MADE.journal.rows)
ROWS_NEXT_DAY = TICKETS_NEXT_DAY + 1


@pytest.fixture
def where(where: Postgres) -> Postgres:
    """A database with both days, in the figures too."""
    with writing(where) as db:
        intake = Intake(SqlIngestStore(db))
        send(intake, MADE.journal.all())
        status = MADE.journal.status(wall_ms=NOW_MS)
        intake.commit([Received(MADE.journal.status_topic, status, NOW_MS)])
        Folder(SqlRollupStore(db)).step()
    return where


def send(intake: Intake, batch: bytes) -> list[Committed]:
    return intake.commit([Received(MADE.journal.events_topic, batch, NOW_MS)])


def operator(where: Postgres, statement: str) -> None:
    """What the owner of the database does by hand."""
    with writing(where) as db:
        db.execute(statement)


def issued(db: Database) -> dict[str, int]:
    return dict(db.execute("SELECT day, sum(issued) FROM site_days GROUP BY day").fetchall())


BOTH_DAYS = {DAY: MADE.issued, NEXT_DAY: TICKETS_NEXT_DAY}


@contextmanager
def asking(where: Postgres) -> Iterator[httpx.Client]:
    """An auditor of the API."""
    with writing(where) as db:
        token = create_token(db, "An", "auditor", None, NOW_MS, who="operator")
    entrance = Entrance(where, TestClock(NOW_MS), 180)
    front = Front(create_api(entrance, lambda: True), create_pages(entrance))
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            yield client
    finally:
        server.stop()


def seqs(client: httpx.Client, **narrowed: Any) -> list[int]:
    """The rows that the API shows, page by page."""
    found: list[int] = []
    after = None
    while True:
        asked = {"limit": 5, **narrowed, **({"after": after} if after else {})}
        page = client.get(f"/api/v1/sites/{SITE}/events", params=asked)
        assert page.status_code == 200, page.text
        found += [event["seq"] for event in page.json()["events"]]
        after = page.json()["next_after"]
        if after is None:
            return found


@pytest.mark.parametrize("gone", [DROP, DETACH])
def test_figures_stay_and_events_are_answered_without_the_day(where: Postgres, gone: str) -> None:
    with asking(where) as client:
        before = [answer(client, path) for path in FIGURES]
        assert seqs(client) == list(range(1, ROWS + 1))
        operator(where, gone)
        assert [answer(client, path) for path in FIGURES] == before
        rest = list(range(ROWS - ROWS_NEXT_DAY + 1, ROWS + 1))
        assert seqs(client) == rest
        assert seqs(client, event="TicketIssued") == rest[1:]
        assert seqs(client, event="RatingGiven") == []
    with where.reading() as conn:
        state = site_state(conn, NODE, NOW_MS)
    assert [bytes(row) for row in state.journals[0].rows] == MADE.journal.rows[-ROWS_NEXT_DAY:]


@pytest.mark.parametrize("gone", [DROP, DETACH])
def test_rebuild_says_what_it_would_lose_and_loses_it_on_demand_only(
    where: Postgres, tmp_path: Path, gone: str
) -> None:
    operator(where, gone)
    with pytest.raises(StoreError, match=rf"1 days \({DAY} to {DAY}\).*--lose-dropped-days"):
        rebuild(tmp_path, where)
    with writing(where) as db:
        assert issued(db) == BOTH_DAYS
    rebuild(tmp_path, where, lose_dropped_days=True)
    with writing(where) as db:
        assert issued(db) == {NEXT_DAY: TICKETS_NEXT_DAY}
    rebuild(tmp_path, where)


def test_nothing_is_given_up_while_somebody_else_is_at_work(
    where: Postgres, tmp_path: Path
) -> None:
    operator(where, DROP)
    with (
        closing(open_for_writing(where, alone=True)),
        pytest.raises(OwnedElsewhereError),
    ):
        rebuild(tmp_path, where, lose_dropped_days=True)
    with pytest.raises(StoreError, match="--lose-dropped-days"):
        rebuild(tmp_path, where)


def test_a_version_that_defines_figures_anew_empties_none_of_a_dropped_day(
    where: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator(where, DROP)
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", figures_edition.FIGURES_EDITION + 1)
    with pytest.raises(StoreError, match="--lose-dropped-days"):
        open_for_writing(where, alone=True)
    with writing(where) as db:
        assert issued(db) == BOTH_DAYS
    rebuild(tmp_path, where, lose_dropped_days=True)
    with closing(open_for_writing(where, alone=True)) as db:
        assert issued(db) == {NEXT_DAY: TICKETS_NEXT_DAY}


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_database_that_was_moved_knows_which_days_were_dropped(
    where: Postgres, postgres: PostgresServer, tmp_path: Path, to: str
) -> None:
    operator(where, DROP)
    folder = tmp_path / "centre"
    with ExitStack() as stack:
        there: Location = database_of(folder)
        if to == "postgresql":
            there = stack.enter_context(closing(Postgres(postgres.new_database())))
        move(where, there, NOW_MS)
        with pytest.raises(StoreError, match="--lose-dropped-days"):
            rebuild(folder, there)
        with writing(there) as db:
            assert issued(db) == BOTH_DAYS
        back = stack.enter_context(closing(Postgres(postgres.new_database())))
        move(there, back, NOW_MS)
        with pytest.raises(StoreError, match="--lose-dropped-days"):
            rebuild(folder, back)

        rebuild(folder, there, lose_dropped_days=True)
        with writing(there) as db:
            assert issued(db) == {NEXT_DAY: TICKETS_NEXT_DAY}
        rebuild(folder, there)


def test_a_day_that_was_put_away_by_pg_dump_comes_back_whole(
    where: Postgres, postgres: PostgresServer, tmp_path: Path
) -> None:
    file = tmp_path / "day.dump"
    postgres.run("pg_dump", "-Fc", "-t", PARTITION, "-f", file, "-d", where._url)
    operator(where, DROP)
    postgres.run("pg_restore", "--section=pre-data", "--section=data", "-d", where._url, file)
    assert rebuild(tmp_path, where) == ROWS
    with writing(where) as db:
        assert issued(db) == BOTH_DAYS
    with asking(where) as client:
        assert seqs(client) == list(range(1, ROWS + 1))


@pytest.mark.parametrize("gone", [DROP, DETACH])
def test_a_row_that_comes_late_for_such_a_day_is_stored(where: Postgres, gone: str) -> None:
    made = two_days().journal
    made.add(TicketIssued("1999", ("1",)), wall_ms=MORNING_MS)
    with writing(where) as db:
        intake = Intake(SqlIngestStore(db))
        made.add(TicketIssued("1998", ("1",)), wall_ms=MORNING_MS)
        assert send(intake, made.batch(ROWS + 1, ROWS + 1))[0].watermark == ROWS + 1
        operator(where, gone)
        with pytest.raises(StoreError):  # this process knows the day as one that is there
            send(intake, made.batch(ROWS + 2, ROWS + 2))
        intake.forget()
        assert send(intake, made.batch(ROWS + 2, ROWS + 2))[0].watermark == ROWS + 2
        rows = db.execute("SELECT entry FROM events WHERE day = ? ORDER BY seq", (DAY,)).fetchall()
    assert rows[-1] == (made.rows[-1],)


def test_a_hub_that_sends_what_was_dropped_again_contradicts_nothing(where: Postgres) -> None:
    operator(where, DROP)
    made = two_days().journal
    made.add(TicketIssued("1008", ("1",)), MS_PER_DAY + 3_000_000)
    with writing(where) as db:
        intake = Intake(SqlIngestStore(db))
        for first, last in ((1, 10), (1, ROWS), (1, ROWS + 1)):
            assert send(intake, made.batch(first, last))[0].watermark == max(ROWS, last)
        found = db.execute("SELECT contradictions, duplicates FROM journals").fetchone()
        assert found == (0, 10 + ROWS + ROWS)
        altered = morning(NODE, tickets=30).journal
        for _ in range(ROWS_NEXT_DAY):
            altered.add(TicketIssued("1777", ("1",)), MS_PER_DAY)
        send(intake, altered.batch(1, ROWS))
        assert db.execute("SELECT contradictions FROM journals").fetchone() == (1,)
