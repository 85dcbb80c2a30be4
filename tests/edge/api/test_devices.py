"""Devices of other machines, as their programs and a supervisor speak of them."""

from collections.abc import Iterator

import httpx
import pytest

from contract.commands import Actor
from edge.last_news import SILENT_S
from tests.edge.api.orders import order
from tests.edge.running_site import RunningSite

BOARD = "boards:b1"


@pytest.fixture
def boards(site: RunningSite) -> Iterator[httpx.Client]:
    with site.client(site.access.add_device(Actor("boards", "display"))) as client:
        yield client


@pytest.fixture
def supervisor(site: RunningSite) -> Iterator[httpx.Client]:
    site.access.set_pin("ptr", "supervisor", "730164")
    session = site.access.sign_in("ptr", "730164")
    assert session is not None
    with site.client(session.token) as client:
        yield client


def test_a_report_that_changes_nothing_is_news_all_the_same(
    site: RunningSite, boards: httpx.Client
) -> None:
    order(boards, "ReportDevice", device="b1", state="ready")
    assert site.news.silent((BOARD,)) == ()
    site.clock.later(SILENT_S)
    assert site.news.silent((BOARD,)) == (BOARD,)
    rows = site.hub.house.seq
    assert order(boards, "ReportDevice", device="b1", state="ready").status_code == 200
    assert site.news.silent((BOARD,)) == ()
    assert site.hub.house.seq == rows


def test_a_supervisor_removes_a_lost_device_and_no_other(
    site: RunningSite, boards: httpx.Client, supervisor: httpx.Client, clerk: httpx.Client
) -> None:
    order(boards, "ReportDevice", device="b1", state="ready")
    working = order(supervisor, "RemoveDevice", device=BOARD)
    assert (working.status_code, working.json()["reason"]) == (409, "device-not-lost")
    assert "sau năm phút im lặng" in working.json()["detail"]
    order(boards, "ReportDevice", device="b1", state="lost", condition="no-answer")
    assert order(clerk, "RemoveDevice", device=BOARD).json()["reason"] == "not-allowed"
    assert order(supervisor, "RemoveDevice", device=BOARD).status_code == 200
    assert site.hub.snapshot().devices == ()
    gone = order(supervisor, "RemoveDevice", device=BOARD)
    assert gone.json()["reason"] == "unknown-device"
