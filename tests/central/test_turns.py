"""Work of which a few do it at once, and which keeps nobody else waiting."""

import threading
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance, TooOftenError
from central.api.exports import routes
from central.api.turns import Turns
from central.front import Front
from central.settings import AccessSettings
from central.store.database import writing
from central.web.app import create_pages
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.nation import NOW_MS, Nation, StandingClock
from tests.waiting import until

WITHIN_S = 30.0
MORE_THAN_TURNS = 40
MONTH = "/api/v1/reports/2026-11.pdf"
FILES_FOR = (
    *("national", "hanoi", "danang", "hongha"),
    *("auditor", "auditor of danang", "auditor of hongha"),
)


class Slow:
    """Work that lasts until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = 0

    def work(self, *_given: object) -> None:
        self.begun += 1
        assert self.go.wait(WITHIN_S)

    def made(self, *_given: object) -> bytes:
        """A file."""
        self.work()
        return b"made"


def test_a_few_do_it_a_few_wait_and_the_next_is_told_to_come_back() -> None:
    slow, turns = Slow(), Turns(places=2, waiting=1, again_s=7)

    async def crowd() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(turns.take, slow.work)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooOftenError) as refused:
                await turns.take(slow.work)
            assert refused.value.wait_s == 7
            assert slow.begun <= 2
            slow.go.set()
        assert await turns.take(lambda: "free again") == "free again"
        assert slow.begun == 3

    anyio.run(crowd)


def test_who_fails_leaves_a_place() -> None:
    turns = Turns(places=1, waiting=0, again_s=1)

    async def fail() -> None:
        for _ in range(3):
            with pytest.raises(ValueError, match="broken"):
                await turns.take(int, "broken")

    anyio.run(fail)


# --- the centre -------------------------------------------------------------------------------


@contextmanager
def opened(database: Path) -> Iterator[tuple[Entrance, httpx.Client]]:
    with writing(database) as db:
        token = create_token(db, "An", "national", None, NOW_MS, who="operator")
    access = AccessSettings(sign_ins_per_minute=1000)
    entrance = Entrance(database, StandingClock(), live_within_s=180, access=access)
    front = Front(create_api(entrance, lambda: True), create_pages(entrance))
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    with httpx.Client(base_url=server.url, timeout=WITHIN_S) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield entrance, client
    server.stop()


@pytest.mark.parametrize("path", ["/api/v1/overview", "/"])
def test_who_does_not_read_an_answer_keeps_no_turn(
    database: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.api.entrance._PATIENCE_S", WITHIN_S)
    with writing(database) as db:
        token = create_token(db, "An", "national", None, NOW_MS, who="operator")
    entrance = Entrance(database, StandingClock(), live_within_s=180)
    front = Front(create_api(entrance, lambda: True), create_pages(entrance))
    session = entrance.sign_in_with_token(token, "203.0.113.7")
    headers = [
        (b"authorization", f"Bearer {token}".encode()),
        (b"cookie", f"{entrance.session_cookie}={session}".encode()),
    ]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def crowd() -> None:
        answers, everybody = [], anyio.Event()

        async def send(message: MutableMapping[str, Any]) -> None:
            answers.append(message)
            if len(answers) == MORE_THAN_TURNS:
                everybody.set()
            await anyio.sleep_forever()

        async with anyio.create_task_group() as group:
            for _ in range(MORE_THAN_TURNS):
                group.start_soon(front, dict(scope), receive, send)
            with anyio.fail_after(WITHIN_S):
                await everybody.wait()
            group.cancel_scope.cancel()
        assert {answer["status"] for answer in answers} == {200}

    anyio.run(crowd)


def test_a_crowd_that_signs_in_keeps_nobody_from_the_figures(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    with opened(database) as (entrance, client), ThreadPoolExecutor(60) as crowd:
        monkeypatch.setattr(entrance, "sign_in", slow.work)
        tries = [crowd.submit(client.post, "/sign-in", data={"name": f"x{n}"}) for n in range(60)]
        until(lambda: sum(one.done() for one in tries) == 44)
        assert client.get("/api/v1/overview").status_code == 200
        slow.go.set()
        answers = [one.result() for one in tries]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 44
    assert {answer.headers["retry-after"] for answer in refused} == {"5"}
    assert "quá nhiều người" in refused[0].text
    assert slow.begun == 16


@pytest.mark.parametrize(
    ("path", "last_step"),
    [
        (MONTH, "to_pdf"),
        ("/api/v1/exports/sites.csv", "to_csv"),
        ("/api/v1/exports/days.xlsx", "to_xlsx"),
    ],
)
def test_a_crowd_that_wants_files_keeps_nobody_from_the_figures(
    served: Nation, monkeypatch: pytest.MonkeyPatch, path: str, last_step: str
) -> None:
    slow = Slow()
    monkeypatch.setattr(routes, last_step, slow.made)
    with ExitStack() as stack, ThreadPoolExecutor(21) as crowd:
        clients = [stack.enter_context(served.client(who)) for who in FILES_FOR]
        asked = [
            crowd.submit(client.get, path, headers={"Accept-Language": "en"})
            for client in clients
            for _ in range(3)
        ]
        until(lambda: sum(one.done() for one in asked) == len(asked) - 8)
        assert clients[0].get("/api/v1/overview").status_code == 200
        until(lambda: slow.begun == 1)
        slow.go.set()
        answers = [one.result() for one in asked]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers].count(200) == 8
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    details = {answer.json()["detail"].partition(".")[0] for answer in refused}
    assert "Too many people are doing this at once" in details


def test_who_stands_in_line_for_a_file_keeps_nothing_of_the_database(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    monkeypatch.setattr(routes, "to_csv", slow.made)
    with opened(database) as (entrance, client), ThreadPoolExecutor(3) as crowd:
        free = entrance._turns.value
        asked = [crowd.submit(client.get, "/api/v1/exports/days.csv") for _ in range(3)]
        until(lambda: slow.begun == 1 and sum(one.done() for one in asked) == 1)
        kept = free - entrance._turns.value
        slow.go.set()
        answers = sorted(one.result().status_code for one in asked)
    assert (kept, answers) == (1, [200, 200, 429])


def test_nobody_fills_the_line_alone(served: Nation, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr(routes, "to_csv", slow.made)
    path = "/api/v1/exports/sites.csv"
    with ExitStack() as stack, ThreadPoolExecutor(20) as crowd:
        one, other = (stack.enter_context(served.client(who)) for who in ("national", "hanoi"))
        asked = [crowd.submit(one.get, path) for _ in range(10)]
        until(lambda: sum(done.done() for done in asked) == 8)
        others = crowd.submit(other.get, path)
        slow.go.set()
        answers = [done.result() for done in asked]
        assert others.result().status_code == 200
        assert one.get(path).status_code == 200, "its places are free again"
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [429] * 8
