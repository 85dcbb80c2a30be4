"""The page behind a ticket's QR code, as a phone gets it."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.public.app import create_public
from central.public.page import ticket_page
from central.public.queue import InLine, SiteQueue
from central.public.server import public_server
from central.settings import (
    CentralSettings,
    EmbeddedBrokerSettings,
    FigureSettings,
    PublicSettings,
    StoreSettings,
)
from central.store.database import Location, reading
from central.web.app import create_pages
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.wording import say
from tests.browser import page_of
from tests.central.journal import DAY
from tests.central.nation import OTHER_SITE, SITE, UNREGISTERED_SITE, StandingClock, nation

SETTINGS = CentralSettings(
    StoreSettings(Path("unused")),
    embedded_broker=EmbeddedBrokerSettings(),
    figures=FigureSettings(live_within_s=180),
    public=PublicSettings(port=0),
)


@pytest.fixture(scope="module")
def database(
    new_location: Callable[[], Location], tmp_path_factory: pytest.TempPathFactory
) -> Location:
    """What the centre knows at 10:42, in each engine in turn: see `tests.central.nation`."""
    location = new_location()
    with nation(tmp_path_factory.mktemp("public"), location):
        return location


def front(database: Location) -> HttpServer:
    """The centre's front with the public's pages."""
    clock = StandingClock()
    entrance = Entrance(database, clock, live_within_s=180)
    pages = create_public(database, clock, live_within_s=180)
    apps = Front(create_api(entrance, lambda: True), create_pages(entrance), public=pages)
    return HttpServer(apps, HttpAddress("127.0.0.1", 0))


def program(database: Location) -> HttpServer:
    """What `thutu-central public` serves."""
    return public_server(SETTINGS, database, StandingClock())


@pytest.fixture(scope="module", params=[front, program], ids=["front", "program"])
def url(request: pytest.FixtureRequest, database: Location) -> Iterator[str]:
    """Where the public's pages are."""
    server: HttpServer = request.param(database)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def waiting(database: Location) -> list[str]:
    """Who waits at Hồng Hà, as the centre has it, of the service with most of them, in order."""
    with reading(database) as db:
        rows = db.execute(
            """SELECT services, ticket FROM queue_now
            JOIN journals USING (journal) JOIN nodes USING (node) JOIN sites USING (site)
            WHERE sites.code = ? AND phase = 'waiting' ORDER BY since_ms, ticket""",
            (SITE,),
        ).fetchall()
    services = [service for service, _ in rows]
    most = max(set(services), key=services.count)
    return [ticket for service, ticket in rows if service == most]


def get(url: str, number: str, site: str = SITE, day: str = DAY, **more: str) -> httpx.Response:
    """The page of a ticket."""
    return httpx.get(f"{url}/t/{site}/{day}/{number}", headers=more, trust_env=False, timeout=30)


def text_of(page: httpx.Response) -> str:
    """What is read on a page."""
    main = page.text.partition("<main>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def seconds_until_asked_again(page: httpx.Response) -> int | None:
    """When a browser that shows this asks again by itself."""
    found = re.search(r'<meta http-equiv="refresh" content="(\d+)">', page.text)
    return int(found[1]) if found else None


def test_everyone_sees_their_place(url: str, waiting: list[str]) -> None:
    assert len(waiting) >= 2
    for ahead, number in enumerate(waiting):
        page = get(url, number)
        expected = say("ticket_page.ahead", n=ahead) if ahead else say("ticket_page.next")
        assert page.status_code == 200
        assert expected in text_of(page)
        assert say("ticket_page.as_of", time="10:41", seconds=30) in text_of(page)
        assert f"<title>{number}: {expected}</title>" in page.text
        assert seconds_until_asked_again(page) == 30


def test_it_speaks_english_when_asked(url: str, waiting: list[str]) -> None:
    page = httpx.get(f"{url}/t/{SITE}/{DAY}/{waiting[0]}?lang=en", trust_env=False, timeout=30)
    assert 'lang="en"' in page.text
    assert say("ticket_page.next", "en") in text_of(page)


def test_a_silent_site_says_since_when(url: str, database: Location) -> None:
    with reading(database) as db:
        (number,) = db.execute(
            """SELECT ticket FROM queue_now JOIN journals USING (journal) JOIN nodes USING (node)
            JOIN sites USING (site) WHERE sites.code = ? AND phase = 'waiting' LIMIT 1""",
            (UNREGISTERED_SITE,),
        ).fetchone()
    words = text_of(get(url, number, UNREGISTERED_SITE))
    stale = say("ticket_page.stale_since", time="(TIME)").replace("(TIME)", "[0-9]{2}:[0-9]{2}")
    assert re.search(stale, words)
    assert "phút nữa" not in words


def test_a_number_that_is_not_there_tells_nothing_more(url: str) -> None:
    assert say("ticket_page.state_gone") in text_of(get(url, "1999"))
    assert say("ticket_page.state_other_day") in text_of(get(url, "1001", day="2026-11-19"))


@pytest.mark.parametrize(
    ("place", "day"),
    [
        (SITE, "2026-11-21"),
        (UNREGISTERED_SITE, "2026-11-21"),
        (f"{SITE}-h7", DAY),
    ],
    ids=["the line is up", "the line is down", "a hub that was taken away or was never heard"],
)
def test_a_number_of_which_nothing_is_known_sends_its_citizen_to_the_screen(
    url: str, place: str, day: str
) -> None:
    words = text_of(get(url, "1001", place, day))
    assert say("ticket_page.state_no_news") in words
    assert say("ticket_page.never_heard") not in words
    english = httpx.get(f"{url}/t/{place}/{day}/1001?lang=en", trust_env=False, timeout=30)
    assert say("ticket_page.state_no_news", "en") in text_of(english)


@pytest.mark.parametrize(
    ("site", "day", "number"),
    [
        ("01-00098-01", DAY, "1001"),
        ("01-00097", DAY, "1001"),
        (SITE, "today", "1001"),
        (SITE, DAY, "1"),
        (SITE, DAY, "1001%0A"),
        ("%3Cscript%3E", DAY, "1001"),
    ],
)
def test_an_address_that_means_nothing_is_refused(
    url: str, site: str, day: str, number: str
) -> None:
    page = get(url, number, site, day)
    assert page.status_code == 404
    assert say("ticket_page.unknown_ticket") in text_of(page)
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.text
    assert seconds_until_asked_again(page) is None


def test_a_page_is_kept_for_seconds_and_then_asked_after(url: str, waiting: list[str]) -> None:
    first = get(url, waiting[0])
    assert first.headers["cache-control"] == "public, max-age=5"
    again = get(url, waiting[0], **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = get(url, waiting[1], **{"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_nothing_is_stored_loaded_from_elsewhere_or_run(url: str, waiting: list[str]) -> None:
    page = get(url, waiting[0])
    assert "set-cookie" not in page.headers
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert "<script" not in page.text
    [address] = re.findall(r'(?:src|href)="([^"?#][^"#]*)"', page.text)
    style = httpx.get(f"{url}{address}", trust_env=False, timeout=30)
    assert address == f"/t/style.css?{hashlib.sha256(style.content).hexdigest()[:12]}"
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text


def test_another_site_is_not_told(url: str, waiting: list[str]) -> None:
    page = get(url, waiting[0], OTHER_SITE).text
    assert "Hồng Hà" not in page
    assert "Hải Châu" in page


def test_too_many_requests_of_one_address_are_refused(database: Location) -> None:
    public = create_public(database, StandingClock(), live_within_s=180, requests_per_minute=3)
    server = HttpServer(public, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        answers = [get(server.url, "1001") for _ in range(4)]
    finally:
        server.stop()
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["retry-after"]) >= 1
    assert say("ticket_page.too_often") in text_of(answers[3])
    assert seconds_until_asked_again(answers[3]) == int(answers[3].headers["retry-after"])


def test_a_store_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    public = create_public(tmp_path / "none.db", StandingClock(), live_within_s=180)
    server = HttpServer(public, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        answer = get(server.url, "1001")
    finally:
        server.stop()
    assert answer.status_code == 503
    assert say("ticket_page.not_readable") in text_of(answer)
    assert seconds_until_asked_again(answer) == 30


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits_a_phone_without_scripts(
    url: str, waiting: list[str], browser: Browser, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 640}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{url}/t/{SITE}/{DAY}/{waiting[1]}")
    wide = page.locator("main").bounding_box()
    number = page.locator("h1").bounding_box()
    context.close()
    assert wide is not None
    assert number is not None
    assert wide["width"] <= width
    assert number["y"] + number["height"] < 640
    assert number["height"] >= 60


def test_it_fits_a_small_phone_in_large_type(
    url: str, waiting: list[str], browser: Browser
) -> None:
    with page_of(browser, (320, 480)) as page:
        for place in (f"{SITE}/{DAY}/{waiting[1]}", f"{SITE}/{DAY}/1999", "nowhere/today/1"):
            page.goto(f"{url}/t/{place}")
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            expect(page.get_by_role("heading", level=1)).to_have_count(1)


@pytest.mark.parametrize(("live", "is_marked"), [(True, True), (False, False)])
def test_who_is_called_sees_it_at_a_glance_unless_it_may_be_long_ago(
    live: bool, is_marked: bool
) -> None:
    tickets = {"1001": InLine("called", "1", 0), "1002": InLine("waiting", "1", 0)}
    queue = SiteQueue("Trung tâm", DAY, live, 0, tickets, {}, 0)
    called = ticket_page(queue, DAY, "1001", "vi").decode()
    assert ('class="ahead called"' in called) == is_marked
    assert say("ticket_page.state_called") in called
    assert "ahead called" not in ticket_page(queue, DAY, "1002", "vi").decode()


def test_a_program_of_its_own_serves_these_pages_alone_as_guarded_as_the_centre(
    database: Location,
) -> None:
    server = program(database)
    server.start()
    try:
        for path in ("/", "/api/v1/overview", "/sign-in", "/releases/x", "/enrol/v1", "/t/"):
            answer = httpx.get(f"{server.url}{path}", trust_env=False, timeout=30)
            assert answer.status_code == 404, path
            assert answer.headers["content-security-policy"].startswith("default-src 'self'")
            assert answer.headers["x-content-type-options"] == "nosniff"
        large = httpx.post(f"{server.url}/t/x", content=b"x" * 70_000, trust_env=False, timeout=30)
        assert large.status_code == 413
    finally:
        server.stop()
