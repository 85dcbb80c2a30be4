"""The boards of the nation, of a province and of a site: what stands out, and the way to other
days."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.store.database import database_of, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract import events as e
from tests.central.journal import DAY
from tests.central.nation import NOW_MS, OTHER_SITE, SITE, UNREGISTERED_SITE, Nation, nation
from tests.central.signed_in_page import signed_in, signed_in_page


@pytest.fixture
def page(served: Nation, browser: Browser) -> Iterator[Page]:
    with signed_in_page(served, browser, (1280, 900)) as opened:
        yield opened


def test_a_month_that_is_not_over_is_offered_with_the_one_before_it(served: Nation) -> None:
    reports = re.compile(r"/reports/([0-9-]+)\.pdf[^>]*>([^<]*)<")
    with signed_in(served, "national") as client:
        assert reports.findall(client.get("/").text) == [
            ("2026-11", "Báo cáo tháng 11/2026 đến nay (PDF)"),
            ("2026-10", "Báo cáo tháng 10/2026 (PDF)"),
        ]
        assert reports.findall(client.get("/provinces/01?day=2026-01-31").text) == [
            ("2026-01", "Báo cáo tháng 01/2026 (PDF)")
        ]


def test_three_minutes_are_enough_to_see_what_waits_what_is_broken_and_how_far_to_trust_it(
    served: Nation, page: Page
) -> None:
    page.goto(f"{served.url}/provinces/48")
    expect(page.locator(".trust")).to_contain_text("thiếu 5 sự kiện")
    broken = page.get_by_role("navigation", name="Cảnh báo đang mở").get_by_role("link")
    assert broken.all_inner_texts() == ["Thiếu dữ liệu (1)"]
    expect(page.locator(".figure", has_text="Điểm có số liệu")).to_contain_text("1 trên 1 điểm")
    broken.first.click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(OTHER_SITE)
    page.goto(f"{served.url}/sites/{SITE}")
    open_here = page.get_by_role("navigation", name="Cảnh báo đang mở").get_by_role("link")
    assert "Thiết bị hỏng (1)" in open_here.all_inner_texts()


def test_a_wait_above_the_target_is_marked_wherever_it_is_shown(tmp_path: Path) -> None:
    with nation(tmp_path, wait_target_s=60) as served, signed_in(served, "hanoi") as client:
        for path in ("/", "/provinces/01", f"/sites/{SITE}/days/{DAY}"):
            text = client.get(path).text
            assert 'aria-hidden="true">▲▲</span><span class="unseen"> quá gấp đôi mục tiêu' in text
            assert "▲ là quá mục tiêu 1,0 phút" in text


def test_of_a_day_that_is_over_nobody_is_said_to_wait_now(served: Nation) -> None:
    with signed_in(served, "national") as client:
        for path in ("/", "/provinces/01"):
            today, before = client.get(path).text, client.get(f"{path}?day=2026-11-19").text
            assert "Đang chờ" in today
            assert "Hôm nay, Thứ Sáu 20/11/2026" in today
            for words in ("Đang chờ", "lúc này", "Cảnh báo đang mở", "Số người đang chờ"):
                assert words not in before, (path, words)
            assert "Ngày 19/11/2026 (Thứ Năm)" in before
        by_now = client.get("/provinces/01?day=2026-11-19&rank=waiting").text
        assert (
            'id="rank-p90" href="/provinces/01?rank=p90&amp;day=2026-11-19" aria-current' in by_now
        )


@pytest.mark.parametrize("at", ["/", "/provinces/01", f"/sites/{SITE}"])
def test_any_day_is_reached_by_link_or_by_its_date(served: Nation, page: Page, at: str) -> None:
    page.goto(served.url + at)
    expect(page.locator("#day-after")).to_have_count(0)
    page.locator("#day-before").click()
    expect(page.locator(".heading")).to_contain_text("Ngày 19/11/2026 (Thứ Năm)")
    page.fill("#day", "2026-11-18")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator(".heading")).to_contain_text("Ngày 18/11/2026 (Thứ Tư)")
    page.locator("#day-after").click()
    expect(page.locator("#day")).to_have_value("2026-11-19")
    page.locator("#to-today").click()
    expect(page.locator(".heading")).to_contain_text("Hôm nay, Thứ Sáu 20/11/2026")


def test_a_site_shows_what_each_counter_does_now_also_one_that_has_called_nobody(
    served: Nation, page: Page
) -> None:
    page.goto(f"{served.url}/sites/{SITE}")
    rows = page.get_by_role("region", name="Theo quầy").locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("Đang mở")
    expect(rows.nth(3)).to_contain_text("Tạm ngừng: Nghỉ trưa")
    expect(rows.nth(3)).to_contain_text("từ 10:21")
    figure = page.locator(".figure", has_text="Quầy đang mở")
    expect(figure).to_contain_text("3")
    expect(figure).to_contain_text("1 quầy tạm ngừng")
    page.goto(f"{served.url}/sites/{SITE}/days/2026-11-19")
    expect(page.locator("main")).not_to_contain_text("Quầy đang mở")
    page.goto(f"{served.url}/sites/{UNREGISTERED_SITE}/days/{DAY}")
    silent = page.get_by_role("region", name="Theo quầy").locator("tbody tr").first
    expect(silent.get_by_role("cell").first).to_have_text("–")


def test_where_people_wait_and_no_counter_is_open_is_plain_to_see(tmp_path: Path) -> None:
    with nation(tmp_path) as served, signed_in(served, "national") as client:
        for path in ("/", "/provinces/01", f"/sites/{SITE}/days/{DAY}"):
            assert "không quầy nào" not in client.get(path).text
        journal = served.days[SITE].journal
        heard = len(journal.rows)
        for counter in ("1", "2", "3"):
            journal.add(e.CounterClosed(counter, None, None), 191 * 60_000)
        with closing(open_for_writing(database_of(tmp_path))) as db:
            intake = Intake(SqlIngestStore(db))
            rows = journal.batch(heard + 1, len(journal.rows))
            status = journal.status(wall_ms=NOW_MS - 1_000)
            intake.commit([Received(journal.events_topic, rows, NOW_MS - 1_000)])
            intake.commit([Received(journal.status_topic, status, NOW_MS - 1_000)])
            Folder(SqlRollupStore(db)).step()
        assert "1 điểm có người chờ, không quầy mở" in client.get("/").text
        province = client.get("/provinces/01").text
        assert "1 điểm đang có người chờ mà không quầy nào mở" in province
        assert "▲ có người chờ" in province
        site = client.get(f"/sites/{SITE}/days/{DAY}").text
        assert "Có 4 người đang chờ mà không quầy nào đang mở" in site
        before = client.get("/?day=2026-11-19").text
        assert "không quầy" not in before
