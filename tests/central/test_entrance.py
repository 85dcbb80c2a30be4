"""Limits and locks as those who knock at the centre's door meet them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from central.access.accounts import (
    Admin,
    admin_of_token,
    create_account,
    create_token,
    new_password,
)
from central.access.passwords import Passwords
from central.api import entrance as entrance_module
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.scope import Scope
from central.settings import AccessSettings
from central.store.connection import Connection, Database
from central.store.database import Location, writing
from central.web.app import create_pages
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.nation import NOW_MS, StandingClock

PASSWORD = "hàng chờ buổi sáng"
ACCESS = AccessSettings(requests_per_minute=10, sign_ins_per_minute=8, lock_after=3)


@pytest.fixture
def token(database: Path) -> str:
    with writing(database) as db:
        hashed = new_password(Passwords(64, 1), PASSWORD, "An")
        create_account(db, Admin("An", "national", Scope()), NOW_MS, hashed, who="operator")
        return create_token(db, "máy", "national", None, NOW_MS, who="operator")


@contextmanager
def served(database: Path) -> Iterator[httpx.Client]:
    entrance = Entrance(
        database, StandingClock(), live_within_s=180, access=ACCESS, behind_https=True
    )
    front = Front(create_api(entrance, lambda: True), create_pages(entrance))
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        with httpx.Client(base_url=server.url, timeout=30) as opened:
            yield opened
    finally:
        server.stop()


@pytest.fixture
def client(database: Path, token: str) -> Iterator[httpx.Client]:
    del token  # its accounts must be there
    with served(database) as opened:
        yield opened


def enter(client: httpx.Client, password: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": "An", "password": password})


def test_a_name_and_a_password_open_the_pages(client: httpx.Client) -> None:
    found = enter(client, PASSWORD)
    assert (found.status_code, found.headers["location"]) == (303, "/")
    assert "Secure" in found.headers["set-cookie"]
    assert found.headers["set-cookie"].startswith("__Host-thutu_session=")
    cookie = {"Cookie": found.headers["set-cookie"].partition(";")[0]}
    assert client.get("/", headers=cookie).status_code == 200


def test_a_session_that_a_neighbour_planted_opens_nothing(client: httpx.Client) -> None:
    session = enter(client, PASSWORD).headers["set-cookie"].partition(";")[0]
    planted = {"Cookie": session.removeprefix("__Host-")}
    assert client.get("/", headers=planted).headers["location"] == "/sign-in"
    assert client.get("/api/v1/overview", headers=planted).status_code == 401
    assert client.get("/api/v1/overview", headers={"Cookie": session}).status_code == 200
    out = client.post("/sign-out", headers={"Cookie": session})
    gone = out.headers["set-cookie"]
    assert gone.startswith("__Host-thutu_session=")
    assert "Secure" in gone, "or no browser would take it"


ELSEWHERE = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://neighbour.centre.example", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://["},
]
HERE = [
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://127.0.0.1:9"},
    {},
]


@pytest.mark.parametrize("said", ELSEWHERE)
def test_no_other_site_acts_by_a_readers_browser(
    client: httpx.Client, token: str, said: dict[str, str]
) -> None:
    by_token = client.post("/sign-in", data={"token": token}, headers=said)
    assert (by_token.status_code, "set-cookie" in by_token.headers) == (403, False)
    assert "trang của nơi khác" in by_token.json()["detail"]
    out = client.post("/sign-out", headers=said)
    assert (out.status_code, "set-cookie" in out.headers) == (403, False)
    session = enter(client, PASSWORD).headers["set-cookie"].partition(";")[0]
    act = "/api/v1/alerts/1/acknowledge"
    assert client.post(act, headers=said | {"Cookie": session}).status_code == 403
    assert client.get("/", headers=said | {"Cookie": session}).status_code == 200
    shown = said | {"Authorization": f"Bearer {token}"}
    assert client.post(act, json={}, headers=shown).status_code == 404


@pytest.mark.parametrize("said", HERE)
def test_forms_of_ours_and_other_programs_act(client: httpx.Client, said: dict[str, str]) -> None:
    answer = client.post("/sign-in", data={"name": "An", "password": PASSWORD}, headers=said)
    assert answer.status_code == 303


def test_a_locked_account_and_a_wrong_password_look_alike(client: httpx.Client) -> None:
    answers = [enter(client, "sai mật khẩu rồi") for _ in range(3)]
    answers.append(enter(client, PASSWORD))
    answers.append(client.post("/sign-in", data={"name": "Nobody", "password": PASSWORD}))
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1


def test_one_address_may_try_so_often(client: httpx.Client) -> None:
    tries = [client.post("/sign-in", data={"token": "guess"}).status_code for _ in range(10)]
    assert tries == [403] * 8 + [429] * 2
    assert enter(client, PASSWORD).status_code == 429


def test_an_office_behind_one_address_signs_in_however_many_they_are(
    client: httpx.Client, token: str
) -> None:
    entered = [enter(client, PASSWORD).status_code for _ in range(ACCESS.sign_ins_per_minute + 2)]
    assert set(entered) == {303}
    by_token = [client.post("/sign-in", data={"token": token}).status_code for _ in range(10)]
    assert set(by_token) == {303}


def test_many_at_once_from_one_address_all_sign_in(client: httpx.Client) -> None:
    with ThreadPoolExecutor(12) as office:
        entered = [office.submit(enter, client, PASSWORD) for _ in range(12)]
        assert {one.result().status_code for one in entered} == {303}


def test_an_address_that_failed_too_often_is_told_so(client: httpx.Client) -> None:
    for _ in range(ACCESS.sign_ins_per_minute):
        client.post("/sign-in", data={"token": "guess"})
    refused = client.post("/sign-in", data={"token": "guess"})
    assert refused.status_code == 429
    assert "Từ địa chỉ mạng này" in refused.text
    assert int(refused.headers["retry-after"]) > 0


def wrong(client: httpx.Client, number: int) -> httpx.Response:
    return client.get("/api/v1/overview", headers={"Authorization": f"Bearer wrong {number}"})


def test_wrong_tokens_are_refused_before_the_database_is_asked(
    client: httpx.Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance_module, "_SLOWED_S", 0.2)
    right = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/overview", headers=right).status_code == 200
    session = {"Cookie": enter(client, PASSWORD).headers["set-cookie"].partition(";")[0]}
    assert {wrong(client, n).status_code for n in range(120)} == {401}
    asked: list[str] = []

    def asking(conn: Connection, shown: str) -> Admin | None:
        asked.append(shown)
        return admin_of_token(conn, shown)

    monkeypatch.setattr(entrance_module, "admin_of_token", asking)
    began_s = time.monotonic()
    refused = wrong(client, 120)
    assert time.monotonic() - began_s >= 0.2, "who asks again at once makes nothing slow"
    assert (refused.status_code, asked) == (429, [])
    assert "Từ địa chỉ mạng này" in refused.json()["detail"]
    assert client.get("/api/v1/overview", headers=right).status_code == 200, "it was right before"
    assert client.get("/api/v1/overview", headers=session).status_code == 200, "it is new"
    assert asked == [token]
    other = httpx.HTTPTransport(local_address="127.0.0.9")
    with httpx.Client(base_url=client.base_url, transport=other, timeout=30) as elsewhere:
        assert wrong(elsewhere, 121).status_code == 401


def test_who_was_let_in_before_a_restart_is_no_stranger_after_it(
    database: Path, client: httpx.Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office, or everybody behind a proxy that was not named, has one address."""
    monkeypatch.setattr(entrance_module, "_SLOWED_S", 0)
    session = enter(client, PASSWORD).headers["set-cookie"].partition(";")[0]
    with served(database) as again:
        assert {wrong(again, n).status_code for n in range(120)} == {401}
        assert wrong(again, 120).status_code == 429
        for known in ({"Cookie": session}, {"Authorization": f"Bearer {token}"}):
            assert again.get("/api/v1/overview", headers=known).status_code == 200


def test_signing_out_strangers_writes_nothing(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = {"Cookie": enter(client, PASSWORD).headers["set-cookie"].partition(";")[0]}
    monkeypatch.setattr(entrance_module, "_SLOWED_S", 0)
    written: list[object] = []

    def noted(where: Location) -> AbstractContextManager[Database]:
        written.append(where)
        return writing(where)

    monkeypatch.setattr(entrance_module, "writing", noted)
    assert {client.post("/sign-out").status_code for _ in range(130)} == {303}
    guesses = [{"Cookie": f"__Host-thutu_session=guess {number}"} for number in range(121)]
    tried = [client.post("/sign-out", headers=guess).status_code for guess in guesses]
    assert tried == [303] * 120 + [429]
    assert written == []
    assert client.post("/sign-out", headers=session).status_code == 303
    assert len(written) == 1
    assert client.get("/", headers=session).headers["location"] == "/sign-in"


def test_who_shows_nothing_is_no_guess(client: httpx.Client) -> None:
    assert {client.get("/api/v1/overview").status_code for _ in range(130)} == {401}
    assert wrong(client, 1).status_code == 401


def test_one_account_may_ask_so_often(client: httpx.Client, token: str) -> None:
    client.headers["Authorization"] = f"Bearer {token}"
    statuses = [client.get("/api/v1/overview").status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = client.get("/api/v1/overview", headers={"Accept-Language": "en"})
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) == 7
    assert "too often" in refused.json()["detail"]
