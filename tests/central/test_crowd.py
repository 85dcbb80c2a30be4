"""A crowd at the centre's door, and visitors who say that they are somebody else."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from msgspec import ValidationError, convert
from msgspec.structs import replace

from central.broker import CENTRE, EmbeddedBroker
from central.service import Centre
from central.settings import HttpSettings
from central.store.access import AccessStore
from central.store.database import database_of, reading
from tests.central.journal import NODE

STRANGER, OTHER, PROXY = "127.0.0.66", "127.0.0.67", "127.0.0.80"
PER_ADDRESS = 128


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker", (NODE,)) as running:
        yield running


@contextmanager
def centre(folder: Path, broker: EmbeddedBroker, http: HttpSettings) -> Iterator[Centre]:
    running = Centre(folder, broker.settings(CENTRE), http=replace(http, port=0))
    running.start()
    try:
        yield running
    finally:
        running.stop()


def visitor(address: str, made: Centre, headers: dict[str, str] | None = None) -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=made.url, transport=transport, headers=headers, timeout=10)


def crowd(held: ExitStack, made: Centre, address: str, size: int) -> list[socket.socket]:
    url = httpx.URL(made.url)
    lines = []
    for _ in range(size):
        line = socket.create_connection(
            (url.host, url.port or 0), timeout=5, source_address=(address, 0)
        )
        lines.append(held.enter_context(line))
    return lines


def test_one_address_keeps_nobody_else_out(tmp_path: Path, broker: EmbeddedBroker) -> None:
    with centre(tmp_path / "centre", broker, HttpSettings()) as made, ExitStack() as held:
        last = crowd(held, made, STRANGER, PER_ADDRESS + 1)[-1]
        assert last.recv(100).startswith(b"HTTP/1.1 503")
        with visitor(OTHER, made) as other:
            assert other.get("/sign-in").status_code == 200


def test_a_full_house_does_not_make_the_centre_look_dead(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    http = HttpSettings(behind_https=True, proxies=(PROXY,))
    with centre(tmp_path / "centre", broker, http) as made, ExitStack() as held:
        last = crowd(held, made, PROXY, 400)[-1]
        assert last.recv(100).startswith(b"HTTP/1.1 503")
        assert made.answers()


@pytest.mark.parametrize(
    ("http", "sender", "noted"),
    [
        (HttpSettings(), "127.0.0.1", "127.0.0.1"),
        (HttpSettings(behind_https=True), "127.0.0.1", "10.9.8.7"),
        (HttpSettings(behind_https=True, proxies=(PROXY,)), PROXY, "10.9.8.7"),
        (HttpSettings(behind_https=True, proxies=(PROXY,)), "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_audit_log_believes_nobody_but_the_proxy(
    tmp_path: Path, broker: EmbeddedBroker, http: HttpSettings, sender: str, noted: str
) -> None:
    folder = tmp_path / "centre"
    forged = {"X-Forwarded-For": "6.6.6.6, 10.9.8.7"}
    with (
        centre(folder, broker, http) as made,
        visitor(sender, made, forged) as client,
    ):
        client.post("/sign-in", data={"name": "An", "password": "sai mật khẩu rồi"})
    with reading(database_of(folder)) as conn:
        assert [row.address for row, _ in AccessStore(conn).audit(0, 10)] == [noted]


@pytest.mark.parametrize("address", ["*", "10.0.0.0/8", ""])
def test_a_proxy_is_one_address(address: str) -> None:
    with pytest.raises(ValidationError):
        convert({"behind_https": True, "proxies": [address]}, HttpSettings)
