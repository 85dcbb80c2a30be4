"""The line carries faithfully, delays, tears, and refuses when it is cut."""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from simulation.line import Line


class Echo(socketserver.StreamRequestHandler):
    """Sends everything back, and ends when the other side has ended."""

    def handle(self) -> None:
        while data := self.request.recv(65_536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    def handle_error(self, _request: object, _client_address: object) -> None:
        """A line that tears is no error here."""


@pytest.fixture
def echo_port() -> Iterator[int]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def call(line: Line) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port), timeout=5)


def call_and_listen(line: Line) -> None:
    with call(line) as caller:
        caller.recv(10)


def say_all(caller: socket.socket, said: bytes) -> None:
    caller.sendall(said)
    caller.shutdown(socket.SHUT_WR)


def read_to_end(caller: socket.socket) -> bytes:
    return b"".join(iter(lambda: caller.recv(65_536), b""))


def test_it_carries_every_byte_both_ways_and_the_end(echo_port: int) -> None:
    said = bytes(range(256)) * 2000
    with Line("127.0.0.1", echo_port) as line, call(line) as caller:
        speaking = threading.Thread(target=say_all, args=(caller, said))
        speaking.start()
        assert read_to_end(caller) == said
        speaking.join()


def test_it_delays_each_direction(echo_port: int) -> None:
    with Line("127.0.0.1", echo_port, latency_s=0.1) as line, call(line) as caller:
        started = time.monotonic()
        caller.sendall(b"hello")
        assert caller.recv(10) == b"hello"
        assert 0.2 <= time.monotonic() - started < 2


def test_a_cut_resets_what_is_open_and_refuses_what_is_new(echo_port: int) -> None:
    with Line("127.0.0.1", echo_port) as line, call(line) as caller:
        caller.sendall(b"hello")
        assert caller.recv(10) == b"hello"
        line.cut()
        with pytest.raises(ConnectionResetError):
            caller.recv(10)
        with pytest.raises(ConnectionRefusedError):
            call(line)


def test_after_a_cut_it_comes_up_on_the_same_port(echo_port: int) -> None:
    with Line("127.0.0.1", echo_port) as line:
        for _ in range(3):
            line.cut()
            line.up()
            with call(line) as caller:
                caller.sendall(b"hello")
                assert caller.recv(10) == b"hello"


def test_it_is_down_until_it_is_put_up(echo_port: int) -> None:
    line = Line("127.0.0.1", echo_port)
    with pytest.raises(ConnectionRefusedError):
        call(line)
    line.close()


def test_a_target_that_is_away_resets_the_caller() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Line(*nobody.getsockname()) as line, pytest.raises(ConnectionResetError):
            call_and_listen(line)


def test_a_torn_connection_ends_in_mid_stream(echo_port: int) -> None:
    said = bytes(range(256)) * 4000
    with Line("127.0.0.1", echo_port, reset_chance=0.02, seed=7) as line, call(line) as caller:
        heard: list[bytes] = []
        with pytest.raises(ConnectionError):
            talk_for_ever(caller, said, heard)
    assert 0 < len(b"".join(heard)) < len(said)
    assert said.startswith(b"".join(heard))


def talk_for_ever(caller: socket.socket, said: bytes, heard: list[bytes]) -> None:
    for start in range(0, len(said), 4096):
        caller.sendall(said[start : start + 4096])
        heard.append(caller.recv(65_536))


def test_callers_that_reset_leave_nothing_open_behind(
    echo_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Both sides may be gone already when the line comes to reset them."""
    with Line("127.0.0.1", echo_port, reset_chance=0.3, seed=7) as line:
        for _ in range(200):
            with suppress(ConnectionError), call(line) as caller:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                caller.sendall(b"x" * 20_000)
    assert "never retrieved" not in caplog.text
