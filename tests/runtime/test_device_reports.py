from collections.abc import Iterator

import pytest

from contract.commands import AnyCommand, ReportDevice
from runtime import device_reports
from runtime.device_reports import DeviceReports
from runtime.hub_client import HubClient
from tests.display.listening_hub import TOKEN, ListeningHub
from tests.waiting import until

LOST = ReportDevice("voice-hall", "lost", "sound-failed")
READY = ReportDevice("voice-hall", "ready")


@pytest.fixture
def hub() -> Iterator[ListeningHub]:
    hub = ListeningHub()
    yield hub
    hub.close()


@pytest.fixture
def reports(hub: ListeningHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeviceReports]:
    monkeypatch.setattr(device_reports, "_AGAIN_S", 0.02)
    client = HubClient(hub.url, TOKEN, attempts=1)
    reports = DeviceReports(client)
    yield reports
    reports.close()
    client.close()


def told(hub: ListeningHub) -> list[AnyCommand]:
    return list(hub.carried_out.values())


def test_reports_reach_the_hub_in_order(hub: ListeningHub, reports: DeviceReports) -> None:
    reports.put(LOST)
    reports.put(READY)
    until(lambda: told(hub) == [LOST, READY])


def test_a_report_is_told_again_until_the_hub_is_there(
    hub: ListeningHub, reports: DeviceReports
) -> None:
    hub.problem = (503, {"title": "starting"})
    reports.put(LOST)
    reports.put(READY)
    until(lambda: len(hub.requests) > 3)
    assert told(hub) == []
    hub.problem = None
    until(lambda: told(hub) == [LOST, READY])


def test_a_hub_that_can_store_nothing_is_told_again(
    hub: ListeningHub, reports: DeviceReports
) -> None:
    hub.problem = (503, {"reason": "not-stored", "detail": "the disk is full"})
    reports.put(LOST)
    until(lambda: len(hub.requests) > 3)
    hub.problem = None
    until(lambda: told(hub) == [LOST])


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ((409, {"reason": "not-allowed", "detail": "not for a display"}), "not for a display"),
        ((403, {"detail": "another device's token"}), "another device's token"),
    ],
)
def test_a_refusal_is_logged_and_not_asked_for_again(
    hub: ListeningHub,
    reports: DeviceReports,
    caplog: pytest.LogCaptureFixture,
    problem: tuple[int, dict[str, str]],
    words: str,
) -> None:
    hub.problem = problem
    reports.put(LOST)
    until(lambda: words in caplog.text)
    hub.problem = None
    reports.put(READY)
    until(lambda: told(hub) == [READY])


def test_the_newest_state_of_each_device_is_told_again_and_a_refused_one_is_not(
    hub: ListeningHub, reports: DeviceReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_reports, "_REPEAT_S", 0.02)
    board = ReportDevice("board-1", "ready")
    reports.put(LOST)
    reports.put(READY)
    reports.put(board)
    until(lambda: len(told(hub)) >= 7)
    assert told(hub)[:7] == [LOST, READY, board, READY, board, READY, board]
    hub.problem = (409, {"reason": "not-allowed", "detail": "not for a display"})
    asked = len(hub.requests)
    until(lambda: len(hub.requests) >= asked + 2)
    hub.problem = None
    heard = len(told(hub))
    reports.put(LOST)
    until(lambda: told(hub)[heard:][-2:] == [LOST, LOST])
    assert board not in told(hub)[heard:]
