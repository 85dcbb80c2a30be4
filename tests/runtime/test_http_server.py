import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer

_FILM_BYTES = 30_000_000


def app(begun: threading.Event | None = None, go_on: threading.Event | None = None) -> Starlette:
    async def hello(_: Request) -> Response:
        return PlainTextResponse("xin chào")

    def slowly(_: Request) -> Response:
        assert begun is not None
        assert go_on is not None
        begun.set()
        go_on.wait(5)
        return PlainTextResponse("done")

    return Starlette(routes=[Route("/", hello), Route("/slow", slowly)])


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=5)


def test_it_serves_on_a_free_port_until_it_is_stopped() -> None:
    server = HttpServer(app(), HttpAddress("127.0.0.1", 0))
    server.start()
    answer = get(server.url)
    assert (answer.text, server.port > 0) == ("xin chào", True)
    assert "server" not in answer.headers
    server.stop()
    with pytest.raises(httpx.ConnectError):
        get(server.url)


def test_connections_wait_until_it_is_started() -> None:
    server = HttpServer(app(), HttpAddress("127.0.0.1", 0))
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
        server.start()
        assert early.recv(100).startswith(b"HTTP/1.1 200")
    server.stop()


def test_a_stopped_address_can_be_served_again_at_once() -> None:
    first = HttpServer(app(), HttpAddress("127.0.0.1", 0))
    first.start()
    get(first.url)
    first.stop()
    second = HttpServer(app(), HttpAddress("127.0.0.1", first.port))
    second.start()
    assert get(second.url).status_code == 200
    second.stop()


def test_an_address_in_use_is_an_error_at_once() -> None:
    server = HttpServer(app(), HttpAddress("127.0.0.1", 0))
    with pytest.raises(OSError, match="in use"):
        HttpServer(app(), HttpAddress("127.0.0.1", server.port))
    server.stop()


def test_a_request_under_way_gets_its_answer() -> None:
    begun, go_on = threading.Event(), threading.Event()
    server = HttpServer(app(begun, go_on), HttpAddress("127.0.0.1", 0))
    server.start()
    answers: list[str] = []
    client = threading.Thread(target=lambda: answers.append(get(f"{server.url}/slow").text))
    client.start()
    assert begun.wait(5)
    threading.Timer(0.2, go_on.set).start()
    server.stop()
    client.join(5)
    assert answers == ["done"]


def test_a_stream_ends_whole_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def ticks() -> AsyncIterator[bytes]:
        while True:
            yield b"tick\n"
            await asyncio.sleep(0.01)

    async def stream(_: Request) -> Response:
        return StreamingResponse(ticks())

    server = HttpServer(Starlette(routes=[Route("/", stream)]), HttpAddress("127.0.0.1", 0))
    server.start()
    with httpx.stream("GET", server.url, trust_env=False, timeout=5) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "tick"
        ending = threading.Thread(target=server.stop)
        ending.start()
        assert set(lines) <= {"tick"}
        ending.join(5)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("is_read", [True, False])
def test_a_file_comes_whole_or_is_broken_off_and_nothing_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_read: bool
) -> None:
    (tmp_path / "film").write_bytes(bytes(_FILM_BYTES))
    app = Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path))])
    server = HttpServer(app, HttpAddress("127.0.0.1", 0))
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as reader:
        reader.sendall(b"GET /film HTTP/1.1\r\nHost: hub\r\n\r\n")
        head, _, body = reader.recv(4096).partition(b"\r\n\r\n")
        assert f"content-length: {_FILM_BYTES}".encode() in head
        ending = threading.Thread(target=server.stop)
        ending.start()
        if not is_read:
            ending.join(5)
        assert (len(body) + left(reader) == _FILM_BYTES) == is_read
        ending.join(5)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def left(reader: socket.socket) -> int:
    """How many bytes still come."""
    count = 0
    with suppress(ConnectionResetError):
        while data := reader.recv(1 << 20):
            count += len(data)
    return count


def test_one_that_was_never_started_can_be_stopped() -> None:
    server = HttpServer(app(), HttpAddress("127.0.0.1", 0))
    server.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
