"""The hub's client and the server of its API over TLS, each with the site's own authority."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from contract.snapshot import Snapshot
from runtime.authority import Authority, key_pem
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.hub_client import Catalogue, HubClient, HubUnreachable, Silence
from runtime.private_file import write_private
from runtime.settings import SettingsError
from tests.display.scenes import snapshot
from tests.edge.running_site import TestClock
from tests.waiting import until

NOW_MS = SystemClock().stamp().wall_ms
DAY_MS = 86_400_000
YEAR = timedelta(days=365)


class Site:
    """An authority, and the certificate of a server on 127.0.0.1; both of `now_ms`."""

    def __init__(self, folder: Path, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms
        self.authority = Authority.create(folder, "site", now_ms)
        self.ca_file = folder / "ca.pem"
        self.certificate = folder / "hub.pem"
        self.issue()

    def issue(self, name: str = "127.0.0.1", begun_ms: int | None = None) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        begun_ms = self.now_ms if begun_ms is None else begun_ms
        issued = self.authority.certify_server([name], key.public_key(), begun_ms, YEAR)
        write_private(self.certificate, key_pem(key) + issued.public_bytes(Encoding.PEM))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@contextmanager
def served(site: Site) -> Iterator[HttpServer]:
    async def catalogue(_: Request) -> Response:
        return Response(msgspec.json.encode(Catalogue(())))

    async def stream(request: Request) -> Response:
        async def pictures() -> AsyncIterator[bytes]:
            yield b"event: snapshot\ndata: " + msgspec.json.encode(snapshot()) + b"\n\n"
            await request.receive()  # until one of us goes

        return StreamingResponse(pictures(), media_type="text/event-stream")

    async def large(_: Request) -> Response:
        return Response(b"x" * 1_000_000)

    routes = [
        Route("/api/catalogue", catalogue),
        Route("/api/stream", stream),
        Route("/large", large),
    ]
    server = HttpServer(Starlette(routes=routes), HttpAddress("127.0.0.1", 0, site.certificate))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def client(server: HttpServer, ca_file: Path, clock: TestClock | None = None) -> HubClient:
    return HubClient(server.url, "token", "en", clock=clock, ca_file=ca_file, attempts=1)


def test_the_right_authority_opens_requests_and_streams(site: Site) -> None:
    with served(site) as server, closing(client(server, site.ca_file)) as hub:
        assert server.url.startswith("https://")
        assert hub.catalogue() == Catalogue(())
        assert len(hub.read_file("/large")) == 1_000_000
        assert isinstance(next(iter(hub.stream())), Snapshot)


def test_a_stream_over_tls_ends_when_it_is_closed(site: Site) -> None:
    with served(site) as server, closing(client(server, site.ca_file)) as hub:
        heard: list[object] = []
        reader = threading.Thread(target=lambda: heard.extend(hub.stream()))
        reader.start()
        until(lambda: hub._stream_socket is not None)
        hub.close()
        reader.join(5)
        assert not reader.is_alive()


def test_another_authority_is_refused_in_clear_words(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other")
    with served(site) as server, closing(client(server, other.ca_file)) as hub:
        with pytest.raises(HubUnreachable, match=r"not the one that this machine trusts.*ca_file"):
            hub.catalogue()
        heard = next(iter(hub.stream()))
        assert isinstance(heard, Silence)
        assert "not the one that this machine trusts" in heard.cause
        assert heard.distrust == "unable to get local issuer certificate"


def test_another_name_is_refused(site: Site) -> None:
    site.issue("192.168.1.77")
    with (
        served(site) as server,
        closing(client(server, site.ca_file)) as hub,
        pytest.raises(HubUnreachable, match="not the one that this machine trusts"),
    ):
        hub.catalogue()


def test_a_certificate_that_is_over_is_refused_by_a_clock_that_is_right(site: Site) -> None:
    site.issue(begun_ms=NOW_MS - 366 * DAY_MS)
    with (
        served(site) as server,
        closing(client(server, site.ca_file, TestClock(NOW_MS))) as hub,
        pytest.raises(HubUnreachable, match="was over at"),
    ):
        hub.catalogue()


@pytest.mark.parametrize("wall_ms", [100_000_000_000, 4_070_908_800_000], ids=["1973", "2099"])
def test_a_clock_that_is_wrong_locks_no_device_out(wall_ms: int, site: Site) -> None:
    clock = TestClock(wall_ms)
    clock.synced = False
    with served(site) as server, closing(client(server, site.ca_file, clock)) as hub:
        assert hub.catalogue() == Catalogue(())


def test_plain_http_is_refused_on_both_sides(site: Site) -> None:
    with served(site) as server:
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https:", "http:"), trust_env=False, timeout=30)
        with pytest.raises(SettingsError, match="it must begin with https://"):
            HubClient("http://127.0.0.1:8100", ca_file=site.ca_file)


def test_a_renewed_certificate_is_shown_while_it_serves(site: Site) -> None:
    site.issue(begun_ms=NOW_MS - 366 * DAY_MS)
    with served(site) as server, closing(client(server, site.ca_file, TestClock(NOW_MS))) as hub:
        with pytest.raises(HubUnreachable):
            hub.catalogue()
        site.issue()
        server.read_certificate()
        until(lambda: answers(hub))


def answers(hub: HubClient) -> bool:
    try:
        return hub.catalogue() == Catalogue(())
    except HubUnreachable:
        return False


def test_a_certificate_that_cannot_be_used_leaves_the_one_before(site: Site) -> None:
    with served(site) as server, closing(client(server, site.ca_file)) as hub:
        site.certificate.write_bytes(b"half")
        with pytest.raises(OSError, match="PEM"):
            server.read_certificate()
        assert hub.catalogue() == Catalogue(())


def test_the_server_asks_itself_without_looking_at_names(site: Site) -> None:
    site.issue("192.168.1.77")
    with served(site) as server:
        until(lambda: server.answers("/api/catalogue"))
