"""Older rows go into sealed files, so that a start costs the same after ten years."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.codec import decode_message, encode_message
from contract.commands import Answer, IssueTicket
from contract.wire import VERSION, Ack, Batch
from edge.node_identity import Identity
from edge.release_check import check_on_copy
from edge.store import recovery, sealing
from edge.store.journal import Journal, Row, StoreError
from edge.store.recovery import open_stores
from edge.store.sealed_rows import sealed_paths
from edge.upstream.sender import Sender
from tests.edge.running_site import KIOSK, RunningHub, TestClock

CUT = 7
_CUT_AT = """
import os, sys
from pathlib import Path
from edge.store import sealing, swap
from edge.store.journal import Journal
from edge.store.recovery import open_stores
sealing._KEPT_ROWS = {kept}
{step} = lambda *_: os._exit({cut})
open_stores(Path(sys.argv[1]))
"""
KEPT = 20
TICKETS = 3 * KEPT


@pytest.fixture(autouse=True)
def _short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_KEPT_ROWS", KEPT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a hub that gave out many numbers, all of which the centre has."""
    return at_work(tmp_path / "hub")


def at_work(folder: Path, *, starts: int = 1, confirmed: bool = True) -> Path:
    for _ in range(starts):
        hub = RunningHub(folder, TestClock())
        for _ in range(TICKETS):
            hub.give(KIOSK, IssueTicket(("1",)))
        if confirmed:
            hub.hub.journal.advance(hub.hub.journal.last_seq)
        hub.close()
    return folder


def rows(folder: Path) -> list[Row]:
    with closing(Journal(folder / "journal.db")) as journal:
        return list(journal.checked_rows())


def opened(folder: Path) -> Iterator[Journal]:
    stores = open_stores(folder)
    stores.high_water.close()
    with closing(stores.journal) as journal:
        assert stores.damage is None
        yield journal


def sealed(folder: Path) -> list[Path]:
    with closing(Journal(folder / "journal.db")) as journal:
        return sealed_paths(journal.path, journal.epoch)


def rows_in(path: Path) -> int:
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])


def test_the_file_is_short_and_every_row_is_still_there(folder: Path) -> None:
    before = rows(folder)
    for journal in opened(folder):
        assert (journal.last_seq, journal.cursor) == (before[-1].seq, before[-1].seq)
        assert journal.base_seq == before[-1].seq - KEPT
        assert rows_in(journal.path) == KEPT + 1
        assert list(journal.checked_rows()) == before
    assert [rows_in(path) for path in sealed(folder)] == [len(before)]


def test_any_row_is_found_in_whichever_file_it_is(tmp_path: Path) -> None:
    folder = at_work(tmp_path, starts=5)
    assert len(sealed(folder)) == 4
    whole = rows(folder)
    with closing(Journal(folder / "journal.db")) as journal:
        for row in whole:
            assert journal.hash_at(row.seq) == row.hash
            assert journal.read(after=row.seq - 1, limit=1) == [row]
        assert journal.hash_at(0) == bytes(32)
        with pytest.raises(KeyError):
            journal.hash_at(whole[-1].seq + 1)


def test_a_hub_goes_on_as_though_nothing_had_happened(folder: Path) -> None:
    hub = RunningHub(folder, TestClock())
    assert sealed(folder)
    assert [entry.number for entry in hub.hub.house.live.tickets.values()][-1] == f"1{TICKETS:03}"
    said = hub.give(KIOSK, IssueTicket(("1",)))
    assert isinstance(said, Answer)
    assert said.number == f"1{TICKETS + 1:03}"
    assert hub.hub.day_report().tickets == TICKETS + 1
    hub.close()


def test_what_the_centre_does_not_have_stays(tmp_path: Path) -> None:
    folder = at_work(tmp_path, confirmed=False)
    for journal in opened(folder):
        assert journal.base_seq == 0
        journal.advance(2 * KEPT)
    for journal in opened(folder):
        assert journal.base_seq == journal.cursor == 2 * KEPT


def test_a_few_rows_are_not_worth_a_new_file(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path, TestClock())
    hub.give(KIOSK, IssueTicket(("1",)))
    hub.hub.journal.advance(hub.hub.journal.last_seq)
    hub.restart()
    hub.close()
    assert not sealed(tmp_path)


@pytest.mark.parametrize(
    "step",
    ["Journal.copy_to", "sealing._read_back", "os.link", "Path.replace", "swap.sync_folder"],
)
def test_a_cut_at_any_step_loses_no_row(folder: Path, step: str) -> None:
    before = rows(folder)
    program = _CUT_AT.format(step=step, kept=KEPT, cut=CUT)
    cut = subprocess.run([sys.executable, "-c", program, folder], check=False)
    assert cut.returncode == CUT
    assert rows(folder) == before
    for journal in opened(folder):
        assert journal.base_seq > 0
    assert rows(folder) == before
    assert len(sealed(folder)) == 1


def test_a_full_disk_leaves_the_rows_where_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_args: object) -> None:
        raise StoreError("journal-new.db: database or disk is full")

    monkeypatch.setattr(Journal, "copy_to", full)
    with caplog.at_level(logging.WARNING):
        hub = RunningHub(folder, TestClock())
    assert "starts take longer: journal-new.db: database or disk is full" in caplog.text
    assert isinstance(hub.give(KIOSK, IssueTicket(("1",))), Answer)
    hub.close()
    assert not sealed(folder)


def test_a_journal_that_another_program_reads_is_left_alone(folder: Path) -> None:
    with closing(Journal(folder / "journal.db")):
        for journal in opened(folder):
            assert journal.base_seq == 0
    for journal in opened(folder):
        assert journal.base_seq > 0


def test_software_that_cannot_use_the_checkpoint_reads_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = at_work(tmp_path, starts=3)
    stores = open_stores(folder)
    stores.high_water.close()
    stores.journal.close()
    monkeypatch.setattr(recovery, "_STATE_VERSION", "other")
    assert check_on_copy(folder) == stores.house.seq
    anew = open_stores(folder)
    anew.high_water.close()
    anew.journal.close()
    assert (anew.damage, anew.replayed) == (None, anew.journal.last_seq)
    assert anew.house == stores.house


class Line:
    """A line that keeps the batches it was given."""

    connected = True

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        del retain
        if topic.endswith("/events"):
            self.batches.append(decode_message(payload, Batch))
        return True


def test_a_restored_centre_is_sent_the_sealed_rows(tmp_path: Path) -> None:
    folder = at_work(tmp_path, starts=3)
    whole = rows(folder)
    line = Line()
    for journal in opened(folder):
        identity = Identity("01-00097-01-h1", "1", "c")
        sender = Sender(journal, line, identity, clock=TestClock())
        now_s, watermark = 0.0, 3
        while watermark < journal.last_seq:
            sender.hear(encode_message(Ack(VERSION, journal.epoch, watermark)))
            sender.turn(now_s)
            sender.line_changed(connected=True)
            while sender.turn(now_s) == 0:
                pass
            now_s += 1
            watermark += sum(len(batch.entries) for batch in line.batches)
            for batch in line.batches:
                assert batch.chain_before == whole[batch.first_seq - 2].hash
                last_seq = batch.first_seq + len(batch.entries) - 1
                assert batch.chain_after == whole[last_seq - 1].hash
            line.batches.clear()
            assert now_s < TICKETS


def test_a_sealed_file_that_is_gone_is_missed_only_where_it_is_needed(folder: Path) -> None:
    for journal in opened(folder):
        last = journal.last_seq
    for path in sealed(folder):
        path.unlink()
    for journal in opened(folder):
        assert len(list(journal.checked_rows(after=journal.base_seq))) == KEPT
        with pytest.raises(StoreError, match=r"the file with row 1 of .* is not there"):
            list(journal.checked_rows())
        assert journal.last_seq == last
