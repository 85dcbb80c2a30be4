"""The supervisor's log and report, and everyone's own figures."""

import csv
from collections.abc import Iterator
from io import StringIO

import httpx
import pytest
from msgspec.structs import replace

from contract.commands import (
    Actor,
    CallNext,
    CallTicket,
    FinishService,
    IssueTicket,
    MarkNoShow,
    OpenCounter,
    Rate,
    SignIn,
    StartService,
    VoidTicket,
)
from edge.api.report_csv import report_csv
from tests.edge.running_site import CLERK, KIOSK, RULES, RunningSite

CHIEF = Actor("chief", "supervisor")


@pytest.fixture
def chief(site: RunningSite) -> Iterator[httpx.Client]:
    site.access.set_pin("chief", "supervisor", "591482")
    session = site.access.sign_in("chief", "591482")
    assert session is not None
    with site.client(session.token) as client:
        yield client


@pytest.fixture
def worked(site: RunningSite) -> RunningSite:
    """One served and rated out of turn, one absent, one voided."""
    for _ in range(3):
        site.give(KIOSK, IssueTicket(("1",)))
        site.clock.later(60)
    for command in (SignIn("1"), OpenCounter("1"), CallTicket("1", "1002", "người già yếu")):
        site.give(CLERK, command)
    site.give(CLERK, StartService("1"))
    site.clock.later(300)
    site.give(CLERK, FinishService("1"))
    site.give(Actor("pad-1", "pad", "1"), Rate("1", 4))
    site.give(CLERK, CallNext("1"))
    site.give(CLERK, MarkNoShow("1"))
    site.give(CHIEF, VoidTicket("1003", "cấp nhầm"))
    return site


PATHS = ["/api/log", "/api/report", "/api/report.csv"]


@pytest.mark.parametrize("path", PATHS)
def test_only_a_supervisor_reads_them(
    site: RunningSite, kiosk: httpx.Client, clerk: httpx.Client, path: str
) -> None:
    for client in (kiosk, clerk):
        refused = client.get(path)
        assert (refused.status_code, refused.json()["reason"]) == (403, "not-allowed")
    assert httpx.get(f"{site.url}{path}", trust_env=False, timeout=30).status_code == 401


@pytest.mark.usefixtures("worked")
def test_the_log_says_who_did_what_and_why(chief: httpx.Client) -> None:
    page = chief.get("/api/log").json()
    assert [(line["kind"], line.get("number"), line["actor"]) for line in page["lines"]] == [
        ("void", "1003", "chief"),
        ("no-show", "1001", "nv01"),
        ("out-of-turn", "1002", "nv01"),
        ("day-opened", None, "hub"),
    ]
    assert page["lines"][2]["reason"] == "người già yếu"
    assert page["before"] is None


@pytest.mark.usefixtures("worked")
def test_the_log_is_read_page_by_page(chief: httpx.Client) -> None:
    kinds: list[str] = []
    before: int | None = None
    for _ in range(4):
        params = {"limit": 1} if before is None else {"limit": 1, "before": before}
        page = chief.get("/api/log", params=params).json()
        kinds += [line["kind"] for line in page["lines"]]
        before = page["before"]
    assert kinds == ["void", "no-show", "out-of-turn", "day-opened"]
    assert before is None


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"before": 0}, {"before": "x"}])
def test_a_page_that_cannot_be(chief: httpx.Client, params: dict[str, str]) -> None:
    refused = chief.get("/api/log", params=params)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")


@pytest.mark.usefixtures("worked")
def test_the_report_counts_the_day(chief: httpx.Client) -> None:
    report = chief.get("/api/report").json()
    assert (report["tickets"], report["served"], report["no_shows"], report["voided"]) == (
        3,
        1,
        1,
        1,
    )
    assert report["service_times"]["p50_ms"] == 300_000
    assert chief.get("/api/report?training=true").json()["tickets"] == 0


@pytest.mark.usefixtures("worked")
@pytest.mark.parametrize(
    ("language", "site_name", "mean"), [("vi", "Quầy số 1", "4,00"), ("en", "Counter 1", "4.00")]
)
def test_the_report_opens_in_a_spreadsheet(
    chief: httpx.Client, language: str, site_name: str, mean: str
) -> None:
    answer = chief.get("/api/report.csv", params={"language": language})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "thutu-01-00097-01-2026-11-23.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert {len(line) for line in lines} == {len(head)} == {17}
    assert [line[1] for line in lines] == [lines[0][1]] + [lines[1][1]] * 3 + [lines[4][1]] * 2 + [
        lines[6][1]
    ]
    whole, counter, staff = lines[0], lines[4], lines[6]
    assert whole[2:4] == ["Trung tâm Hồng Hà", "3"]
    assert (counter[2], staff[2]) == (site_name, "nv01")
    assert (whole[10], counter[10]) == ("300", "300")
    assert (whole[13], whole[14]) == ("1", mean)
    assert staff[14] == ""  # a person's mean only where the site's rules say so


@pytest.mark.usefixtures("worked")
def test_everyone_has_their_own_figures(clerk: httpx.Client) -> None:
    me = clerk.get("/api/me").json()
    assert (me["id"], me["role"]) == ("nv01", "clerk")
    figures = me["figures"]
    assert (figures["staff"], figures["called"], figures["served"], figures["no_shows"]) == (
        "nv01",
        2,
        1,
        1,
    )
    assert figures["ratings"] == {"count": 1, "mean": None}


def test_who_has_done_nothing_has_figures_too(chief: httpx.Client) -> None:
    assert chief.get("/api/me").json()["figures"]["served"] == 0


def test_no_name_is_taken_for_a_formula(worked: RunningSite) -> None:
    rules = replace(RULES, site_name="=cmd|' /C calc'!A0")
    content = report_csv(worked.hub.day_report(), rules, "vi")
    lines = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    assert lines[1][2] == "'=cmd|' /C calc'!A0"
