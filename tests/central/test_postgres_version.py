"""Which PostgreSQL the centre works with: the server says itself of which version it is."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest

from central.__main__ import main
from central.store.postgres import Postgres
from central.store.postgres_connection import Claim
from central.store.protocol import StoreRefusedError


@pytest.fixture
def posing(where: Postgres) -> Callable[[str, int], None]:
    """Lets the database say that its server is of another version."""

    def pose(version: str, number: int) -> None:
        with psycopg.connect(where._url, autocommit=True) as admin:
            admin.execute("CREATE SCHEMA posing")
            admin.execute(
                b"""CREATE VIEW posing.pg_settings AS SELECT name, CASE name
                WHEN 'server_version' THEN '%b' WHEN 'server_version_num' THEN '%d'
                ELSE setting END AS setting FROM pg_catalog.pg_settings"""
                % (version.encode(), number)
            )
            path = "SET search_path = posing, pg_catalog, public"
            admin.execute(f"ALTER DATABASE {admin.info.dbname} {path}".encode())

    return pose


def test_a_server_older_than_15_is_refused_and_left_as_it_is(
    where: Postgres,
    posing: Callable[[str, int], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posing("14.19 (Debian)", 140_019)
    ways: tuple[Callable[[], object], ...] = (
        where.open_for_writing,
        partial(where.open_for_writing, Claim.LEADER),
        where.open_for_worker,
    )
    for opened in ways:
        with pytest.raises(StoreRefusedError) as refused:
            opened()
        assert refused.value.words("en") == (
            "PostgreSQL 14.19 (Debian) is older than 15. Nothing was changed. Upgrade it."
        )
    config = tmp_path / "central.toml"
    config.write_text(
        f'[store]\nfolder = "{tmp_path}"\nurl = "{where._url}"\n[embedded_broker]\n', "utf-8"
    )
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for command in ("serve", "rebuild"):
        monkeypatch.setattr(sys, "argv", ["thutu-central", "--config", str(config), command])
        with pytest.raises(SystemExit, match=r"14\.19 \(Debian\) cũ hơn 15\. Chưa thay đổi gì\."):
            main()
    with psycopg.connect(where._url) as admin:
        found = admin.execute("SELECT relname FROM pg_class WHERE relnamespace >= 16384")
        assert found.fetchall() == [("pg_settings",)]


def test_15_itself_is_taken(where: Postgres, posing: Callable[[str, int], None]) -> None:
    posing("15.0", 150_000)
    where.open_for_writing().close()
