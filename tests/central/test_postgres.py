"""What only PostgreSQL has: partitions, a server that can be away, and readers of its own."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from central.ingest.intake import Committed, Intake, Received
from central.store.database import database_of, reading, writing
from central.store.figures_edition import FIGURES_EDITION
from central.store.ingest import SqlIngestStore
from central.store.postgres import Postgres
from central.store.postgres_connection import Claim, PostgresConnection, native
from central.store.postgres_events import partition_day
from central.store.postgres_schema import tables
from central.store.protocol import StoreError
from contract.events import TicketIssued
from contract.stamp import MS_PER_DAY
from tests.central.journal import DAY, MORNING_MS, Journal
from tests.central.nation import OTHER_SITE, SITE, nation

ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "national": {
        "/overview": ("",),
        "/provinces": ("", "?day=2026-11-19"),
        "/provinces/{code}/sites": ("/provinces/01/sites",),
        "/units": ("?province=01",),
        "/sites/{site}/days/{day}": (
            f"/sites/{SITE}/days/{DAY}",
            f"/sites/{OTHER_SITE}/days/{DAY}",
        ),
        "/sites/{site}/freshness": (f"/sites/{OTHER_SITE}/freshness",),
        "/ranking": ("?by=p90", "?when=now&by=longest", "?group=provinces"),
        "/trends/{step}": (f"/trends/day?day={DAY}", f"/trends/month?day={DAY}"),
        "/sites/{site}/throughput": (f"/sites/{SITE}/throughput?from={DAY}&to={DAY}",),
        "/ratings": ("", f"?site={SITE}"),
        "/restatements": ("",),
        "/nodes": ("",),
        "/devices": ("",),
        "/differences": ("",),
        "/sites/{site}/devices": (f"/sites/{SITE}/devices",),
        "/rollouts": ("",),
        "/rollouts/{rollout}/hubs": ("/rollouts/1/hubs",),
        "/procedures": ("",),
        "/registry/provinces": ("",),
        "/registry/units": ("",),
        "/alerts": ("", "?open=false"),
        "/alerts/{alert}": ("/alerts/1",),
        "/exports/sites.{kind}": ("/exports/sites.csv",),
        "/exports/days.{kind}": ("/exports/days.csv",),
    },
    "auditor": {
        "/sites/{site}/events": (f"/sites/{SITE}/events?limit=50",),
        "/audit": ("",),
    },
    "booking": {
        "/sites/{site}/services/{service}/slots": (f"/sites/{SITE}/services/1/slots?from={DAY}",),
        "/sites/{site}/appointments": (f"/sites/{SITE}/appointments",),
        "/sites/{site}/appointments/{appointment}": (f"/sites/{SITE}/appointments/HEN-0001",),
    },
}
"""Whom to ask each question, and how: what follows it, or all of it."""
NOT_FROM_ROWS = {"/health", "/live", "/alerts/live", "/reports/{month}.pdf"}
"""The parts of a process, streams, and a drawing of what is asked here too."""


def partitions(conn: PostgresConnection) -> dict[str, int]:
    rows = conn.execute("SELECT tableoid::regclass::text, count(*) FROM events GROUP BY 1")
    return dict(rows.fetchall())


def send(conn: PostgresConnection, wall_ms: list[int], received_ms: int) -> list[Committed]:
    made = Journal()
    for ms in wall_ms:
        made.add(TicketIssued("1001", ("1",)), wall_ms=ms)
    intake = Intake(SqlIngestStore(conn))
    return intake.commit([Received(made.events_topic, made.all(), received_ms)])


def test_rows_lie_under_the_day_of_a_believable_clock(where: Postgres) -> None:
    days = [MORNING_MS, MORNING_MS - MS_PER_DAY, 0, 2**63 - 1, MORNING_MS + 9 * MS_PER_DAY]
    with closing(where.open_for_writing()) as conn:
        send(conn, days, MORNING_MS)
        assert partitions(conn) == {"events_2026_11_20": 4, "events_2026_11_19": 1}
        plan = conn.execute("EXPLAIN SELECT * FROM events WHERE day = '2026-11-19'").fetchall()
        assert "events_2026_11_20" not in str(plan)


def test_no_clock_error_makes_partitions_without_end() -> None:
    found = {
        partition_day(MORNING_MS + hours * 3_600_000, MORNING_MS - 35 * MS_PER_DAY, MORNING_MS)
        for hours in range(-100_000, 100_000, 7)
    }
    assert len(found) == 37


def test_readers_cannot_write_and_see_one_state(where: Postgres) -> None:
    with closing(where.open_for_writing()) as conn, where.reading() as reader:
        assert reader.execute("SELECT count(*) FROM nodes").fetchone() == (0,)
        assert send(conn, [MORNING_MS], MORNING_MS)
        assert reader.execute("SELECT count(*) FROM nodes").fetchone() == (0,)
        with pytest.raises(StoreError, match="read-only"):
            reader.execute("DELETE FROM nodes")
    with where.reading() as reader:
        assert reader.execute("SELECT count(*) FROM nodes").fetchone() == (1,)


def test_a_connection_that_was_lost_is_made_again(where: Postgres) -> None:
    with closing(where.open_for_writing(Claim.SOLE)) as conn:
        with where.reading():
            pass
        _cut_all(where)
        with pytest.raises(StoreError):
            send(conn, [MORNING_MS], MORNING_MS)
        assert send(conn, [MORNING_MS], MORNING_MS)[0].watermark == 1
        with where.reading() as reader:
            assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_one_centre_at_a_time_works_on_a_database(where: Postgres) -> None:
    with closing(where.open_for_writing(Claim.SOLE)):
        with pytest.raises(StoreError, match="another centre"):
            where.open_for_writing(Claim.SOLE)
        with writing(where) as beside:
            assert beside.execute("SELECT count(*) FROM accounts").fetchone() == (0,)
    where.open_for_writing(Claim.SOLE).close()


def test_both_engines_have_the_same_tables(where: Postgres, tmp_path: Path) -> None:
    with writing(where), writing(database_of(tmp_path)):
        pass
    with where.reading() as ours, reading(database_of(tmp_path)) as theirs:
        for table in tables():
            names = ", ".join(column.name for column in table.columns)
            question = f"SELECT {names} FROM {table.name}"  # noqa: S608 - our own names
            wanted = [("figures", FIGURES_EDITION)] if table.name == "definitions" else []
            assert ours.execute(question).fetchall() == theirs.execute(question).fetchall()
            assert ours.execute(question).fetchall() == wanted


def test_a_server_that_is_away_is_said_without_secrets(tmp_path: Path) -> None:
    where = Postgres(f"postgresql://thutu:secret@/nowhere?host={tmp_path}")
    with pytest.raises(StoreError, match="PostgreSQL: ") as raised:
        where.open_for_writing()
    assert "secret" not in f"{raised.value} {where}"


def test_statements_are_put_as_psycopg_wants_them() -> None:
    asked = "SELECT 'a:b?%' || ?, x::text, y % :days FROM t WHERE CAST(z AS BLOB) = :z_1"
    expected = (
        "SELECT 'a:b?%%' || %s, x::text, y %% %(days)s FROM t WHERE CAST(z AS bytea) = %(z_1)s"
    )
    assert native(asked) == expected


def test_the_api_answers_the_same_over_both_engines(where: Postgres, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    asked = NOT_FROM_ROWS.union(*ASKED.values())
    with nation(tmp_path) as file, nation(beside, where) as server:
        for who, questions in ASKED.items():
            with file.client(who) as theirs, server.client(who) as ours:
                known = theirs.get("/api/v1/openapi.json").json()["paths"]
                reads = {path.removeprefix("/api/v1") for path in known if "get" in known[path]}
                assert asked == reads
                for question, forms in questions.items():
                    for form in forms:
                        path = form if form.startswith("/") else f"{question}{form}"
                        wanted, found = theirs.get(f"/api/v1{path}"), ours.get(f"/api/v1{path}")
                        assert (found.status_code, found.text) == (200, wanted.text), path


def _cut_all(where: Postgres) -> None:
    with psycopg.connect(where._url, autocommit=True) as admin:
        admin.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
