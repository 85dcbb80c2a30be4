"""A visitor's laptop floods the hub with real connections, while clerks and devices go on."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx

from tests.edge.api.orders import order
from tests.edge.running_site import KIOSK, LIMITS, RunningSite
from tests.waiting import until

CLERKS, LAPTOP = "127.0.0.2", "127.0.0.66"
RIGHT = "482915"


def from_address(address: str, site: RunningSite, token: str = "") -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.HTTPTransport(local_address=address, trust_env=False)
    return httpx.Client(
        base_url=site.url, headers=headers, transport=transport, trust_env=False, timeout=10
    )


def sign_in(client: httpx.Client, staff: str, pin: str) -> httpx.Response:
    return client.post("/api/sessions", json={"staff": staff, "pin": pin})


def test_a_flood_of_sign_ins_keeps_no_clerk_from_signing_in(site: RunningSite) -> None:
    site.access.set_pin("nv01", "clerk", RIGHT)
    ending = threading.Event()
    met: list[int] = []

    def guess(number: int) -> None:
        with from_address(LAPTOP, site) as laptop:
            while not ending.is_set():
                met.append(sign_in(laptop, f"nv{number % 3:02}", "000111").status_code)

    with from_address(CLERKS, site) as terminal, ThreadPoolExecutor(24) as flood:
        assert sign_in(terminal, "nv01", RIGHT).status_code == 200
        for number in range(24):
            flood.submit(guess, number)
        try:
            while len(met) < 100:
                ending.wait(0.01)
            during = [sign_in(terminal, "nv01", RIGHT).status_code for _ in range(5)]
        finally:
            ending.set()
    assert during == [200] * 5
    assert set(met) == {401, 429}
    assert met.count(401) <= 12  # ten tries, and what time gave back


def test_who_is_turned_away_learns_when_to_come_again(site: RunningSite) -> None:
    with from_address(LAPTOP, site) as laptop:
        answers = [sign_in(laptop, f"nobody{n}", "000111") for n in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    last = answers[-1]
    assert (last.json()["reason"], last.headers["retry-after"]) == ("sign-in-busy", "6")
    assert "6" in last.json()["detail"]


def test_idle_connections_of_one_address_leave_room_for_the_others(site: RunningSite) -> None:
    address = (httpx.URL(site.url).host, httpx.URL(site.url).port or 0)
    token = site.access.add_device(KIOSK)
    assert LIMITS.per_address is not None
    with ExitStack() as held, from_address(CLERKS, site, token) as kiosk:
        for _ in range(LIMITS.per_address + 20):
            line = socket.create_connection(address, timeout=5, source_address=(LAPTOP, 0))
            held.enter_context(line)
        assert line.recv(100).startswith(b"HTTP/1.1 503")
        assert line.recv(100) == b""
        with kiosk.stream("GET", "/api/stream") as stream:
            assert stream.status_code == 200
            assert order(kiosk, "IssueTicket", services=["1"]).json()["number"] == "1001"
            held.close()
            with from_address(LAPTOP, site, token) as again:
                assert again.get("/api/health").status_code == 200


def test_a_crowd_of_addresses_leaves_places_to_those_known_here(site: RunningSite) -> None:
    address = (httpx.URL(site.url).host, httpx.URL(site.url).port or 0)
    token = site.access.add_device(KIOSK)
    with from_address(CLERKS, site, token) as kiosk:
        assert kiosk.get("/api/snapshot").status_code == 200
    asks = b"GET /page/fonts/BeVietnamPro-Regular.ttf HTTP/1.1\r\nHost: hub\r\n\r\n" * 8
    with ExitStack() as held:
        for number in range(150):
            line = socket.create_connection(
                address, timeout=5, source_address=(f"127.0.1.{number // 15}", 0)
            )
            held.enter_context(line)
            line.sendall(asks)
        with from_address("127.0.0.77", site, token) as stranger:
            assert stranger.get("/api/health").status_code == 503
        with from_address(CLERKS, site, token) as kiosk:
            assert order(kiosk, "IssueTicket", services=["1"]).json()["number"] == "1001"
        with from_address("127.0.0.77", site, token) as stranger:
            until(lambda: stranger.get("/api/health").status_code == 200)
