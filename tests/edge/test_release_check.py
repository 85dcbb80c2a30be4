"""New software looks at a journal: at a copy, whatever state the real one is in."""

from pathlib import Path

import pytest

from contract.commands import Actor, IssueTicket
from edge.release_check import check_on_copy
from edge.store.journal import Journal, NewRow, StoreError
from tests.edge.running_site import RunningHub, TestClock

KIOSK = Actor("kiosk-1", "kiosk")


def files(folder: Path) -> dict[str, bytes]:
    """What holds the journal; the index beside its log belongs to whoever reads."""
    return {
        path.name: path.read_bytes()
        for path in folder.glob("journal.db*")
        if "shm" not in path.name
    }


def test_a_hub_at_work_is_read_and_not_disturbed(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path / "data", TestClock())
    for service in "1251":
        hub.give(KIOSK, IssueTicket((service,)))
    before = files(tmp_path / "data")
    assert "journal.db-wal" in before
    assert check_on_copy(tmp_path / "data") == hub.hub.journal.last_seq > 4
    assert files(tmp_path / "data") == before
    hub.give(KIOSK, IssueTicket(("1",)))
    hub.close()


def test_a_hub_that_stands_still_leaves_one_file_which_stays(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path / "data", TestClock())
    hub.give(KIOSK, IssueTicket(("1",)))
    hub.close()
    before = files(tmp_path / "data")
    assert [*before] == ["journal.db"]
    assert check_on_copy(tmp_path / "data") >= 2
    assert files(tmp_path / "data") == before
    assert not (tmp_path / "data/journal.db-shm").exists()


def test_a_site_without_a_journal_has_nothing_against_new_software(tmp_path: Path) -> None:
    assert check_on_copy(tmp_path) == 0


def test_a_row_of_an_unknown_kind_is_found(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path, TestClock())
    hub.give(KIOSK, IssueTicket(("1",)))
    hub.close()
    journal = Journal(tmp_path / "journal.db")
    journal.append([NewRow(b"\x93\x01\x02\x03", b"")])
    journal.close()
    with pytest.raises(StoreError, match="not a journal entry"):
        check_on_copy(tmp_path)
