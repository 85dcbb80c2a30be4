import logging
import unicodedata
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest

from contract.commands import CallNext, FinishService, OpenCounter, SignIn, StartService
from contract.snapshot import Snapshot
from edge.hub import Hub
from tests.edge.api.orders import order, raw
from tests.edge.running_site import CLERK, HOUR_MS, RunningSite


def test_a_ticket_and_what_the_citizen_is_told(kiosk: httpx.Client) -> None:
    first = order(kiosk, "IssueTicket", services=["1"])
    second = order(kiosk, "IssueTicket", services=["1"])
    assert first.status_code == second.status_code == 200
    assert first.json()["number"] == "1001"
    assert (second.json()["number"], second.json()["ahead"]) == ("1002", 1)
    assert first.headers["cache-control"] == "no-store"


def test_the_same_key_gives_the_first_answer(kiosk: httpx.Client) -> None:
    key = uuid.uuid4()
    first = order(kiosk, "IssueTicket", key=key, services=["1"])
    order(kiosk, "IssueTicket", services=["1"])
    again = order(kiosk, "IssueTicket", key=key, services=["2"])
    assert again.json() == first.json()


def test_a_device_that_issues_too_fast_is_told_when_to_go_on_and_loses_no_answer(
    kiosk: httpx.Client, clerk: httpx.Client, site: RunningSite
) -> None:
    key = uuid.uuid4()
    first = order(kiosk, "IssueTicket", key=key, services=["1"])
    said = [order(kiosk, "IssueTicket", services=["1"]) for _ in range(40)]
    assert [answer.status_code for answer in said] == [200] * 19 + [429] * 21
    assert (said[-1].json()["reason"], said[-1].headers["retry-after"]) == ("issuing-too-fast", "2")
    assert "sau 2 giây" in said[-1].json()["detail"]
    assert site.hub.snapshot().issued_today == 20
    assert order(kiosk, "IssueTicket", key=key, services=["1"]).json() == first.json()
    assert order(kiosk, "CheckIn", code="A-1").status_code == 429
    assert order(clerk, "IssueTicket", services=["1"]).status_code == 200
    site.clock.later(2)
    assert order(kiosk, "IssueTicket", services=["1"]).status_code == 200


def test_the_same_key_at_the_same_time_gives_one_number(
    kiosk: httpx.Client, site: RunningSite
) -> None:
    key = uuid.uuid4()
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(order, kiosk, "IssueTicket", key=key, services=["1"]) for _ in range(16)
        ]
    assert {call.result().text for call in calls} == {calls[0].result().text}
    assert list(site.hub.house.live.tickets) == ["1001"]


@pytest.mark.parametrize("key", [None, "", "1001", "not-a-uuid"])
def test_a_command_without_a_key_is_not_carried_out(
    kiosk: httpx.Client, site: RunningSite, key: str | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    command = {"type": "IssueTicket", "services": ["1"]}
    refused = kiosk.post("/api/commands", headers=headers, json=command)
    assert (refused.status_code, refused.json()["reason"]) == (422, "no-key")
    assert not site.hub.house.live.tickets


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "malformed"),
        (b'{"services": ["1"]}', "type"),
        (b'{"type": "Explode"}', "$.type"),
        (b'{"type": "IssueTicket", "services": []}', "$.services"),
        (b'{"type": "IssueTicket", "services": ["1"], "priorty": "x"}', "priorty"),
        (b'{"type": "IssueTicket", "services": [1]}', "$.services[0]"),
        (b'{"type": "CallNext", "counter": "0"}', "$.counter"),
        (b'{"type": "Rate", "counter": "1", "level": 9}', "$.level"),
        (b'{"type": "IssueTicket", "services": ["1"]}' + b" " * 5000 + b"x", "malformed"),
        (b"[" * 10_000, "Expected `object`"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_where(
    kiosk: httpx.Client, site: RunningSite, body: bytes, where: str
) -> None:
    refused = raw(kiosk, body)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")
    assert refused.headers["content-type"] == "application/problem+json"
    assert where in refused.json()["detail"]
    assert not site.hub.house.live.tickets


def test_an_unknown_service_is_refused_in_the_callers_language(kiosk: httpx.Client) -> None:
    refused = order(kiosk, "IssueTicket", services=["7"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "unknown-service")
    assert "«7»" in refused.json()["detail"]
    kiosk.headers["Accept-Language"] = "fr, en-GB;q=0.8, vi;q=0.2"
    assert "There is no service" in order(kiosk, "IssueTicket", services=["7"]).json()["detail"]


def test_outside_hours_no_number_is_given_out(kiosk: httpx.Client, site: RunningSite) -> None:
    site.clock.later(12 * HOUR_MS / 1000)
    refused = order(kiosk, "IssueTicket", services=["1"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "closed-now")
    assert "07:30–11:15, 13:30–16:30" in refused.json()["detail"]
    assert kiosk.get("/api/catalogue").json()["hours"] == "07:30–11:15, 13:30–16:30"


def test_a_service_is_rated_once(kiosk: httpx.Client, pad: httpx.Client, site: RunningSite) -> None:
    order(kiosk, "IssueTicket", services=["1"])
    for command in (SignIn("1"), OpenCounter("1")):
        site.give(CLERK, command)
    early = order(pad, "Rate", counter="1", level=4)
    assert (early.status_code, early.json()["reason"]) == (409, "rating-not-due")
    for work in (CallNext("1"), StartService("1"), FinishService("1")):
        site.give(CLERK, work)
    assert order(pad, "Rate", counter="1", level=4).status_code == 200
    second = order(pad, "Rate", counter="1", level=1)
    assert (second.status_code, second.json()["reason"]) == (409, "rating-not-due")
    assert site.hub.snapshot().ratings_today == 1


def test_words_are_stored_composed(clerk: httpx.Client, site: RunningSite) -> None:
    order(clerk, "SignIn", counter="1")
    order(clerk, "OpenCounter", counter="1")
    reason = "Nghỉ trưa"
    order(clerk, "PauseCounter", counter="1", reason=unicodedata.normalize("NFD", reason))
    assert site.hub.snapshot().counters[0].pause_reason == reason


def test_training_does_not_touch_the_live_queue(kiosk: httpx.Client, site: RunningSite) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"type": "IssueTicket", "services": ["1"]}
    answer = kiosk.post("/api/commands", params={"training": "true"}, headers=key, json=body)
    assert answer.json()["number"] == "01001"
    assert not site.hub.house.live.tickets
    practised = kiosk.get("/api/snapshot", params={"training": "true"}).content
    assert msgspec.json.decode(practised, type=Snapshot).waiting[0].number == "01001"
    assert msgspec.json.decode(kiosk.get("/api/snapshot").content, type=Snapshot).waiting == ()


def test_an_error_of_ours_is_an_answer_too(
    kiosk: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Hub, "snapshot", stumble)
    with caplog.at_level(logging.CRITICAL):
        failed = kiosk.get("/api/snapshot")
    assert (failed.status_code, failed.json()["reason"]) == (500, "failed")
    assert "a bug" not in failed.text


def test_nothing_there_and_the_wrong_method(kiosk: httpx.Client) -> None:
    nowhere, wrong = kiosk.get("/api/nowhere"), kiosk.get("/api/commands")
    assert (nowhere.status_code, nowhere.json()["reason"]) == (404, "not-found")
    assert (wrong.status_code, wrong.json()["reason"]) == (405, "wrong-method")
    assert wrong.headers["allow"] == "POST"
    assert kiosk.delete("/api/snapshot").status_code == 405


def test_the_hub_tells_that_it_runs_without_a_token(site: RunningSite) -> None:
    health = httpx.get(f"{site.url}/api/health", trust_env=False, timeout=30)
    assert health.json() == {
        "node": "01-00097-01-h1",
        "seq": 3,
        "day": "2026-11-23",
        "software": "0.1.0",
        "house": "empty",
    }
