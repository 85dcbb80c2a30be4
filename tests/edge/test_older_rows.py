"""A hub whose older rows are gone works on, and says so before somebody needs them."""

import logging
from contextlib import closing
from pathlib import Path

import pytest

from contract.commands import IssueTicket
from edge.node import Node
from edge.settings import Http, HubSettings
from edge.store import sealing
from edge.store.journal import Journal
from edge.store.sealed_rows import sealed_paths
from tests.edge.running_site import KIOSK, RULES, RunningHub, TestClock

NODE = "01-00097-01-h1"
OLDER_ROWS = "machine:older-rows"
KEPT = 10


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one sealed file of a hub that has given out some numbers."""
    monkeypatch.setattr(sealing, "_KEPT_ROWS", KEPT)
    monkeypatch.setattr(sealing, "_LEAST_SEALED", KEPT)
    monkeypatch.setattr(sealing, "LEAST_FREE_MB", 0)
    hub = RunningHub(tmp_path, TestClock())
    for _ in range(3 * KEPT):
        hub.give(KIOSK, IssueTicket(("1",)))
    hub.hub.journal.advance(hub.hub.journal.last_seq)
    hub.restart()
    hub.close()
    with closing(Journal(tmp_path / "journal.db")) as journal:
        (path,) = sealed_paths(journal.path, journal.epoch)
    return path


def started(folder: Path) -> dict[str, tuple[str, str]]:
    """The devices of a hub that was started, each with its state and what is wrong with it."""
    node = Node(HubSettings(NODE, folder, RULES, http=Http(port=0)), TestClock())
    node.start()
    node.stop()  # what was reported before is stored by then
    return {view.device: (view.state, view.condition) for view in node.hub.snapshot().devices}


def test_it_is_said_of_files_that_are_gone_and_taken_back_when_they_are_there(
    sealed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert started(sealed.parent)[OLDER_ROWS] == ("ready", "")  # a former card may have said else
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    put_away = sealed.rename(sealed.with_name("put-away.db"))
    assert started(sealed.parent)[OLDER_ROWS] == ("lost", "older-rows-missing")
    assert "are in no file beside" in caplog.text
    assert f"put back {sealed.name[:24]}-*.db" in caplog.text
    put_away.rename(sealed)
    assert started(sealed.parent)[OLDER_ROWS] == ("ready", "")
