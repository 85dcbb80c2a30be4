import socket
import uuid
from collections.abc import Iterator

import httpx

from tests.edge.api.orders import order, raw
from tests.edge.running_site import KIOSK, RunningSite

TEN_MB = 10_000_000


def test_a_long_body_that_is_announced(kiosk: httpx.Client, site: RunningSite) -> None:
    refused = raw(kiosk, b"x" * TEN_MB)
    assert (refused.status_code, refused.json()["reason"]) == (413, "too-large")
    assert order(kiosk, "IssueTicket", services=["1"]).json()["number"] == "1001"
    assert len(site.hub.house.live.tickets) == 1


def test_a_long_body_that_is_streamed(kiosk: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(TEN_MB // 1000):
            yield b"x" * 1000

    headers = {"Idempotency-Key": str(uuid.uuid4())}
    refused = kiosk.post("/api/commands", headers=headers, content=endless())
    assert (refused.status_code, refused.json()["reason"]) == (413, "too-large")
    assert order(kiosk, "IssueTicket", services=["1"]).json()["number"] == "1001"


def test_a_sign_in_may_not_be_long_either(site: RunningSite) -> None:
    body = {"staff": "nv01", "pin": "1" * 100_000}
    refused = httpx.post(f"{site.url}/api/sessions", json=body, trust_env=False, timeout=30)
    assert (refused.status_code, refused.json()["reason"]) == (413, "too-large")


def test_the_longest_command_is_well_within(kiosk: httpx.Client) -> None:
    assert raw(kiosk, b'{"type":"IssueTicket","services":["1"]}'.ljust(16_000)).status_code == 200


def test_an_announced_body_is_not_waited_for(site: RunningSite) -> None:
    token = site.access.add_device(KIOSK)
    host, port = httpx.URL(site.url).host, httpx.URL(site.url).port
    with socket.create_connection((host, port or 0), timeout=5) as line:
        line.sendall(
            b"POST /api/commands HTTP/1.1\r\nHost: hub\r\nContent-Length: 10000000\r\n"
            b"Idempotency-Key: " + str(uuid.uuid4()).encode() + b"\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\nx"
        )
        assert line.recv(1000).startswith(b"HTTP/1.1 413")
