"""An ASGI application served from a thread of its own, started and stopped at will."""

import logging
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

_STOP_S = 5.0
_LAST_ANSWERS_S = 1
_BACKLOG = 128


class HttpServer:
    """Serves `app` on `host` and `port`; port 0 takes a free one."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        """Bind the address. Raises OSError when it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name=f"http-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Serve; connections wait in the backlog until the application is ready."""
        self._thread.start()

    def stop(self) -> None:
        """Let requests under way end, briefly, and close the address."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        if self._thread.is_alive():
            logger.warning("The server on port %d has not ended and is left behind", self.port)
        self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])
