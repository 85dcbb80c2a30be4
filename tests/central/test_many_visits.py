"""Many who look in the same second: they are served one after another, over a few connections."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from central.api import entrance
from central.store.connection import Connection
from central.store.database import Location, reading
from tests.central.nation import Nation, nation
from tests.waiting import until

AT_ONCE = 32
WITHIN_S = 30.0


class Door:
    """Counts whose reading connection is open, and keeps them there until it is `ajar`."""

    def __init__(self) -> None:
        self.ajar = threading.Event()
        self.inside = self.most = 0
        self._lock = threading.Lock()

    @contextmanager
    def reading(self, where: Location) -> Iterator[Connection]:
        """In place of the entrance's own."""
        with reading(where) as conn:
            with self._lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            assert self.ajar.wait(WITHIN_S)
            yield conn
            with self._lock:
                self.inside -= 1


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door()
    monkeypatch.setattr(entrance, "reading", made.reading)
    return made


@contextmanager
def crowd(served: Nation, size: int) -> Iterator[tuple[ThreadPoolExecutor, httpx.Client]]:
    limits = httpx.Limits(max_connections=size + 1)
    headers = {"Authorization": f"Bearer {served.tokens['national']}", "Accept-Language": "en"}
    with (
        httpx.Client(
            base_url=served.url, headers=headers, limits=limits, timeout=WITHIN_S
        ) as client,
        ThreadPoolExecutor(size) as threads,
    ):
        yield threads, client


def test_whoever_waits_holds_no_connection(served: Nation, door: Door) -> None:
    with crowd(served, 80) as (threads, client):
        asked = [threads.submit(client.get, "/api/v1/overview") for _ in range(80)]
        until(lambda: door.inside == AT_ONCE)
        assert client.get("/api/v1/health").status_code == 200
        door.ajar.set()
        assert {one.result().status_code for one in asked} == {200}
    assert door.most == AT_ONCE


def test_who_would_wait_long_is_told_to_ask_again(
    served: Nation, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crowd(served, AT_ONCE) as (threads, client):
        asked = [threads.submit(client.get, "/api/v1/overview") for _ in range(AT_ONCE)]
        until(lambda: door.inside == AT_ONCE)
        monkeypatch.setattr(entrance, "_PATIENCE_S", 0.1)
        refused = client.get("/api/v1/overview")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert "Too many people" in refused.json()["detail"]
        door.ajar.set()
        assert {one.result().status_code for one in asked} == {200}
        assert client.get("/api/v1/overview").status_code == 200, "its turn is free again"


def test_a_crowd_that_refreshes_in_the_same_second_is_served_by_either_engine(
    tmp_path: Path, location: Location
) -> None:
    """PostgreSQL lets 100 in by default."""
    with nation(tmp_path, location) as running, crowd(running, 120) as (threads, client):
        asked = [threads.submit(client.get, "/api/v1/overview") for _ in range(240)]
        assert {one.result().status_code for one in asked} == {200}


def test_streams_that_wait_for_news_take_nobodys_turn(served: Nation) -> None:
    live = "/api/v1/live"
    with ExitStack() as streams:
        for who in ("national", "hanoi"):
            client = streams.enter_context(served.client(who))
            for _ in range(20):
                line = streams.enter_context(client.stream("GET", live)).iter_lines()
                assert next(line) == "event: change"
        with served.client("danang") as other:
            assert other.get("/api/v1/overview").status_code == 200
