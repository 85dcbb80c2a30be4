import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from runtime.http_connections import Limits
from runtime.http_server import HttpServer

ASK = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"
ASK_SLOWLY = ASK.replace(b"/ ", b"/slow ", 1)
LIMITS = Limits(connections=6, per_address=3, request_s=0.3)


async def _hello(_: Request) -> Response:
    return PlainTextResponse("xin chào")


async def _echo(request: Request) -> Response:
    return Response(await request.body())


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


@pytest.fixture
def server(release: threading.Event) -> Iterator[HttpServer]:
    def slowly(_: Request) -> Response:
        release.wait(5)
        return PlainTextResponse("done")

    routes = [Route("/", _hello), Route("/slow", slowly), Route("/echo", _echo, methods=["POST"])]
    app = Starlette(routes=routes)
    running = HttpServer(app, "127.0.0.1", 0, LIMITS)
    running.start()
    yield running
    running.stop()


def connected(server: HttpServer, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(
        (server.host, server.port), timeout=5, source_address=(address, 0)
    )


def answer(line: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said and (more := line.recv(1000)):
        said += more
    return said


def everything(line: socket.socket) -> bytes:
    """What comes until the server has closed or cut the line."""
    said = b""
    try:
        while more := line.recv(1000):
            said += more
    except ConnectionResetError:
        pass
    return said


def test_an_address_has_its_share_and_no_more(server: HttpServer) -> None:
    with connected(server) as a, connected(server) as b, connected(server) as c:
        for line in (a, b, c):
            line.sendall(ASK)
            assert answer(line).startswith(b"HTTP/1.1 200")
        with connected(server) as beyond:
            refused = answer(beyond)
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: 5" in refused
        with connected(server, "127.0.0.2") as other:
            other.sendall(ASK)
            assert answer(other).startswith(b"HTTP/1.1 200")


def test_all_together_are_bounded_too(server: HttpServer) -> None:
    lines = [connected(server, f"127.0.0.{number}") for number in range(1, 8)]
    assert answer(lines[-1]).startswith(b"HTTP/1.1 503")
    for line in lines:
        line.close()


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HT", b"POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_request_that_does_not_come_is_not_waited_for(server: HttpServer, begun: bytes) -> None:
    with connected(server) as line:
        line.sendall(begun)
        assert b"200" not in everything(line)


def test_a_second_request_has_its_own_time(server: HttpServer) -> None:
    with connected(server) as line:
        line.sendall(ASK)
        assert answer(line).startswith(b"HTTP/1.1 200")
        line.sendall(ASK[:10])
        assert everything(line) == b""


def test_an_answer_may_take_longer_than_a_request(
    server: HttpServer, release: threading.Event
) -> None:
    with connected(server) as line:
        line.sendall(ASK_SLOWLY)
        threading.Timer(3 * LIMITS.request_s, release.set).start()
        assert answer(line).startswith(b"HTTP/1.1 200")
