"""A mail server and a web server that keep what they are sent, on real sockets."""

import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.certificates import Pair


@dataclass
class Mailbox:
    """What an SMTP server took; `refuse` makes it answer 451. From `drips_at` on
    ("handshake", "banner" or a command) it answers without end, byte by byte."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    plain: list[bytes] = field(default_factory=list)
    refuse: bool = False
    offer_tls: bool = True
    drips_at: str = ""


@contextmanager
def mail_server(pair: Pair, *, implicit: bool = False) -> Iterator[Mailbox]:
    """An SMTP server with STARTTLS, or with TLS from the first byte (RFC 5321, 3207, 4954)."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.certificate, pair.key)
    server = _MailServer(Mailbox(), tls, implicit=implicit)
    with _serving(server) as server.box.port:
        yield server.box


class _MailServer(socketserver.ThreadingTCPServer):
    def __init__(self, box: Mailbox, tls: ssl.SSLContext, *, implicit: bool) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.box = box
        self.tls = tls
        self.implicit = implicit


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer

    def handle(self) -> None:
        self._secured = False
        try:
            if self.server.implicit:
                self._secure()
            self._drip_at("banner")
            self._say("220 sink")
            while (line := self.rfile.readline().strip()) and line.upper() != b"QUIT":
                self._drip_at(line.split()[0].decode().upper())
                self._answer(line)
            self._drip_at("QUIT")
            self._say("221 bye")
        except OSError:
            return

    def finish(self) -> None:
        for stream in (self.wfile, self.rfile, self.connection):
            with suppress(OSError):
                stream.close()

    def _drip_at(self, stage: str) -> None:
        while stage == self.server.box.drips_at:
            self.wfile.write(b"2")
            time.sleep(0.02)

    def _answer(self, line: bytes) -> None:
        box = self.server.box
        if not self._secured:
            box.plain.append(line)
        match line.split()[0].upper():
            case b"EHLO" if self._secured:
                self._say("250-sink", "250 AUTH PLAIN")
            case b"EHLO":
                self._say("250-sink", "250 STARTTLS" if box.offer_tls else "250 HELP")
            case b"STARTTLS":
                self._say("220 go ahead")
                self._secure()
            case b"AUTH":
                box.logins.append(line.split()[-1].decode())
                self._say("235 welcome")
            case b"DATA":
                self._data()
            case _:
                self._say("250 ok")

    def _secure(self) -> None:
        if self.server.box.drips_at == "handshake":
            self.wfile.write(b"\x16\x03\x03\x3f\xff")  # so much is to come
            self._drip_at("handshake")
        self.connection = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self._secured = True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _data(self) -> None:
        self._say("354 go on")
        body = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            body += line
        if self.server.box.refuse:
            self._say("451 not now")
            return
        letter = message_from_bytes(body, policy=default)
        assert isinstance(letter, EmailMessage)
        self.server.box.letters.append(letter)
        self._say("250 taken")


@dataclass
class Posted:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class Web:
    """What an HTTP server took; it answers with `status` and the first of `answers` left, and
    then, byte by byte, `drips`."""

    port: int = 0
    posts: list[Posted] = field(default_factory=list)
    status: int = 200
    answers: list[dict[str, Any]] = field(default_factory=list)
    drips: int = 0
    pause_s: float = 0.0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def web_server() -> Iterator[Web]:
    """An HTTP server that takes POSTs."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            web.posts.append(Posted(self.path, headers, body))
            answer = json.dumps(web.answers.pop(0) if web.answers else {}).encode()
            self.send_response(web.status)
            self.send_header("content-length", str(len(answer) + web.drips))
            self.end_headers()
            self.wfile.write(answer)
            with suppress(OSError):
                for _ in range(web.drips):
                    self.wfile.write(b" ")
                    time.sleep(web.pause_s)

        def log_message(self, *_: object) -> None:
            return

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        web.port = port
        yield web


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    assert isinstance(server, socketserver.TCPServer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
