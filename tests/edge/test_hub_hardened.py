"""What once killed a hub, deceived it, or let a number come twice."""

import logging
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    BookAppointment,
    IssueTicket,
    Order,
    ReportDevice,
)
from contract.refusals import Reason, Refused
from runtime.folder_lock import FolderInUseError
from tests.edge.running_site import KIOSK, RunningHub, TestClock
from tests.waiting import until

FULL = "CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'x'); END"
SUPERVISOR = Actor("chief", "supervisor")


@pytest.mark.parametrize("slot_ms", [10**30, 2**63, -1])
def test_a_slot_beyond_all_time_is_no_command(slot_ms: int) -> None:
    body = msgspec.json.encode({"type": "BookAppointment", "code": "A", "service": "1"})
    body = body[:-1] + f',"slot_ms":{slot_ms}}}'.encode()
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=AnyCommand)


def test_an_order_that_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    running = RunningHub(tmp_path, TestClock())
    impossible = BookAppointment("A", "1", 10**30)
    with pytest.raises(OverflowError):
        running.hub.submit(Order(uuid.uuid4().bytes, SUPERVISOR, impossible)).result(5)
    issued = running.hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(5)
    assert isinstance(issued, Answer)
    assert running.hub.damage is None
    running.close()


def test_a_disk_that_takes_nothing_is_told_once_and_its_return_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = RunningHub(tmp_path, TestClock())
    caplog.set_level(logging.INFO, "edge.hub")
    for _ in range(2):
        with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
            db.execute(FULL)
        said = {repr(running.give(KIOSK, IssueTicket(("1",)))) for _ in range(5)}
        assert said == {repr(Refused(Reason.NOT_STORED))}
        with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
            db.execute("DROP TRIGGER full")
        assert isinstance(running.give(KIOSK, IssueTicket(("1",))), Answer)
    running.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "Nothing can be stored, so nothing is issued or changed"),
        ("INFO", "What happens is stored again"),
    ] * 2


def test_rows_lost_while_it_runs_stop_it_before_a_number_comes_twice(tmp_path: Path) -> None:
    running = RunningHub(tmp_path, TestClock())
    hub = running.hub
    for _ in range(5):
        hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(5)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        db.execute("DELETE FROM entries WHERE seq > ?", (hub.journal.last_seq - 3,))
        db.execute(FULL)
    first = hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(5)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        db.execute("DROP TRIGGER full")
    second = hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(5)
    assert first == second == Refused(Reason.NOT_STORED)
    until(lambda: hub.damage is not None)
    running.close()


def test_a_key_belongs_to_who_used_it_first(tmp_path: Path) -> None:
    running = RunningHub(tmp_path, TestClock())
    key = uuid.uuid4().bytes
    first = running.hub.submit(Order(key, KIOSK, IssueTicket(("1",)))).result(5)
    other = Actor("kiosk-2", "kiosk")
    stolen = running.hub.submit(Order(key, other, IssueTicket(("1",)))).result(5)
    again = running.hub.submit(Order(key, KIOSK, IssueTicket(("1",)))).result(5)
    assert stolen == Refused(Reason.KEY_REUSED)
    assert first == again
    running.close()


def test_nobody_speaks_for_the_devices_of_another(tmp_path: Path) -> None:
    running = RunningHub(tmp_path, TestClock())
    liar = Actor("boards", "display")
    report = ReportDevice("printer-1", "lost", "paper-out")
    running.hub.submit(Order(uuid.uuid4().bytes, liar, report)).result(5)
    devices = {view.device: view.state for view in running.hub.snapshot().devices}
    assert devices == {"boards:printer-1": "lost"}
    running.close()


def test_two_hubs_never_share_a_folder(tmp_path: Path) -> None:
    running = RunningHub(tmp_path, TestClock())
    with pytest.raises(FolderInUseError):
        RunningHub(tmp_path, TestClock())
    running.close()
    RunningHub(tmp_path, TestClock()).close()
