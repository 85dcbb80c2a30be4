"""What a centre does with bodies that are larger than anybody's."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.central.journal import NODE
from tests.central.nation import Nation

BOOK = f"/api/v1/sites/{NODE[:11]}/appointments"
CATALOGUE = "/api/v1/procedures"
KIB = 1024
ENGLISH = {"Accept-Language": "en"}


def said_too_large(answer: httpx.Response) -> bool:
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not read" in answer.json()["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.status_code == 413


@pytest.mark.parametrize("path", [BOOK, "/sign-in", "/t/nothing", "/nowhere"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_strangers_large_body_is_not_kept(served: Nation, path: str, *, is_chunked: bool) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(65):
            yield b" " * KIB

    body = parts() if is_chunked else b" " * (65 * KIB)
    with served.client(None) as client:
        assert said_too_large(client.post(path, content=body, headers=ENGLISH))
        assert client.get("/api/v1/health").status_code == 200


def test_a_length_that_is_too_large_is_refused_before_anything_comes(served: Nation) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        head = f"POST {BOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: {400 * KIB * KIB}\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(64).startswith(b"HTTP/1.1 413 ")


def test_what_anybody_needs_still_goes_through(served: Nation, national: httpx.Client) -> None:
    with served.client(None) as client:
        assert client.post(BOOK, content=b" " * (64 * KIB)).status_code == 401
        assert client.post("/sign-in", content=b" " * (64 * KIB)).status_code == 413
    procedures = [
        {"code": f"1.{n:06}", "name": {"vi": "Đăng ký khai sinh " * 10}, "service": "1"}
        for n in range(3000)
    ]
    body = json.dumps({"edited": 0, "procedures": procedures}, ensure_ascii=False).encode()
    assert len(body) > 600 * KIB
    answered = national.put(CATALOGUE, content=body, params={"dry_run": True}, headers=ENGLISH)
    assert answered.status_code != 413
    more = body + b" " * (1024 * KIB)
    assert said_too_large(national.put(CATALOGUE, content=more, headers=ENGLISH))
