"""The centre's HTTP server: API and pages on one port, in a thread of its own."""

import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from fastapi import FastAPI

_HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_UNCHANGING = ("/static/", "/fonts/")
_STOP_S = 10.0

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class Front:
    """Sends what is below `/api/` to the API and the rest to the pages, and adds to every answer
    the headers that keep browsers from loading, leaking or storing what they should not."""

    def __init__(self, api: FastAPI, pages: FastAPI) -> None:
        self._api = api
        self._pages = pages

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request (ASGI)."""
        path: str = scope["path"]
        kept = b"max-age=86400" if path.startswith(_UNCHANGING) else b"no-store"

        async def send_with_headers(message: _Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS, (b"cache-control", kept)]
            await send(message)

        app = self._api if path.startswith("/api/") else self._pages
        await app(scope, receive, send_with_headers)


class HttpServer:
    """Serves `front` on a host and port, 0 for any free one."""

    def __init__(self, front: Front, host: str, port: int) -> None:
        self._host = host
        self._socket = socket.create_server((host, port), family=_family(host))
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                front,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    @property
    def url(self) -> str:
        """Where it can be reached."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what has been asked, and end."""
        self._server.should_exit = True
        self._thread.join(_STOP_S)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
