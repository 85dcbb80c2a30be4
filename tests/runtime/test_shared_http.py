"""A client of several threads ends after the last request, whoever closes it."""

import socket
import threading

import httpx
import pytest

from runtime.shared_http import HttpClosed, SharedHttp

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_request_under_way_is_answered_and_its_connection_ends_with_it() -> None:
    answers: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        shared = SharedHttp(httpx.Client(trust_env=False, timeout=30))
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def ask() -> None:
            with shared.lent() as http:
                answers.append(http.get(url).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        line, _ = server.accept()
        with line:
            line.settimeout(30)
            while not line.recv(4096).endswith(b"\r\n\r\n"):
                pass
            shared.close()
            line.sendall(ANSWER)
            asking.join(30)
            assert answers == [200]
            assert line.recv(1) == b""


def test_a_closed_client_is_not_lent() -> None:
    client = httpx.Client()
    shared = SharedHttp(client)
    with shared.lent() as http:
        shared.close()
        still = not http.is_closed
    assert still
    assert client.is_closed
    with pytest.raises(HttpClosed), shared.lent():
        pass


def test_nobody_borrowed_it() -> None:
    client = httpx.Client()
    SharedHttp(client).close()
    assert client.is_closed
