import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from runtime.http_address import HttpAddress
from runtime.http_connections import Limits
from runtime.http_server import HttpServer
from tests.certificates import Authority
from tests.waiting import until

ASK = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"
ASK_SLOWLY = ASK.replace(b"/ ", b"/slow ", 1)
KNOWN, PROXY = "127.0.0.9", "127.0.0.8"
LIMITS = Limits(
    connections=8,
    kept=2,
    per_address=3,
    request_s=0.3,
    stall_s=0.3,
    is_known={KNOWN}.__contains__,
    proxies=(PROXY,),
)
MEGABYTES = 8


async def _hello(_: Request) -> Response:
    return PlainTextResponse("xin chào")


async def _echo(request: Request) -> Response:
    return Response(await request.body())


async def _much(_: Request) -> Response:
    return Response(bytes(MEGABYTES * 2**20))


async def _ticks(_: Request) -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2**16)
            await asyncio.sleep(0)

    return StreamingResponse(ticks())


async def _address(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "")


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


@pytest.fixture
def server(release: threading.Event) -> Iterator[HttpServer]:
    def slowly(_: Request) -> Response:
        release.wait(5)
        return PlainTextResponse("done")

    routes = [
        Route("/", _hello),
        Route("/slow", slowly),
        Route("/much", _much),
        Route("/ticks", _ticks),
        Route("/address", _address),
        Route("/echo", _echo, methods=["POST"]),
    ]
    app = Starlette(routes=routes)
    running = HttpServer(app, HttpAddress("127.0.0.1", 0), LIMITS)
    running.start()
    yield running
    running.stop()


def connected(server: HttpServer, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", server.port), timeout=5, source_address=(address, 0)
    )


def places_taken(server: HttpServer) -> int:
    return len(server._server.server_state.connections)


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


def test_strangers_leave_the_last_places_to_those_known_here(server: HttpServer) -> None:
    with ExitStack() as held:

        def visit(address: str) -> bytes:
            line = held.enter_context(connected(server, address))
            line.sendall(ASK)
            return answer(line)[:12]

        strangers = [visit(f"127.0.0.{number}") for number in (2, 2, 2, 3, 3, 3, 4)]
        assert strangers == [b"HTTP/1.1 200"] * 6 + [b"HTTP/1.1 503"]
        assert visit(KNOWN) == b"HTTP/1.1 200"
        assert visit("127.0.0.1") == b"HTTP/1.1 200"
        assert visit(KNOWN) == b"HTTP/1.1 503", "all together are bounded too"
        assert server.answers(), "its own way in is never full"


def test_a_proxy_brings_more_than_one_address_may(server: HttpServer) -> None:
    lines = [connected(server, PROXY) for _ in range(5)]
    for line in lines:
        line.sendall(ASK)
        assert answer(line).startswith(b"HTTP/1.1 200")
        line.close()


@pytest.mark.parametrize(("address", "seen"), [(PROXY, b"10.9.8.7"), ("127.0.0.1", b"127.0.0.1")])
def test_only_a_proxy_says_for_whom_it_asks(server: HttpServer, address: str, seen: bytes) -> None:
    with connected(server, address) as line:
        line.sendall(
            b"GET /address HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n"
            b"X-Forwarded-For: 6.6.6.6, 10.9.8.7\r\n\r\n"
        )
        assert everything(line).endswith(b"\r\n\r\n" + seen)


@pytest.mark.parametrize("path", [b"/much", b"/ticks"])
@pytest.mark.parametrize("ending", [b"", b"Connection: close\r\n"])
def test_who_reads_nothing_is_cut(
    server: HttpServer, path: bytes, ending: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    ask = ASK.replace(b"/ ", path + b" ", 1).replace(b"\r\n\r\n", b"\r\n" + ending + b"\r\n")
    with connected(server) as line:
        line.sendall(ask * 3)
        until(lambda: places_taken(server) == 1)
        until(lambda: places_taken(server) == 0)
        everything(line)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_who_reads_slowly_is_served(server: HttpServer) -> None:
    with connected(server) as line:
        line.sendall(ASK.replace(b"/ ", b"/much ", 1))
        said = 0
        pause = threading.Event()
        while said < MEGABYTES * 2**20:
            more = len(line.recv(2**18))
            assert more, f"cut after {said} bytes"
            said += more
            pause.wait(LIMITS.stall_s / 10)


def test_who_sends_many_requests_ahead_is_refused(server: HttpServer) -> None:
    with connected(server) as line:
        line.sendall(ASK_SLOWLY + ASK * 100)
        assert b"HTTP/1.1 400" in everything(line)


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


def test_who_reads_nothing_is_cut_under_tls_too(tmp_path: Path) -> None:
    pair = Authority(tmp_path).sign("127.0.0.1")
    whole = tmp_path / "whole.pem"
    whole.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    trusting.check_hostname = False
    server = HttpServer(
        Starlette(routes=[Route("/", _much)]),
        HttpAddress("127.0.0.1", 0, whole),
        LIMITS,
    )
    server.start()
    with trusting.wrap_socket(connected(server)) as line:
        line.sendall(ASK)
        until(lambda: places_taken(server) == 1)
        until(lambda: places_taken(server) == 0)
    server.stop()
