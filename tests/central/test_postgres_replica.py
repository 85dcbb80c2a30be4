"""Figures from a streaming replica: how far they reach, and what happens when it is away."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from central.access.accounts import remove_account
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.store.connection import Connection
from central.store.database import reading, reading_copy, transaction, writing
from central.store.ingest import SqlIngestStore
from central.store.postgres import Postgres
from central.store.protocol import CopyLostError, StoreError
from central.store.rollup import SqlRollupStore
from contract.events import TicketIssued
from tests.central.journal import Journal
from tests.central.nation import NOW_MS, SITE, nation
from tests.postgres import PostgresServer, confirm_by_replica, postgres_server
from tests.waiting import until

FRESHNESS = f"/api/v1/sites/{SITE}/freshness"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One without the databases of all other tests, for a replica begins as a copy of all."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def replica(postgres: PostgresServer) -> Iterator[PostgresServer]:
    with postgres.replica() as server:
        yield server


@pytest.fixture
def where(postgres: PostgresServer, replica: PostgresServer) -> Iterator[Postgres]:
    url = postgres.new_database()
    copy_url = replica.url(url.removeprefix("postgresql:///").partition("?")[0])
    until(lambda: answers(copy_url))
    with closing(Postgres(url, copy_url)) as made:
        yield made


def answers(url: str) -> bool:
    with suppress(psycopg.OperationalError), closing(psycopg.connect(url)):
        return True
    return False


@contextmanager
def paused(replica: PostgresServer) -> Iterator[None]:
    """The replica takes over nothing for a while."""
    with psycopg.connect(replica.url("postgres"), autocommit=True) as conn:
        conn.execute("SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        until(lambda: conn.execute(state).fetchone() == ("paused",))
        try:
            yield
        finally:
            conn.execute("SELECT pg_wal_replay_resume()")


def hear(where: Postgres, made: Journal) -> None:
    """One ticket more at a site that is complete up to this moment."""
    made.add(TicketIssued("1999", ("1",)), wall_ms=NOW_MS - 2_000)
    messages = (
        (made.events_topic, made.batch(len(made.rows), len(made.rows))),
        (made.status_topic, made.status(wall_ms=NOW_MS - 1_000)),
    )
    with writing(where) as db:
        Intake(SqlIngestStore(db)).commit([Received(*one, NOW_MS - 1_000) for one in messages])
        Folder(SqlRollupStore(db)).step()


def test_figures_of_a_replica_that_lags_reach_as_far_as_it_does(
    tmp_path: Path, where: Postgres, replica: PostgresServer
) -> None:
    with nation(tmp_path, where) as country, country.client("national") as admin:
        until(lambda: caught_up(where))
        before = admin.get(FRESHNESS).json()
        with paused(replica):
            hear(where, country.days[SITE].journal)
            assert admin.get(FRESHNESS).json() == before
        until(lambda: bool(admin.get(FRESHNESS).json() != before))
        after = admin.get(FRESHNESS).json()
        assert reach(after) > reach(before)


def test_accounts_are_never_asked_of_the_replica(
    tmp_path: Path, where: Postgres, replica: PostgresServer
) -> None:
    """Who is revoked is out at once, however far the replica lags."""
    with nation(tmp_path, where) as country, country.client("hanoi") as admin:
        until(lambda: caught_up(where))
        assert admin.get(FRESHNESS).status_code == 200
        with paused(replica), writing(where) as db:
            remove_account(db, "hanoi", NOW_MS, who="operator")
            assert admin.get(FRESHNESS).status_code == 401


def test_without_its_replica_the_database_itself_is_read(
    tmp_path: Path, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.new_database()
    with closing(Postgres(url, f"postgresql:///none?host={tmp_path}")) as where:
        with nation(tmp_path, where) as country, country.client("national") as admin:
            found = [admin.get("/api/v1/overview").status_code for _ in range(5)]
        assert found == [200] * 5
        said = [record.getMessage() for record in caplog.records]
        assert sum("the copy of the database is away" in one for one in said) == 1


def test_a_replica_that_goes_away_costs_no_answer(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    name = url.removeprefix("postgresql:///").partition("?")[0]
    with postgres.replica() as replica:
        copy_url = replica.url(name)
        until(lambda: answers(copy_url))
        where = Postgres(url, copy_url)
        with nation(tmp_path, where) as country, country.client("national") as admin:
            until(lambda: caught_up(where))
            assert reads_the_copy(where)
            replica.stop()
            assert admin.get("/api/v1/overview").status_code == 200
            assert not reads_the_copy(where)
        where.close()


def test_a_replica_that_stands_still_costs_no_answer_and_is_left_alone(
    tmp_path: Path, where: Postgres, replica: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with nation(tmp_path, where) as country, country.client("national") as admin:
        until(lambda: caught_up(where))
        with replica.frozen(), ThreadPoolExecutor(12) as crowd:
            asked = [crowd.submit(admin.get, "/api/v1/overview") for _ in range(12)]
            assert {one.result(30).status_code for one in asked} == {200}
            assert not reads_the_copy(where)
            assert [admin.get(FRESHNESS).status_code for _ in range(5)] == [200] * 5
            assert not reads_the_copy(where)
        until(lambda: reads_the_copy(where), within_s=30)
    said = [record.getMessage().partition(",")[0] for record in caplog.records]
    assert said.count("the copy of the database is away") == 1


def test_what_was_half_read_when_it_stood_still_can_be_asked_again(
    where: Postgres, replica: PostgresServer
) -> None:
    """From one state of the database alone, so all of it."""
    where.open_for_writing().close()
    until(lambda: reads_the_copy(where), within_s=30)
    with pytest.raises(CopyLostError), reading_copy(where) as copy, replica.frozen():
        copy.execute("SELECT pg_sleep(0)")
    until(lambda: reads_the_copy(where), within_s=30)


def test_a_single_connection_that_a_healthy_replica_ends_costs_nobody_else_anything(
    where: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """As a replica does by itself: terminating connection due to conflict with recovery."""
    where.open_for_writing().close()
    until(lambda: reads_the_copy(where), within_s=30)
    caplog.clear()
    with ThreadPoolExecutor(1) as other, reading_copy(where) as long:
        under_way = other.submit(long.execute, "SELECT pg_is_in_recovery(), pg_sleep(2)")
        with pytest.raises(CopyLostError), reading_copy(where) as copy:
            copy.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        assert reads_the_copy(where), "asked again, the replica answers"
        assert under_way.result(30).fetchone()[0] is True
    assert not [one for one in caplog.records if "is away" in one.getMessage()]


def test_what_a_replica_cancels_to_follow_its_primary_is_asked_of_the_primary(
    where: Postgres, replica: PostgresServer
) -> None:
    """Canceling statement due to conflict with recovery: the connection stays."""
    follow_at_once(replica)
    with closing(where.open_for_writing()) as db, ThreadPoolExecutor(1) as reader:
        db.execute("CREATE TABLE gone (n bigint)")
        until(lambda: reads_the_copy(where) and is_in_the_copy(where, "gone"), within_s=30)

        def read() -> None:
            with reading_copy(where) as copy:
                copy.execute("SELECT n, pg_sleep(30) FROM gone RIGHT JOIN (SELECT 1) one ON true")

        under_way = reader.submit(read)
        until(lambda: bool(sleeping(replica)))
        db.execute("DROP TABLE gone")
        with pytest.raises(CopyLostError, match="conflict with recovery"):
            under_way.result(30)
        assert not reads_the_copy(where), "it would cancel it again"
    until(lambda: reads_the_copy(where), within_s=30)


def test_a_replica_that_cancels_costs_no_answer(
    tmp_path: Path, where: Postgres, replica: PostgresServer
) -> None:
    with nation(tmp_path, where) as country, ExitStack() as stack:
        until(lambda: caught_up(where))
        follow_at_once(replica)
        primary = stack.enter_context(closing(where.open_for_writing()))
        is_enough = threading.Event()

        def ask() -> set[int]:
            found: set[int] = set()
            with country.client("national") as admin:
                while not (found and is_enough.is_set()):
                    found.add(admin.get("/api/v1/overview").status_code)
            return found

        crowd = stack.enter_context(ThreadPoolExecutor(4))
        asked = [crowd.submit(ask) for _ in range(4)]
        try:
            until_s = time.monotonic() + 200
            while not conflicts(replica):
                assert time.monotonic() < until_s
                with transaction(primary):
                    primary.execute("LOCK TABLE sites")  # the replica takes it from its readers
        finally:
            is_enough.set()
        assert [one.result(30) for one in asked] == [{200}] * 4


def test_one_late_answer_does_not_send_everybody_away(
    where: Postgres, replica: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    where.open_for_writing().close()
    until(lambda: reads_the_copy(where), within_s=30)
    caplog.clear()
    until(lambda: len(watching(replica)) == 2)
    before = watching(replica)
    late = min(before)
    os.kill(late, signal.SIGSTOP)
    try:
        until(lambda: bool(watching(replica) - before), within_s=30)  # it asks another
        assert reads_the_copy(where)
    finally:
        os.kill(late, signal.SIGCONT)
    assert not [one for one in caplog.records if "is away" in one.getMessage()]


def test_an_error_of_the_question_itself_is_not_the_replicas(where: Postgres) -> None:
    where.open_for_writing().close()
    until(lambda: reads_the_copy(where), within_s=30)
    with pytest.raises(StoreError) as raised, reading_copy(where) as copy:
        copy.execute("SELECT nothing_of_this_name")
    assert not isinstance(raised.value, CopyLostError)
    assert reads_the_copy(where)


def test_a_worker_waits_until_the_replica_has_what_it_may_find() -> None:
    """What a primary brought back from its own log alone must not be acknowledged by anybody."""
    with postgres_server() as primary, primary.replica() as replica, ExitStack() as stack:
        where = stack.enter_context(closing(Postgres(primary.new_database())))
        where.open_for_writing().close()
        confirm_by_replica(primary)
        replica.kill()
        primary.kill()
        primary.start()
        opening = stack.enter_context(ThreadPoolExecutor()).submit(where.open_for_worker)
        with pytest.raises(TimeoutError):
            opening.result(timeout=2)
        replica.start()
        opening.result(timeout=30).close()


def test_a_server_that_vanished_while_it_was_spoken_to_is_noticed(
    postgres: PostgresServer,
) -> None:
    with closing(Postgres(postgres.new_database()).open_for_writing()) as conn:
        assert conn._conn.info.get_parameters()["tcp_user_timeout"] == "25000"


def follow_at_once(replica: PostgresServer) -> None:
    """Let it wait for nobody who reads what its primary has changed."""
    with psycopg.connect(replica.url("postgres"), autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
        conn.execute("SELECT pg_reload_conf()")
        until(lambda: conn.execute("SHOW max_standby_streaming_delay").fetchone() == ("0",))


def conflicts(replica: PostgresServer) -> int:
    """How often it has cancelled or ended what was read."""
    with psycopg.connect(replica.url("postgres"), autocommit=True) as conn:
        found = conn.execute("SELECT sum(conflicts) FROM pg_stat_database").fetchone()
    assert found is not None
    return int(found[0])


def sleeping(replica: PostgresServer) -> set[int]:
    """The processes of the replica in which a reader takes its time."""
    with psycopg.connect(replica.url("postgres"), autocommit=True) as conn:
        found = conn.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return {pid for (pid,) in found}


def is_in_the_copy(where: Postgres, table: str) -> bool:
    """Whether the replica has a table already."""
    with reading_copy(where) as copy:
        found = copy.execute("SELECT count(to_regclass(?))", (table,)).fetchone()
    return bool(found[0])


def in_recovery(conn: Connection) -> bool:
    """Whether it is a connection to a replica."""
    return bool(conn.execute("SELECT pg_is_in_recovery()").fetchone()[0])


def watching(replica: PostgresServer) -> set[int]:
    """The processes of the replica that the watch has asked."""
    with psycopg.connect(replica.url("postgres"), autocommit=True) as conn:
        found = conn.execute("SELECT pid FROM pg_stat_activity WHERE query = 'SELECT'")
        return {pid for (pid,) in found}


def reads_the_copy(where: Postgres) -> bool:
    """Whether figures come from the replica."""
    with reading_copy(where) as copy:
        return in_recovery(copy)


def reach(quality: dict[str, dict[str, str]]) -> str:
    """Up to when the figures of a site are complete."""
    return quality["freshness"]["complete_up_to"]


def caught_up(where: Postgres) -> bool:
    """Whether the replica has the same accounts and rows as the database."""
    question = "SELECT (SELECT count(*) FROM access_tokens), (SELECT sum(folded) FROM journals)"
    with suppress(StoreError), reading(where) as conn, reading_copy(where) as copy:
        return bool(conn.execute(question).fetchone() == copy.execute(question).fetchone())
    return False
