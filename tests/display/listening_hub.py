"""A small real HTTP server that speaks the hub's documented API and fails on demand."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from contract.commands import AnyCommand
from contract.snapshot import Snapshot
from tests.display.scenes import ANSWER, snapshot

TOKEN = "a-display's-token"


class ListeningHub:
    """Answers commands once per id, and streams the newest snapshot to everyone who listens."""

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.carried_out: dict[str, AnyCommand] = {}
        self.requests: list[str] = []
        self.lose_answers = 0
        self.problem: tuple[int, dict[str, Any]] | None = None
        self.garble = False
        self.snapshot = snapshot()
        self.changed = threading.Condition()
        self.streams = 0
        self.stopping = False
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.hub = hub
                super().__init__(*args)

        self._server = ThreadingHTTPServer(address, Handler)
        self._server.daemon_threads = False
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def publish(self, picture: Snapshot) -> None:
        with self.changed:
            self.snapshot = picture
            self.changed.notify_all()

    def drop_streams(self) -> None:
        with self.changed:
            self.streams += 1
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: ListeningHub
    protocol_version = "HTTP/1.1"
    timeout = 0.5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.hub.requests.append(self.path)
        if not self._allowed():
            return
        command_id = self.headers["Idempotency-Key"]
        command = msgspec.json.decode(body, type=AnyCommand)
        self.hub.carried_out.setdefault(command_id, command)
        if self.hub.lose_answers:
            self.hub.lose_answers -= 1
            self.close_connection = True
            return
        self._send(200, msgspec.json.encode(ANSWER))

    def do_GET(self) -> None:
        self.hub.requests.append(self.path)
        if not self._allowed():
            return
        if self.path.startswith("/api/snapshot"):
            garbled = b'{"seq": "seven"}'
            self._send(200, garbled if self.hub.garble else msgspec.json.encode(self.hub.snapshot))
            return
        if self.path == "/api/catalogue":
            services = [{"id": "1", "series": "1", "name": {"vi": "Hộ tịch – Chứng thực"}}]
            self._send(200, msgspec.json.encode({"site": "01-00097-01", "services": services}))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self._stream(self.hub.streams)

    def _stream(self, generation: int) -> None:
        sent: Snapshot | None = None
        self.wfile.write(b": hello\n\n")
        while True:
            with self.hub.changed:
                self.hub.changed.wait_for(partial(self._news, sent, generation), timeout=0.05)
                if self.hub.stopping or generation != self.hub.streams:
                    return
                picture = self.hub.snapshot
            try:
                if picture is not sent:
                    sent = picture
                    data = msgspec.json.encode(picture)
                    self.wfile.write(b"event: snapshot\r\nid: 1\r\ndata: " + data + b"\r\n\r\n")
                else:
                    self.wfile.write(b": keep-alive\n\n")
            except OSError:
                return

    def _news(self, sent: Snapshot | None, generation: int) -> bool:
        hub = self.hub
        return hub.stopping or generation != hub.streams or hub.snapshot is not sent

    def _allowed(self) -> bool:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, b'{"title":"Unauthorized","status":401,"detail":"token"}')
            return False
        if self.hub.problem is not None:
            status, problem = self.hub.problem
            self._send(status, msgspec.json.encode(problem))
            return False
        return True

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
