"""The page of a morning with many alerts, at sites with names of any length, by day and in the
dark."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from central.access.accounts import create_token
from central.access.audit import Deed
from central.alerts.people import acknowledge
from central.registry.register import register
from central.registry.sites import parse_sites
from central.scope import Scope
from central.store.alerts import Alerts
from central.store.database import database_of, transaction, writing
from central.web import alert_pages
from contract import events as e
from tests.browser import chromium, page_of
from tests.central.alerts.office import RULES, Office, quiet_day, serving
from tests.central.journal import NODE, OTHER_NODE

SITE = NODE[:11]
_TOO_WIDE = """() => [
        ...document.querySelectorAll("html, .scroll, .key, .figure, .cards :is(th, td)")
    ].filter(found => found.scrollWidth > found.clientWidth && found.clientWidth > 1)
    .map(found => found.className || found.tagName)"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A centre's address and a national token: in Hà Nội three displays are lost, the first of
    them acknowledged, and paper is out; in Đà Nẵng a display is lost."""
    database = database_of(tmp_path_factory.mktemp("centre"))
    office = Office(database)
    hanoi, danang = quiet_day(NODE), quiet_day(OTHER_NODE)
    for device in ("boards:b1", "boards:b2", "boards:b3"):
        hanoi.add(e.DeviceLost(device, "no-answer"), len(hanoi.rows) * 60_000)
        office.live(12, hanoi, danang)
    hanoi.add(e.DeviceLost("printer", "paper-out"), 40 * 60_000)
    danang.add(e.DeviceLost("boards:b1", "undervoltage"), 40 * 60_000)
    office.live(12, hanoi, danang)
    with writing(database) as db:
        lines = ["site,name,type,national_code", f"{SITE},{'W' * 200},centre,"]
        register(db, parse_sites(lines), who="x", now_ms=office.now_ms)
        token = create_token(db, "An", "national", None, office.now_ms, who="operator")
        with transaction(db.conn):
            first = Alerts(db.conn, Scope()).alert(1, RULES)
            assert first is not None
            acknowledge(db.conn, first, Deed("An", "alert-acknowledge", "1"), "", office.now_ms)
    with serving(office) as url:
        yield url, token


@pytest.fixture
def client(served: tuple[str, str]) -> Iterator[httpx.Client]:
    url, token = served
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30) as client:
        assert client.post("/sign-in", data={"token": token}).status_code == 200
        yield client


@pytest.fixture(scope="module")
def page(served: tuple[str, str]) -> Iterator[Page]:
    url, token = served
    with chromium() as browser, page_of(browser, (390, 800)) as opened:
        opened.goto(f"{url}/sign-in")
        opened.locator("summary").click()
        opened.fill("#token", token)
        opened.keyboard.press("Enter")
        opened.wait_for_url(f"{url}/")
        opened.goto(f"{url}/alerts")
        yield opened


def test_what_nobody_has_seen_stands_first_and_the_oldest_of_it_on_top(
    client: httpx.Client,
) -> None:
    text = client.get("/alerts").text
    devices = re.findall(r"<small>[^<]*: h1/([^ <]*)", text)
    assert (devices[0], devices[-1]) == ("boards:b2", "boards:b1")
    assert "Cảnh báo chưa ai xác nhận đứng trước" in text


def test_open_alerts_are_narrowed_by_rule_and_province_and_stay_so(page: Page) -> None:
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(5)
    expect(page.locator("#rule-all")).to_have_text("Tất cả (5)")
    expect(page.locator("#rule-paper_out")).to_have_text("Hết giấy in (1)")
    page.locator("#rule-device_lost").click()
    expect(page.locator("#rule-device_lost")).to_have_attribute("aria-current", "true")
    expect(page.locator("#rule-device_lost")).to_have_text("Thiết bị hỏng (4)")
    expect(rows).to_have_count(4)
    page.select_option("#province", "48")
    page.get_by_role("button", name="Xem").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(OTHER_NODE[:11])
    expect(page.locator("#province option:checked")).to_have_text("Thành phố Đà Nẵng (1)")
    page.locator("#closed").click()
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator("#rule-device_lost")).to_have_attribute("aria-current", "true")
    expect(page.locator("#province")).to_have_value("48")
    page.locator("#open").click()
    expect(rows).to_have_count(1)
    page.select_option("#province", "")
    page.get_by_role("button", name="Xem").click()
    page.locator("#rule-all").click()
    expect(rows).to_have_count(5)


def test_the_next_page_keeps_what_they_were_narrowed_to(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_pages, "_AT_ONCE", 2)
    first = client.get("/alerts?rule=device_lost&province=01").text
    (more,) = re.findall(r'id="more" href="([^"]*)"', first)
    assert more == "/alerts?rule=device_lost&amp;province=01&amp;offset=2"
    last = client.get(more.replace("&amp;", "&")).text
    assert "h1/boards:b1" in last
    assert "h1/boards:b2" not in last
    assert 'id="more"' not in last


@pytest.mark.parametrize("asked", ["rule=unheard_of", "province=0", "province=01x", "unit=01"])
def test_what_nobody_can_narrow_to_is_not_found(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/alerts?{asked}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/alerts", "/alerts/1", "/", "/provinces/01", f"/sites/{SITE}", "/machines", "/differences"],
)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_name_of_one_long_word_pushes_nothing_out_of_sight(
    served: tuple[str, str], page: Page, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(served[0] + path)
    assert page.evaluate(_TOO_WIDE) == []
    assert path in ("/", "/differences") or "W" * 200 in page.inner_text("main")


def test_who_prefers_the_dark_has_it_on_screen_and_not_on_paper(
    served: tuple[str, str], page: Page
) -> None:
    page.goto(f"{served[0]}/trends?site={SITE}")
    colours = """() => [document.body, document.querySelector(".card, .chart, .tabs a, p")]
        .map(found => getComputedStyle(found).backgroundColor + getComputedStyle(found).color)"""
    page.emulate_media(color_scheme="light")
    light = page.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(colours)
    assert [one == other for one, other in zip(light, dark, strict=True)] == [False, False]
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(colours) == light
    page.emulate_media(color_scheme="light", media="screen")
