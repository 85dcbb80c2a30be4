"""Figures by an older definition are folded anew, by whoever is the only one to fold."""

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.service import rebuild
from central.store import figures_edition
from central.store.connection import Database
from central.store.database import Location, lead, open_for_writing, writing
from central.store.ingest import SqlIngestStore
from central.store.postgres import Postgres
from central.store.postgres_lanes import LaneLocks
from central.store.protocol import StoreError
from central.store.rollup import SqlRollupStore
from tests.central.busy_day import morning
from tests.central.journal import MORNING_MS, NODE
from tests.postgres import PostgresServer

NOW_MS = MORNING_MS + 4 * 3_600_000
NEXT = figures_edition.FIGURES_EDITION + 1
MADE = morning(NODE, tickets=30)
EVENTS = len(MADE.journal.rows)


def fill(where: Location) -> None:
    """A folded morning; that another version made its figures shows by sevens."""
    with writing(where) as db:
        intake = Intake(SqlIngestStore(db))
        intake.commit([Received(MADE.journal.events_topic, MADE.journal.all(), NOW_MS)])
        Folder(SqlRollupStore(db)).step()
        assert issued(db) == MADE.issued
        db.execute("UPDATE site_days SET issued = 7")
        db.execute("UPDATE totals SET issued = 7")


def issued(db: Database) -> int:
    return int(db.execute("SELECT coalesce(sum(issued), 0) FROM site_days").fetchone()[0])


@pytest.fixture
def older(location: Location) -> Location:
    """A database as the present version leaves it."""
    fill(location)
    return location


@pytest.fixture
def shared(postgres: PostgresServer) -> Iterator[Postgres]:
    """A PostgreSQL database as the present version leaves it."""
    with closing(Postgres(postgres.new_database())) as where:
        fill(where)
        yield where


def test_the_only_one_to_fold_folds_anew_and_says_so(
    older: Location, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", NEXT)
    with closing(open_for_writing(older, alone=True)) as db:
        assert issued(db) == 0
        folder = Folder(SqlRollupStore(db))
        assert (folder.step(), folder.step()) == (EVENTS, 0)
        assert issued(db) == MADE.issued
        assert db.execute("SELECT count(*) FROM restatements").fetchone() == (0,)
    said = [record.getMessage() for record in caplog.records]
    assert f"figures are defined anew: {EVENTS} events are folded again" in said
    assert said[-1] == f"all {EVENTS} events are in the figures again"
    with closing(open_for_writing(older, alone=True)) as db:
        assert issued(db) == MADE.issued, "once only"


def test_figures_of_the_same_definition_stay(older: Location) -> None:
    with closing(open_for_writing(older, alone=True)) as db:
        assert issued(db) == 7


def test_an_interrupted_fold_goes_on(older: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", NEXT)
    open_for_writing(older, alone=True).close()
    with closing(open_for_writing(older, alone=True)) as db:
        assert issued(db) == 0
        assert Folder(SqlRollupStore(db)).step() == EVENTS
        assert issued(db) == MADE.issued


def test_a_command_beside_the_centre_changes_no_figure(
    older: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", NEXT)
    with writing(older) as db:
        assert issued(db) == 7


def test_an_older_program_is_refused(older: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", 0)
    with pytest.raises(StoreError, match="folded by a newer version"):
        open_for_writing(older, alone=True)
    with writing(older) as db:
        assert issued(db) == 7


def test_beside_workers_nobody_folds_until_a_rebuild(
    shared: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_edition, "FIGURES_EDITION", NEXT)
    with pytest.raises(StoreError, match="run thutu-central rebuild"):
        lead(shared)
    with pytest.raises(StoreError, match="run thutu-central rebuild"):
        shared.open_for_worker()
    assert rebuild(tmp_path, shared) == EVENTS
    with closing(lead(shared)) as db:
        assert issued(db) == MADE.issued
    shared.open_for_worker().close()


def test_a_worker_of_before_gets_no_lane_after_the_rebuild(
    shared: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(shared.open_for_worker()) as conn:
        locks = LaneLocks(conn, (1, 2))
        with monkeypatch.context() as later:
            later.setattr(figures_edition, "FIGURES_EDITION", NEXT)
            rebuild(tmp_path, shared)
        with pytest.raises(StoreError, match="folded by a newer version"):
            locks.take()
        assert locks.held == frozenset()


def test_an_empty_database_has_nothing_to_fold_anew(postgres: PostgresServer) -> None:
    with closing(Postgres(postgres.new_database())) as where:
        where.open_for_worker().close()
        with closing(lead(where)) as db:
            assert issued(db) == 0
