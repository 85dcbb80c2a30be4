"""What an admin reads first: who waits longest now, at places in an order that can be
followed, and the way back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from central.access.accounts import create_token
from central.registry.register import register
from central.registry.sites import parse_sites
from central.scope import Role
from central.store.database import database_of, writing
from contract import events as e
from contract.stamp import Span
from tests.central.alerts.office import MIN, Office, quiet_day, serving
from tests.central.journal import DAY, NODE
from tests.central.nation import SITE, Nation
from tests.central.signed_in_page import signed_in

NAMES = {
    "01-00004-01": "Trung tâm xã Ứng Hòa",
    "01-00008-01": "Trung tâm xã Đa Phúc",
    "01-00025-01": "Trung tâm phường Ô Chợ Dừa",
    "01-00070-01": "Trung tâm xã Dân Hòa",
    "01-00082-01": "Trung tâm phường Bạch Mai",
    "01-00091-01": "Trung tâm phường Bắc Hồng",
    "01-00097-01": "Trung tâm phường Ba Đình",
}
AS_READ = [
    "Trung tâm phường Ba Đình",
    "Trung tâm phường Bạch Mai",
    "Trung tâm phường Bắc Hồng",
    "Trung tâm phường Ô Chợ Dừa",
    "Trung tâm xã Dân Hòa",
    "Trung tâm xã Đa Phúc",
    "Trung tâm xã Ứng Hòa",
]


DA_NANG = {"48-20194-01": "Trung tâm phường Hải Châu"}


@contextmanager
def centre(
    folder: Path, role: Role = "province", *, called: str, waiting: str
) -> Iterator[httpx.Client]:
    """An admin of Hà Nội, or of the nation, at a quarter to nine: at one site somebody waited and
    was called, at another somebody waits, everywhere the printer is out of paper."""
    office, names = Office(database_of(folder)), NAMES | DA_NANG
    lines = ["site,name,type,national_code", *(f"{code},{names[code]},centre," for code in names)]
    province = "01" if role == "province" else None
    with writing(office.database) as db:
        register(db, parse_sites(lines), who="x", now_ms=office.now_ms)
        token = create_token(db, "An", role, province, office.now_ms, who="x")
    journals = {code: quiet_day(f"{code}-h1") for code in names}
    for code, journal in journals.items():
        journal.add(e.DeviceLost("printer", "paper-out"), 0)
        if code in (called, waiting):
            journal.add(e.TicketIssued("1001", ("1",)), 0)
        if code == called:
            journal.add(e.TicketCalled("1001", "1", "1", Span(30 * MIN), Span(0)), 30 * MIN)
    office.live(45, *journals.values())
    with (
        serving(office) as url,
        httpx.Client(base_url=url, follow_redirects=True, timeout=30) as client,
    ):
        assert client.post("/sign-in", data={"token": token}).status_code == 200
        yield client


def named(page: str, link: str) -> list[str]:
    return re.findall(rf'id="{link}-[^"]*" href="[^"]*">([^<]*)</a>', page)


def test_places_that_no_measure_orders_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    with centre(tmp_path, called="01-00004-01", waiting="01-00008-01") as client:
        machines = client.get("/machines").text
        assert named(machines, "hub") == AS_READ
        assert named(machines, "device") == AS_READ
        others = [name for name in AS_READ if name != NAMES["01-00004-01"]]
        by_wait = named(client.get("/provinces/01?rank=p90").text, "site")
        assert by_wait == [NAMES["01-00004-01"], *others]


@pytest.mark.parametrize("address", ["/", "/provinces/01"])
def test_today_who_waits_longest_now_comes_first_and_of_another_day_who_waited(
    tmp_path: Path, address: str
) -> None:
    called, waiting = "01-00097-01", "01-00091-01"
    with centre(tmp_path, called=called, waiting=waiting) as client:
        today = client.get(address).text
        assert named(today, "site")[0] == NAMES[waiting]
        assert re.search(r'id="rank-longest_now"[^>]*aria-current', today)
        chosen = client.get("/provinces/01?rank=p90").text
        assert named(chosen, "site")[0] == NAMES[called]
        past = client.get(f"{address}?day=2026-11-01").text
        assert re.search(r'id="rank-p90"[^>]*aria-current', past)


@pytest.mark.parametrize(
    ("waiting", "called", "first"),
    [
        ("48-20194-01", "01-00097-01", "Thành phố Đà Nẵng"),
        ("01-00097-01", "48-20194-01", "Thành phố Hà Nội"),
    ],
)
def test_of_the_nation_the_province_where_somebody_waits_longest_now_comes_first(
    tmp_path: Path, waiting: str, called: str, first: str
) -> None:
    with centre(tmp_path, "national", called=called, waiting=waiting) as client:
        assert named(client.get("/").text, "province")[0] == first


def test_how_many_centres_the_figures_are_of_stands_beside_their_age(served: Nation) -> None:
    with signed_in(served, "hanoi") as client:
        assert "<p>Điểm có số liệu: 2 trên 3 điểm</p>" in client.get("/").text


@pytest.mark.parametrize("path", ["/machines", "/differences", "/updates", "/procedures"])
def test_the_pages_about_machines_say_where_one_is(served: Nation, path: str) -> None:
    with signed_in(served, "hanoi") as client:
        assert '<a id="machines" href="/machines" aria-current="page">' in client.get(path).text


@pytest.mark.parametrize("path", ["/trends", "/compare", "/alerts"])
def test_a_page_about_a_place_names_it_and_leads_back_to_it(served: Nation, path: str) -> None:
    with signed_in(served, "national") as client:
        of_site = client.get(f"{path}?site={SITE}").text
        assert f'<a id="to-place" href="/sites/{SITE}">' in of_site
        assert re.search(rf"<h1>[^<]*: Phường Hồng Hà \({SITE}\)</h1>", of_site)
        assert '<a id="to-place" href="/provinces/01">' in client.get(f"{path}?province=01").text
        assert 'id="to-place"' not in client.get(path).text
    with signed_in(served, "hanoi") as client:
        assert 'id="to-place"' not in client.get(f"{path}?province=01").text


def test_who_sees_no_figures_is_led_to_none(served: Nation) -> None:
    with signed_in(served, "operator") as client:
        assert 'id="to-place"' not in client.get(f"/alerts?site={SITE}").text


def test_a_device_has_a_name_in_words_and_the_one_that_an_engineer_needs(served: Nation) -> None:
    with signed_in(served, "hanoi") as client:
        for path in ("/machines", f"/sites/{SITE}/days/{DAY}"):
            page = client.get(path).text
            assert f"Máy in phiếu<small>printer · {NODE}</small>" in page
            assert f"display-2<small>{NODE}</small>" in page
