"""What the pages say before there is anything to show, and for whom everything is silent."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.ingest.intake import Intake, Received
from central.registry.register import register
from central.registry.sites import parse_sites
from central.rollup.folder import Folder
from central.scope import Role
from central.store.database import transaction, writing
from central.store.given_up import retire
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from central.web.app import create_pages
from contract.events import TicketIssued
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.busy_day import morning
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.central.nation import NOW_MS, SITE, StandingClock

REGISTERED = ["site,name,type,national_code", f"{SITE},Trung tâm phường Hồng Hà,centre,"]


@contextmanager
def pages(database: Path, role: Role, province: str | None) -> Iterator[httpx.Client]:
    """Somebody signed in at a centre that nobody has reported to."""
    with writing(database) as db:
        token = create_token(db, "An", role, province, NOW_MS, who="operator")
    entrance = Entrance(database, StandingClock(), 180)
    front = Front(create_api(entrance, bool), create_pages(entrance))
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        with httpx.Client(base_url=server.url, follow_redirects=True, timeout=30) as client:
            client.post("/sign-in", data={"token": token})
            yield client
    finally:
        server.stop()


@pytest.fixture
def registered(database: Path) -> Path:
    """A centre that knows one site."""
    with writing(database) as db:
        register(db, parse_sites(REGISTERED), who="x", now_ms=MORNING_MS)
    return database


def test_an_empty_centre_says_what_to_do_and_shows_no_zeros(database: Path) -> None:
    with pages(database, "national", None) as client:
        first = client.get("/").text
        assert "thutu-central import-sites" in first
        assert "<dl" not in first
        assert "tile" not in first
        assert "thutu-central enrol" in client.get("/machines").text
        differing = client.get("/differences").text
        assert "Chưa máy nào báo phiên bản" in differing
        assert "Chưa máy nào kết nối, nên chưa biết" in differing
        assert "Không cần làm gì" not in differing
        assert "Không có cảnh báo nào đang mở" in client.get("/alerts").text
        assert client.get("/trends").text.count("Không có số liệu nào") == 2


def test_a_province_without_sites_offers_nothing_to_take_away(registered: Path) -> None:
    with pages(registered, "national", None) as client:
        empty, other = (client.get(f"/provinces/{code}").text for code in ("96", "01"))
    assert "Chưa có điểm phục vụ nào" in empty
    assert "province=96" not in empty
    assert "/trends?province=01" in other


def test_a_province_of_silent_sites_is_told_so_and_nobody_claims_that_nothing_is_missing(
    registered: Path,
) -> None:
    with pages(registered, "province", "01") as client:
        first = client.get("/").text
        assert "Không điểm nào đang trực tuyến" in first
        assert "Chưa điểm nào báo cáo" in first
        assert "không thiếu sự kiện nào" not in first
        assert "Trung tâm phường Hồng Hà" in first, "a province's first page lists its sites"
        site = client.get(f"/sites/{SITE}").text
        assert "Trung tâm chưa nhận được gì từ điểm này" in site


def test_where_nobody_is_heard_no_alert_is_not_all_well(registered: Path) -> None:
    with pages(registered, "province", "01") as client:
        for path in ("/", "/provinces/01", f"/sites/{SITE}"):
            assert "Không có cảnh báo nào đang mở" not in client.get(path).text, path


def test_a_hub_that_fell_silent_without_a_word_is_nowhere_called_online(registered: Path) -> None:
    journal = morning(NODE, tickets=5).journal
    heard_ms = MORNING_MS + 3_600_000
    with writing(registered) as db:
        intake = Intake(SqlIngestStore(db))
        intake.commit([Received(journal.status_topic, journal.status(wall_ms=heard_ms), heard_ms)])
    with pages(registered, "province", "01") as client:
        site = client.get(f"/sites/{SITE}").text
    assert "Mất kết nối" in site
    assert f"{NODE}: không báo về từ 08:30" in site
    assert "trực tuyến" not in site


def test_a_site_whose_hubs_were_all_taken_away_has_ended_and_keeps_its_figures(
    registered: Path,
) -> None:
    journal = morning(NODE, tickets=5).journal
    with writing(registered) as db:
        Intake(SqlIngestStore(db)).commit(
            [Received(journal.events_topic, journal.all(), MORNING_MS + 3_600_000)]
        )
        folder = Folder(SqlRollupStore(db))
        while folder.step():
            pass
        with transaction(db.conn):
            retire(db.conn, NODE, NOW_MS)
    with pages(registered, "province", "01") as client:
        site = client.get(f"/sites/{SITE}").text
        first = client.get("/").text
    assert "Đã kết thúc" in site
    assert "mọi máy chủ tại chỗ của điểm đã thôi phục vụ" in site
    assert "chưa nhận được gì" not in site
    assert 'id="quality"' not in site, "there is nothing to say of hubs that are gone"
    assert 'id="by-service"' in site
    assert "1 điểm đã kết thúc" in first
    assert "chưa có số liệu" not in first


def test_a_day_of_which_nothing_is_known_is_not_one_without_citizens(registered: Path) -> None:
    """The line was cut the day before, in the first hour."""
    journal, day_before_ms = Journal(), MORNING_MS - 86_400_000
    journal.add(TicketIssued("1001", ("1",)), wall_ms=day_before_ms)
    with writing(registered) as db:
        intake = Intake(SqlIngestStore(db))
        intake.commit([Received(journal.events_topic, journal.all(), day_before_ms)])
        Folder(SqlRollupStore(db)).step()
    with pages(registered, "province", "01") as client:
        issued = {
            day: re.findall(
                "Đã cấp số</dt><dd>(.*?)</dd>", client.get(f"/sites/{SITE}/days/{day}").text
            )
            for day in ("2026-11-18", "2026-11-19", DAY)
        }
        unknown = [client.get("/").text, client.get("/provinces/01").text]
    assert issued == {"2026-11-18": ["0"], "2026-11-19": ["1"], DAY: ["–"]}
    for page in unknown:
        assert not re.search(r">0</", page)


def test_what_nobody_knows_is_no_zero_in_trends_comparisons_and_files(registered: Path) -> None:
    journal, silent_ms = Journal(), MORNING_MS - 3 * 86_400_000
    journal.add(TicketIssued("1001", ("1",)), wall_ms=silent_ms)
    take(registered, journal, silent_ms)
    week = f"site={SITE}&from=2026-11-17&to={DAY}"
    with pages(registered, "province", "01") as client:
        trends = client.get(f"/trends?site={SITE}").text
        compared = client.get(f"/compare?site={SITE}&from=2026-11-18&to={DAY}").text
        days = lines(client.get(f"/api/v1/exports/days.csv?{week}"))
        (site,) = lines(client.get(f"/api/v1/exports/sites.csv?from=2026-11-18&to={DAY}"))
    assert cells(trends, "20/11/2026")[:3] == cells(trends, "18/11/2026")[:3] == ["–"] * 3
    assert cells(trends, "17/11/2026")[:3] == ["1", "–", "–"], "the line broke on that day"
    assert cells(trends, "16/11/2026")[:3] == ["0"] * 3
    assert cells(compared, "Đã cấp số") == ["1", "–", "–"]
    assert [row[2:7] for row in days] == [["1", *[""] * 4]] + [[""] * 5] * 3
    assert site[3:13] == [""] * 10


def test_where_all_are_live_a_day_without_citizens_has_zeros_everywhere(registered: Path) -> None:
    journal = Journal()
    journal.add(TicketIssued("1001", ("1",)), wall_ms=MORNING_MS - 86_400_000)
    take(registered, journal, NOW_MS)
    with pages(registered, "national", None) as client:
        first = client.get("/").text
        for page in (first, client.get(f"/sites/{SITE}").text):
            assert re.findall("Đã cấp số</dt><dd>(.*?)</dd>", page) == ["0"]
        assert cells(client.get("/trends").text, "20/11/2026")[:3] == ["0"] * 3
    assert cells(first, "Thành phố Hà Nội")[5:7] == ["0", "0"]


def take(database: Path, journal: Journal, now_ms: int) -> None:
    """All rows of a journal, and a heartbeat."""
    said = journal.status(wall_ms=now_ms)
    with writing(database) as db:
        intake = Intake(SqlIngestStore(db))
        intake.commit([Received(journal.events_topic, journal.all(), now_ms)])
        intake.commit([Received(journal.status_topic, said, now_ms)])
        Folder(SqlRollupStore(db)).step()


def cells(page: str, head: str) -> list[str]:
    """What the row of a table says after the cell `head`."""
    (row,) = (row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if f">{head}</" in row)
    return re.findall(r">([^<>]*)</t[dh]>", row)[1:]


def lines(answer: httpx.Response) -> list[list[str]]:
    """The rows of a CSV file."""
    return list(csv.reader(answer.raise_for_status().text.lstrip("\ufeff").splitlines()))[1:]


def test_who_sees_one_province_is_never_told_that_it_is_the_nation(registered: Path) -> None:
    with pages(registered, "province", "01") as client:
        for page in ("/", "/provinces/01", f"/sites/{SITE}", "/trends", "/compare", "/alerts"):
            text = client.get(page).text
            assert "Thành phố Hà Nội" in text, page
            assert "Cả nước" not in text, page


def test_a_day_that_is_over_calls_nobody_to_look_for_the_hubs(registered: Path) -> None:
    with pages(registered, "province", "01") as client:
        assert "Không điểm nào đang trực tuyến" not in client.get("/?day=2026-11-19").text
