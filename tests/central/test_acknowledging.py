"""Saying of several alerts at once that they are seen, on the page and by the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from central.access.accounts import create_token
from central.scope import Role, Scope
from central.store.access import AccessStore
from central.store.alerts import Alerts
from central.store.database import database_of, reading, writing
from central.store.visible import Where
from contract import events as e
from tests.browser import page_of
from tests.central.alerts.office import RULES, Office, quiet_day, serving
from tests.central.journal import NODE, OTHER_NODE, Journal
from tests.central.nation import OTHER_SITE, SITE, Nation, answer

ALWAYS = "2099-01-01T00:00:00Z"
BOARDS = [f"boards:board-{counter}" for counter in range(1, 5)]


class Morning:
    """Four boards are lost in Hà Nội, and one in Đà Nẵng."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(database_of(folder))
        self.hanoi, danang = quiet_day(), quiet_day(OTHER_NODE)
        self.lose(self.hanoi, *BOARDS)
        self.lose(danang, BOARDS[0])
        self.office.live(12, self.hanoi, danang)
        with writing(self.office.database) as db:
            self.token = create_token(db, "An", "national", None, self.office.now_ms, who="x")

    def lose(self, journal: Journal, *devices: str) -> None:
        """These work no more."""
        after_ms = len(journal.rows) * 60_000
        for device in devices:
            journal.add(e.DeviceLost(device, "no-answer"), after_ms)

    def acknowledged(self) -> set[str]:
        """The site and device of every open alert that somebody has acknowledged."""
        with reading(self.office.database) as conn:
            rows = Alerts(conn, Scope()).page(Where(), RULES, 0, 100, still_open=True)
        return {f"{row.site} {row.subject[3:]}" for row in rows if row.acknowledged_ms}

    def audited(self) -> list[tuple[str, str]]:
        """Who acknowledged which alert, as the audit log has it."""
        with reading(self.office.database) as conn:
            lines = AccessStore(conn).audit(0, 1000)
        return [(row.who, row.subject) for row, _ in lines if row.action == "alert-acknowledged"]


@pytest.fixture
def office(tmp_path: Path) -> Morning:
    return Morning(tmp_path)


@pytest.fixture
def client(office: Morning) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {office.token}"}
    with (
        serving(office.office) as url,
        httpx.Client(base_url=url, headers=headers, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def page(office: Morning, browser: Browser) -> Iterator[Page]:
    with serving(office.office) as url, page_of(browser, (1280, 800)) as opened:
        opened.goto(f"{url}/sign-in")
        opened.locator("summary").click()
        opened.fill("#token", office.token)
        opened.keyboard.press("Enter")
        opened.wait_for_url(f"{url}/")
        opened.goto(f"{url}/alerts")
        yield opened


def acknowledge(client: httpx.Client, query: str = "", **seen: Any) -> Any:
    return client.post(f"/api/v1/alerts/acknowledge{query}", json={"opened_until": ALWAYS} | seen)


# --- by the API -------------------------------------------------------------------------------


def test_those_that_are_named_are_acknowledged_each_with_its_line_in_the_audit_log(
    client: httpx.Client, office: Morning
) -> None:
    shown = answer(client, "/alerts")["alerts"]
    chosen = [alert["alert"] for alert in shown if alert["subject"][3:] in BOARDS[:2]]
    assert acknowledge(client, "?province=01", alerts=chosen, note="đã gọi").json() == {
        "acknowledged": 2
    }
    assert office.acknowledged() == {f"{NODE[:11]} {board}" for board in BOARDS[:2]}
    of_hanoi = [one["alert"] for one in shown if one["alert"] in chosen and one["site"] == SITE]
    assert office.audited() == [("An", f"{alert}") for alert in sorted(of_hanoi)]
    (step,) = answer(client, f"/alerts/{office.audited()[0][1]}")["history"][1:]
    assert (step["what"], step["who"], step["note"]) == ("acknowledged", "An", "đã gọi")
    assert acknowledge(client, alerts=[*chosen, 10**9]).json()["acknowledged"] == 1  # Đà Nẵng's
    assert acknowledge(client, alerts=[]).json()["acknowledged"] == 0


def test_all_that_a_question_narrows_to_are_acknowledged_and_none_twice(
    client: httpx.Client, office: Morning
) -> None:
    assert acknowledge(client, "?rule=paper_out").json() == {"acknowledged": 0}
    assert acknowledge(client, f"?rule=device_lost&site={OTHER_SITE}").json()["acknowledged"] == 1
    assert office.acknowledged() == {f"{OTHER_SITE} {BOARDS[0]}"}
    assert acknowledge(client).json()["acknowledged"] == 4
    assert acknowledge(client).json()["acknowledged"] == 0
    assert len(office.audited()) == 5


def test_what_was_opened_after_somebody_looked_stays_for_who_looks_next(
    client: httpx.Client, office: Morning
) -> None:
    until = answer(client, "/alerts?limit=1")["opened_until"]
    office.lose(office.hanoi, "boards:board-9")
    office.office.live(12, office.hanoi)
    assert acknowledge(client, opened_until=until).json()["acknowledged"] == 5
    assert f"{NODE[:11]} boards:board-9" not in office.acknowledged()
    later = answer(client, "/alerts?limit=1")["opened_until"]
    assert acknowledge(client, opened_until=later).json()["acknowledged"] == 1


@pytest.mark.parametrize(
    "seen", [{}, {"opened_until": "soon"}, {"opened_until": "2026-11-20T10:44:07"}]
)
def test_who_does_not_say_what_they_have_seen_acknowledges_nothing(
    client: httpx.Client, office: Morning, seen: dict[str, str]
) -> None:
    assert client.post("/api/v1/alerts/acknowledge", json=seen).status_code == 422
    assert office.acknowledged() == set()


# --- on the page ------------------------------------------------------------------------------


def test_several_are_chosen_and_acknowledged_by_keyboard(page: Page, office: Morning) -> None:
    rows = page.locator("tbody tr")
    for place in (0, 2):
        rows.nth(place).get_by_role("checkbox").focus()
        page.keyboard.press("Space")
    names = [rows.nth(place).locator("td small").inner_text() for place in (0, 2)]
    page.locator("#note").focus()
    page.keyboard.type("đã gọi cho phường")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Đã xác nhận 2 cảnh báo.")
    expect(page.get_by_role("checkbox")).to_have_count(3)
    seen = office.acknowledged()
    assert sorted(one.split()[0] for one in seen) == sorted(names)
    assert len(office.audited()) == 2


def test_all_of_a_filter_are_acknowledged_in_one_step_and_the_filter_stays(
    page: Page, office: Morning
) -> None:
    page.select_option("#province", "01")
    page.get_by_role("button", name="Xem").click()
    page.locator("#to-choosing").click()
    page.get_by_role("button", name="Xác nhận tất cả (4)").click()
    expect(page.get_by_role("status")).to_have_text("Đã xác nhận 4 cảnh báo.")
    expect(page.locator("#province")).to_have_value("01")
    expect(page.locator("#choosing")).to_have_count(0)
    assert office.acknowledged() == {f"{NODE[:11]} {board}" for board in BOARDS}


def test_who_has_chosen_none_is_told_that_nothing_has_changed(page: Page, office: Morning) -> None:
    page.get_by_role("button", name="Xác nhận các cảnh báo đã chọn").click()
    expect(page.get_by_role("status")).to_contain_text("không có gì thay đổi")
    assert office.acknowledged() == set()


def test_what_is_chosen_and_written_outlives_a_refresh(page: Page) -> None:
    page.get_by_role("checkbox").nth(1).check()
    page.fill("#note", "đã gọi")
    page.locator("h1").click()
    before = page.locator("[data-live]").element_handle()
    page.evaluate("document.activeElement.blur(); refresh()")
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()
    page.wait_for_function("before => !before.isConnected", arg=before)
    assert page.get_by_role("checkbox").evaluate_all("all => all.map(one => one.checked)") == [
        False,
        True,
        False,
        False,
        False,
    ]
    expect(page.locator("#note")).to_have_value("đã gọi")


def test_a_form_that_is_none_of_ours_acknowledges_nothing(page: Page, office: Morning) -> None:
    for form in ("", "all=1", "opened_until=soon&all=1", f"opened_until={ALWAYS}&alert=x"):
        answered = page.request.post(
            page.url.replace("/alerts", "/alerts/acknowledge"),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            data=form,
        )
        assert answered.status == 404
    assert office.acknowledged() == set()


# --- who may ----------------------------------------------------------------------------------


def open_alerts(client: httpx.Client, *, is_seen: bool) -> set[tuple[str, str]]:
    return {
        (alert["site"], alert["rule"])
        for alert in answer(client, "/alerts?limit=500")["alerts"]
        if (alert["acknowledged"] is not None) is is_seen
    }


def test_nobody_acknowledges_what_they_may_not_see(served: Nation) -> None:
    with served.client("national") as national:
        alerts = [one["alert"] for one in answer(national, "/alerts?limit=500")["alerts"]]
        hanoi = {one for one in open_alerts(national, is_seen=False) if one[0] != OTHER_SITE}
        assert {SITE, OTHER_SITE} <= {site for site, _ in open_alerts(national, is_seen=False)}
        for who in ("auditor", "booking", "auditor of hongha"):
            with served.client(who) as client:
                assert acknowledge(client).status_code == 403
        assert open_alerts(national, is_seen=True) == set()
        with served.client("danang") as client:
            for elsewhere in (f"?site={SITE}", "?province=01", f"?unit={SITE[:8]}"):
                assert acknowledge(client, elsewhere, alerts=alerts).status_code == 404
            assert open_alerts(national, is_seen=True) == set()
            assert acknowledge(client, alerts=alerts).json()["acknowledged"] > 0
        assert {site for site, _ in open_alerts(national, is_seen=True)} == {OTHER_SITE}
        with served.client("operator of hanoi") as client:
            visible = open_alerts(client, is_seen=False)
            assert acknowledge(client, alerts=alerts).json()["acknowledged"] >= len(visible) > 0
        figures = {one for one in hanoi if one[1] in {"wait", "rating"}}
        assert open_alerts(national, is_seen=False) == figures
        with served.client("hongha") as client:
            acknowledge(client)
        assert {site for site, _ in open_alerts(national, is_seen=False)} <= {
            site for site, _ in figures if site != SITE
        }


@pytest.mark.parametrize(
    ("role", "province", "may"),
    [("auditor", None, False), ("province", "01", True), ("operator", None, True)],
)
def test_the_page_offers_it_to_who_may(
    office: Morning, role: Role, province: str | None, *, may: bool
) -> None:
    with writing(office.office.database) as db:
        token = create_token(db, "Bình", role, province, office.office.now_ms, who="x")
    with (
        serving(office.office) as url,
        httpx.Client(base_url=url, follow_redirects=True, timeout=30) as client,
    ):
        client.post("/sign-in", data={"token": token})
        text = client.get("/alerts").text
    assert ('form="choosing"' in text, 'id="choosing"' in text) == (may, may)
