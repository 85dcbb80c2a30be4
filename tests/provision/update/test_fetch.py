"""Fetching over a line that breaks, from servers that lie, onto a disk that is full."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from contract.stamp import Stamp
from contract.wire import Release, ReleaseFile, release_file
from provision.update import fetch
from provision.update.environment import is_whole
from provision.update.fetch import Fetcher, FetchError
from runtime.clock import SystemClock
from runtime.sealed import unseal
from runtime.trust import context_beside_system
from tests.certificates import Authority
from tests.provision.killed_work import killed
from tests.provision.update.wheelhouses import PIP, TARGET, UpTime, publish, wheel


class Line:
    """How the server behaves: bytes until the line breaks, and whether it knows ranges."""

    def __init__(self) -> None:
        self.breaks_after: int | None = None
        self.ranges = True
        self.spoils = False
        self.sent = 0
        self.asked: list[str] = []


class Server(BaseHTTPRequestHandler):
    def __init__(self, house: Path, line: Line, *rest: object) -> None:
        self.house, self.line = house, line
        super().__init__(*rest)  # type: ignore[arg-type] # as http.server calls it

    def do_GET(self) -> None:
        self.line.asked.append(f"{self.path} {self.headers['Range']}")
        path = self.house / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        if self.line.spoils and path.suffix == ".whl":
            data = data[::-1]
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        if self.line.ranges and start:
            self.send_response(206)
            data = data[start:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        some = data if self.line.breaks_after is None else data[: self.line.breaks_after]
        self.line.sent += len(some)  # before anybody can have read it
        self.wfile.write(some)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Speaker:
    """A server that says the same to everybody, and hangs up."""

    def __init__(self) -> None:
        self.says = b""
        self.asked = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = Thread(target=self._speak)

    def __enter__(self) -> "Speaker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _speak(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:
                return
            with asking:
                asking.recv(4096)
                self.asked += 1
                asking.sendall(self.says)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return tmp_path / "house"


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def url(house: Path, line: Line) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, house, line))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


def whole(house: Path, into: Path, number: int) -> bool:
    release = unseal((house / release_file(number)).read_bytes(), Release).message
    return all(is_whole(into / file.path, file) for file in release.files_for(TARGET))


def test_a_release_comes_over_a_line_that_breaks_again_and_again(
    house: Path, into: Path, line: Line, url: str, tmp_path: Path
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    size = sum(path.stat().st_size for path in house.rglob("*") if path.is_file())
    line.breaks_after = 300_000
    while (left := size - line.sent) > 300_000:
        with pytest.raises(FetchError, match="broke off"):
            Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
        assert size - line.sent < left
    Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
    assert whole(house, into, 2)
    assert line.sent == size  # no byte came twice


def test_a_server_without_ranges_sends_all_again(
    house: Path, into: Path, line: Line, url: str, tmp_path: Path
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    line.breaks_after = 1000
    with pytest.raises(FetchError):
        Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
    line.breaks_after, line.ranges = None, False
    Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
    assert whole(house, into, 2)


def test_what_is_not_what_was_promised_is_thrown_away(
    house: Path, into: Path, line: Line, url: str, tmp_path: Path
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    line.spoils = True
    with pytest.raises(FetchError, match="not what the release promises"):
        Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
    with pytest.raises(FetchError, match="not the one ordered"):
        Fetcher(into, UpTime()).fetch(2, bytes(32), TARGET, (url,))
    line.spoils = False
    Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (url,))
    assert whole(house, into, 2)


def test_only_what_is_new_is_fetched_and_what_is_old_goes(
    house: Path, into: Path, line: Line, url: str, tmp_path: Path
) -> None:
    Fetcher(into, UpTime()).fetch(2, publish(house, 2, [wheel(tmp_path, "2.0")]), TARGET, (url,))
    line.asked.clear()
    Fetcher(into, UpTime()).fetch(3, publish(house, 3, [wheel(tmp_path, "3.0")]), TARGET, (url,))
    assert [what.rpartition("/")[2] for what in line.asked] == [
        "release-3.thutu bytes=0-",
        "sample_hub-3.0-py3-none-any.whl bytes=0-",
    ]
    assert whole(house, into, 3)
    assert not (into / release_file(2)).exists()
    assert not list(into.rglob("sample_hub-2.0*"))


def test_another_source_or_a_folder_does_as_well(
    house: Path, into: Path, url: str, tmp_path: Path
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    sources = (f"{url}/nothing-is-here", str(house))
    Fetcher(into, UpTime()).fetch(2, manifest, TARGET, sources)
    assert whole(house, into, 2)
    with pytest.raises(FetchError, match="no source"):
        Fetcher(into, UpTime()).fetch(3, manifest, TARGET, ())


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    with Speaker() as speaking:
        yield speaking


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01 no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsign in",
        b"",
    ],
    ids=["no HTTP", "cut chunks", "headers without end", "a sign-in page", "nothing"],
)
def test_after_a_source_that_breaks_every_rule_the_next_one_is_asked(
    house: Path, into: Path, url: str, speaker: Speaker, said: bytes
) -> None:
    manifest = publish(house, 2, [wheel(house.parent, "2.0")])
    speaker.says = said
    Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (speaker.url, url))
    assert whole(house, into, 2)
    assert speaker.asked >= 2


def test_a_stick_fills_the_disk_with_no_more_than_was_promised(
    house: Path, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    (path,) = house.rglob("sample_hub-2.0*.whl")
    promised = path.stat().st_size
    with path.open("r+b") as stick:
        stick.write(b"other")
        stick.truncate(50_000_000)
    sizes: list[int] = []

    def watched(came: Path, file: ReleaseFile) -> bool:
        if came.name == f"{path.name}.part":
            sizes.append(came.stat().st_size)
        return is_whole(came, file)

    monkeypatch.setattr(fetch, "is_whole", watched)
    with pytest.raises(FetchError, match="not what the release promises"):
        Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (str(house),))
    assert sizes == [promised]
    assert not list(into.rglob("sample_hub*"))


def test_the_disk_keeps_room_for_the_queue(
    house: Path, into: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    usage = shutil.disk_usage(into)._replace(free=300_100_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage)
    with pytest.raises(FetchError, match="100000 bytes to spare"):
        Fetcher(into, UpTime()).fetch(2, manifest, TARGET, (str(house),))
    assert not list(into.rglob("*.whl"))


def test_the_line_is_left_to_others(house: Path, into: Path, url: str, tmp_path: Path) -> None:
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    clock = UpTime()
    began_s = clock.now_s
    Fetcher(into, clock, most_bytes_s=100_000).fetch(2, manifest, TARGET, (url,))
    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    assert clock.now_s - began_s == pytest.approx(size / 100_000)


class SyncedClock(UpTime):
    """A clock that knows what time it is."""

    def stamp(self) -> Stamp:
        return msgspec.structs.replace(SystemClock().stamp(), synced=True)


@pytest.mark.parametrize(
    ("is_named", "is_over", "clock", "is_trusted"),
    [
        (True, False, SyncedClock(), True),
        (False, False, SyncedClock(), False),
        (True, True, SyncedClock(), False),
        (True, True, UpTime(), True),  # a Pi in 1970 is locked out of nothing
    ],
)
def test_the_centres_own_authority_is_trusted_where_it_is_named(
    house: Path,
    into: Path,
    tmp_path: Path,
    *,
    is_named: bool,
    is_over: bool,
    clock: UpTime,
    is_trusted: bool,
) -> None:
    authority = Authority(tmp_path / "authority")
    shown = authority.sign("centre", expired=is_over)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, house, Line()))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(shown.certificate, shown.key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    manifest = publish(house, 2, [wheel(tmp_path, "2.0")])
    context = context_beside_system(authority.certificate if is_named else None, clock)
    fetcher = Fetcher(into, UpTime(), context=context)
    source = f"https://127.0.0.1:{server.server_port}"
    try:
        if is_trusted:
            fetcher.fetch(2, manifest, TARGET, [source])
        else:
            with pytest.raises(FetchError, match=r"CERTIFICATE_VERIFY_FAILED|was over at"):
                fetcher.fetch(2, manifest, TARGET, [source])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert whole(house, into, 2) is is_trusted


def test_after_a_refusal_only_what_the_release_in_force_needs_is_kept(
    house: Path, into: Path, url: str, tmp_path: Path
) -> None:
    fetcher = Fetcher(into, UpTime())
    fetcher.fetch(2, publish(house, 2, [wheel(tmp_path, "2.0")]), TARGET, [url])
    in_force = unseal((into / release_file(2)).read_bytes(), Release).message
    fetcher.fetch(3, publish(house, 3, [wheel(tmp_path, "3.0")]), TARGET, [url])
    fetcher.keep_only(in_force.files)
    left = [path.name for path in into.rglob("*") if path.is_file()]
    assert left == [PIP.name]


@pytest.mark.parametrize("is_stick", [True, False], ids=["stick", "line"])
def test_killed_before_each_thing_that_it_does_to_the_disk(
    house: Path, into: Path, url: str, tmp_path: Path, *, is_stick: bool
) -> None:
    """Over what another release left: the next try brings the same as one that nothing cut."""
    source = str(house) if is_stick else url
    fetcher = Fetcher(into, UpTime())
    before = publish(house, 2, [wheel(tmp_path, "2.0")])
    wanted = publish(house, 3, [wheel(tmp_path, "3.0")])
    at = 1

    def begin() -> None:
        shutil.rmtree(into)
        into.mkdir()
        fetcher.fetch(2, before, TARGET, [source])

    def fetch_wanted() -> None:
        fetcher.fetch(3, wanted, TARGET, [source])

    begin()
    while killed(into, at, fetch_wanted):
        fetch_wanted()
        assert whole(house, into, 3)
        assert not [*into.rglob("*.part"), *into.rglob("sample_hub-2*"), *into.glob("*-2.thutu")]
        begin()
        at += 1
    assert whole(house, into, 3)
    assert at > 5
