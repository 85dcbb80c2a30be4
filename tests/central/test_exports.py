"""Files to take away: what is in them, and that they are what they say."""

import csv
import io
import re
import unicodedata
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fpdf import FPDF

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.api.exports import routes
from central.api.exports.fonts import printable
from central.api.exports.report import to_pdf
from central.api.exports.sheets import to_csv, to_xlsx
from central.api.exports.table import Share, Table
from central.api.freshness import local_time
from central.api.period_models import MonthReport
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.store.database import writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from runtime.wording import say
from tests.central.busy_day import morning
from tests.central.journal import DAY, NODE
from tests.central.nation import NOW_MS, SITE, Nation, StandingClock

MADE = local_time(NOW_MS)


def file(served: Nation, who: str, path: str) -> httpx.Response:
    with served.client(who) as client:
        found = client.get(f"/api/v1{path}")
    assert found.status_code == 200, found.text
    return found


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read("xl/sharedStrings.xml").decode()


def test_a_table_of_sites_agrees_with_the_api(served: Nation) -> None:
    found = file(served, "national", f"/exports/sites.csv?from=2026-11-01&to={DAY}")
    assert found.content.startswith(b"\xef\xbb\xbf"), "Excel would misread it"
    assert found.headers["content-disposition"].startswith("attachment")
    by_site = {row["Mã điểm"]: row for row in rows(found.content)}
    made = served.days[SITE]
    row = by_site[SITE]
    assert row["Điểm phục vụ"] == "Trung tâm phường Hồng Hà"
    assert (row["Đã cấp số"], row["Số lượt đánh giá"]) == (str(made.issued), str(made.ratings))
    assert row["Đầy đủ đến"] == "2026-11-20T10:41:55+07:00"
    median = sorted(made.waits)[(len(made.waits) - 1) // 2] / 60_000
    assert abs(float(row["Chờ trung vị (phút)"]) - median) <= 0.015 * median + 0.05
    assert by_site["01-00004-01"]["Chờ trung vị (phút)"] == ""
    assert by_site["01-00367-01"]["Số lượt đánh giá"] == "", "under five"


def test_a_table_of_days_has_every_day(served: Nation) -> None:
    found = file(served, "danang", f"/exports/days.csv?from=2026-11-01&to={DAY}&language=en")
    days = rows(found.content)
    assert [row["From"] for row in days] == [f"2026-11-{n:02}" for n in range(1, 21)]
    assert [row["Numbers issued"] for row in days[:-1]] == ["0"] * 19


def test_a_table_of_days_ends_today(served: Nation) -> None:
    found = file(served, "danang", "/exports/days.csv?from=2026-11-19&to=2026-11-22&language=en")
    assert [row["From"] for row in rows(found.content)] == ["2026-11-19", "2026-11-20"]


def test_a_workbook_opens_and_says_how_far_it_can_be_trusted(served: Nation) -> None:
    found = file(served, "hanoi", f"/exports/sites.xlsx?to={DAY}")
    text = sheet_text(found.content)
    assert "Trung tâm phường Hồng Hà" in text
    assert "Thành phố Hà Nội" in text
    assert "Lập lúc 10:42 20/11/2026" in text
    assert "Hải Châu" not in text


def test_text_is_never_a_formula() -> None:
    table = Table("=1+1", (), ("a", "b"), [("=cmd|' /C calc'!A0", 1), ("@x", -2.5), ("bình", None)])
    assert rows(to_csv(table)) == [
        {"a": "'=cmd|' /C calc'!A0", "b": "1"},
        {"a": "'@x", "b": "-2.5"},
        {"a": "bình", "b": ""},
    ]
    with zipfile.ZipFile(io.BytesIO(to_xlsx(table, MADE))) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_in_a_workbook_days_are_days_and_shares_are_percent() -> None:
    table = Table("t", (), ("a", "b", "c"), [(date(2026, 11, 20), MADE, Share(0.3529))])
    assert rows(to_csv(table)) == [
        {"a": "2026-11-20", "b": "2026-11-20T10:42:00+07:00", "c": "0.3529"}
    ]
    with zipfile.ZipFile(io.BytesIO(to_xlsx(table, MADE))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        looks = re.findall(r'formatCode="([^"]*)"', book.read("xl/styles.xml").decode())
        whole = book.read("xl/workbook.xml").decode()
    days = (date(2026, 11, 20) - date(1899, 12, 30)).days
    values = [float(value) for value in re.findall(r'<c r="[ABC]4" s="\d+"><v>([^<]*)', sheet)]
    assert values == pytest.approx([days, days + (10 * 60 + 42) / 1440, 0.3529])
    assert {"dd/mm/yyyy", "dd/mm/yyyy hh:mm", "0.0%"} <= set(looks)
    assert "Print_Titles" in whole, "the head stands on every sheet of paper"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that reports put on paper from now on."""
    texts: list[str] = []
    plain = FPDF.multi_cell

    def noted(paper: FPDF, *given: Any, **named: Any) -> Any:
        texts.extend(one for one in (*given, *named.values()) if isinstance(one, str))
        return plain(paper, *given, **named)

    monkeypatch.setattr(FPDF, "multi_cell", noted)
    return texts


def test_a_report_of_a_month_that_is_not_over_says_so(served: Nation, printed: list[str]) -> None:
    so_far = say("centre_report.not_over", day="20/11/2026")
    file(served, "hanoi", "/reports/2026-11.pdf")
    assert so_far in printed
    printed.clear()
    file(served, "hanoi", "/reports/2026-10.pdf")
    assert not [text for text in printed if "chưa hết" in text]


def test_a_report_of_several_provinces_compares_them(served: Nation, printed: list[str]) -> None:
    file(served, "national", "/reports/2026-11.pdf")
    assert say("centre_report.provinces") in printed
    places = {text for text in printed if text.startswith("Thành phố")}
    assert places == {"Thành phố Hà Nội", "Thành phố Đà Nẵng"}
    assert "2 / 3" in printed
    printed.clear()
    file(served, "hanoi", "/reports/2026-11.pdf")
    assert say("centre_report.provinces") not in printed


def test_a_report_of_one_site_names_it(served: Nation, printed: list[str]) -> None:
    file(served, "hanoi", f"/reports/2026-11.pdf?site={SITE}")
    assert f"Trung tâm phường Hồng Hà ({SITE})" in printed


def test_a_report_has_the_month_before_beside_it(
    database: Path, printed: list[str], served: Nation
) -> None:
    file(served, "hanoi", "/reports/2026-11.pdf")
    assert not [text for text in printed if "10/2026" in text], "nobody had figures then"
    printed.clear()
    earlier = morning(NODE, tickets=23, day="2026-10-31", days_before=20).journal
    with writing(database) as db:
        Intake(SqlIngestStore(db)).commit([Received(earlier.events_topic, earlier.all(), NOW_MS)])
        Folder(SqlRollupStore(db)).rebuild()
        token = create_token(db, "An", "national", None, NOW_MS, who="operator")
    entrance = Entrance(database, StandingClock(), 180)
    server = HttpServer(create_api(entrance, bool), HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        headers = {"Authorization": f"Bearer {token}"}
        httpx.get(f"{server.url}/api/v1/reports/2026-11.pdf", headers=headers, timeout=60)
    finally:
        server.stop()
    assert say("centre_report.month_before", month="10/2026", value="23") in printed


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_monthly_report_is_a_pdf_with_its_own_letters(served: Nation, language: str) -> None:
    found = file(served, "hanoi", f"/reports/2026-11.pdf?language={language}")
    assert found.headers["content-type"] == "application/pdf"
    assert found.content.startswith(b"%PDF-")
    assert b"BeVietnamPro" in found.content
    assert len(re.findall(rb"/Subtype /Image", found.content)) >= 2, "two charts"
    assert b"/Helvetica" not in found.content


def test_a_report_of_a_month_without_figures_is_a_report_too(served: Nation) -> None:
    assert file(served, "national", "/reports/2025-02.pdf").content.startswith(b"%PDF-")


def letters_of(pdf: bytes) -> set[str]:
    """The letters that a PDF has in its fonts."""
    codes = re.findall(rb"^<[0-9A-F]{4}> <([0-9A-F]{4})>$", pdf, re.MULTILINE)
    return {chr(int(code, 16)) for code in codes}


def test_a_name_is_printed_as_it_is_and_what_has_no_letter_is_a_question_mark(
    served: Nation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = letters_of(file(served, "hanoi", "/reports/2026-11.pdf").content)
    assert plain >= set("Báo cáo")
    assert not plain & set("{}?")

    def renamed(report: MonthReport, _where: str, made: datetime, language: str) -> bytes:
        sites = [site.model_copy(update={"name": "{nb} \U0001f600"}) for site in report.sites]
        assert sites
        return to_pdf(report.model_copy(update={"sites": sites}), "Cả nước", made, language)

    monkeypatch.setattr(routes, "to_pdf", renamed)
    assert letters_of(file(served, "hanoi", "/reports/2026-11.pdf").content) >= set("{nb}?")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Phường Hồng Hà", "Phường Hồng Hà"),
        (unicodedata.normalize("NFD", "Phường Hồng Hà"), "Phường Hồng Hà"),
        ("A\U0001f600\ufe0fB 中文", "A?B ??"),
        ("a\nb {nb} **c**", "a\nb {nb} **c**"),
    ],
)
def test_nothing_vanishes_that_the_letters_lack(text: str, printed: str) -> None:
    letters = {ord(one) for one in "aAbBcHPPàgnhườồ {}*"}
    assert printable(text, letters) == printed


def test_taking_a_file_is_noted(served: Nation) -> None:
    file(served, "danang", "/reports/2026-11.pdf")
    with served.client("auditor") as client:
        lines = client.get("/api/v1/audit?limit=500").json()["lines"]
    deeds = {(line["who"], line["action"], line["subject"]) for line in lines}
    assert ("danang", "export", "report 2026-11 Thành phố Đà Nẵng") in deeds


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/exports/sites.csv?province=99", 404),
        ("/exports/days.xlsx?unit=01-99999", 404),
        ("/exports/days.csv?site=01-99999-01", 404),
        ("/reports/2026-11.pdf?province=99", 404),
        ("/reports/2099-12.pdf", 422),
        ("/reports/2026-12.pdf", 422),
        ("/exports/sites.csv?from=2026-11-21&to=2026-11-22", 422),
        ("/exports/days.csv?from=2026-11-21&to=2026-11-22", 422),
    ],
)
def test_no_file_of_what_does_not_exist_and_no_line_in_the_log(
    served: Nation, path: str, status: int
) -> None:
    def lines() -> int:
        with served.client("auditor") as client:
            return len(client.get("/api/v1/audit?limit=500").json()["lines"])

    before = lines()
    with served.client("national") as client:
        refused = client.get(f"/api/v1{path}")
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert lines() == before


def test_forms_go_nowhere_else(served: Nation) -> None:
    with served.client(None) as client:
        policy = client.get("/sign-in").headers["content-security-policy"]
    assert "form-action 'self'" in policy
