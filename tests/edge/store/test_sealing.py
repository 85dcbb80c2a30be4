"""Older rows go into sealed files, so that a start costs the same after ten years."""

import shutil
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
from tests.edge.journals import edit, new_file_with_a_reader
from tests.edge.running_site import KIOSK, RunningHub, TestClock

CUT = 7
_CUT_AT = """
import os, sys
from pathlib import Path
from edge.store import sealing, swap
from edge.store.journal import Journal
from edge.store.recovery import open_stores
sealing._KEPT_ROWS, sealing._LEAST_SEALED, sealing.LEAST_FREE_MB = {kept}, {kept}, 0
{step} = lambda *_: os._exit({cut})
open_stores(Path(sys.argv[1]))
"""
_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from edge.store import sealing
from edge.store.recovery import open_stores
sealing._KEPT_ROWS, sealing._LEAST_SEALED, sealing.LEAST_FREE_MB = {kept}, {kept}, 0
resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, resource.RLIM_INFINITY))
stores = open_stores(Path(sys.argv[1]))
stores.journal.close()
stores.high_water.close()
"""
KEPT = 20
TICKETS = 3 * KEPT
SEALED_AT_ONCE = sealing._LEAST_SEALED // sealing._KEPT_ROWS


@pytest.fixture(autouse=True)
def _short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_KEPT_ROWS", KEPT)
    monkeypatch.setattr(sealing, "_LEAST_SEALED", KEPT)
    monkeypatch.setattr(sealing, "LEAST_FREE_MB", 0)  # whatever the disk of the tests has


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


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("journal*")}


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


def test_rows_that_are_in_two_files_take_little_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_LEAST_SEALED", SEALED_AT_ONCE * KEPT)
    folder = at_work(tmp_path, starts=10)
    paths = sealed(folder)
    assert len(paths) > 2
    stored = sum(map(rows_in, [*paths, folder / "journal.db"]))
    assert stored <= 1.25 * len(rows(folder))


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


@pytest.mark.parametrize("most_kb", [34, 40, 48])
def test_a_disk_that_fills_meanwhile_is_left_as_it_was(folder: Path, most_kb: int) -> None:
    before = rows(folder)
    program = _ON_A_FULL_DISK.format(kept=KEPT, most_bytes=most_kb * 1024)
    done = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
    )
    assert "starts take longer" in done.stderr
    assert files(folder) == {"journal.db"}
    assert rows(folder) == before
    hub = RunningHub(folder, TestClock())
    assert isinstance(hub.give(KIOSK, IssueTicket(("1",))), Answer)
    hub.close()


def test_a_new_file_without_its_log_does_not_take_the_place_of_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows(folder)
    with monkeypatch.context() as looking:
        looking.setattr(sealing, "new_file", new_file_with_a_reader)
        for journal in opened(folder):
            assert journal.base_seq == 0
    assert "its log stays beside it" in caplog.text
    assert rows(folder) == before
    assert files(folder) == {"journal.db"}
    for journal in opened(folder):
        assert journal.base_seq > 0


def test_nothing_is_sealed_on_a_disk_that_is_nearly_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    monkeypatch.setattr(sealing, "LEAST_FREE_MB", 2 * free_mb + 1)
    for journal in opened(folder):
        assert journal.base_seq == 0
    assert f"starts take longer: less than {2 * free_mb + 1} MB are free in {folder}" in caplog.text


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
        assert journal.missing_rows() == []
    for path in sealed(folder):
        path.unlink()
    for journal in opened(folder):
        assert journal.missing_rows() == [(1, journal.base_seq)]
        assert len(list(journal.checked_rows(after=journal.base_seq))) == KEPT
        with pytest.raises(StoreError, match=rf"journal-{journal.epoch}-\*.db: .* row 1 is not"):
            list(journal.checked_rows())
        assert journal.last_seq == last


@pytest.mark.parametrize("name", ["0000000009", "9999999999"])
def test_a_sealed_file_without_rows_is_named_and_does_not_stop_a_start(
    folder: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    for journal in opened(folder):
        empty = folder / f"journal-{journal.epoch}-{name}.db"
        with closing(Journal(empty)):
            pass
        assert journal.missing_rows() == []
        assert f"{empty} cannot be read: it holds no rows" in caplog.text
        if name == "9999999999":
            assert len(list(journal.checked_rows())) == journal.last_seq
    for path in sealed(folder):
        path.write_bytes(b"not a database")
    for journal in opened(folder):
        caplog.clear()
        assert journal.missing_rows() == [(1, journal.base_seq)]
        assert caplog.text.count("cannot be read: file is not a database") == len(sealed(folder))


def test_rows_that_are_gone_are_named_and_no_others_come_in_their_place(tmp_path: Path) -> None:
    folder = at_work(tmp_path, starts=5)
    whole = rows(folder)
    first, second, third, fourth = sealed(folder)
    ends = [int(path.stem[-10:]) for path in (first, second, third, fourth)]
    second.unlink()
    for journal in opened(folder):
        assert journal.missing_rows() == [(ends[0] + 1, ends[1] - KEPT - 1)]
        assert journal.read(after=ends[0] - 1, limit=2) == whole[ends[0] - 1 : ends[0]]
        with pytest.raises(StoreError, match=f"row {ends[0] + 1} is not there"):
            journal.read(after=ends[0], limit=2)
        assert journal.hash_at(ends[1]) == whole[ends[1] - 1].hash
    first.unlink()
    for journal in opened(folder):
        assert journal.missing_rows() == [(1, ends[1] - KEPT - 1)]
        with pytest.raises(StoreError, match="row 1 is not there"):
            journal.read(after=0, limit=2)


def test_a_start_does_without_sealed_rows_that_a_restored_centre_wants(folder: Path) -> None:
    for journal in opened(folder):
        journal.go_back(1)
    for path in sealed(folder):
        path.unlink()
    for journal in opened(folder):
        assert journal.cursor == 1


@pytest.mark.parametrize("gone", [True, False])
def test_software_that_cannot_use_the_checkpoint_goes_on_with_todays_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, gone: bool
) -> None:
    """Though the sealed rows are gone or damaged."""
    folder, clock = at_work(tmp_path, starts=2), TestClock()
    clock.later(86_400)
    hub = RunningHub(folder, clock)
    for _ in range(3):
        hub.give(KIOSK, IssueTicket(("1",)))
    queue = hub.hub.house.live
    hub.close()
    for path in sealed(folder):
        if gone:
            path.unlink()
        else:
            edit(path, "UPDATE entries SET body = CAST(body || x'00' AS BLOB) WHERE seq = 5")
    monkeypatch.setattr(recovery, "_STATE_VERSION", "other")
    monkeypatch.setattr(sealing, "_LEAST_SEALED", 10 * KEPT)
    assert check_on_copy(folder) > KEPT
    for journal in opened(folder):
        house, damage, replayed = recovery.rebuild(journal)
        assert (damage, replayed) == (None, journal.last_seq - journal.base_seq)
        assert (house.live.tickets, house.live.orders) == (queue.tickets, queue.orders)
        assert house.live.day == queue.day
        assert len(house.live.tickets) == 3


def test_a_journal_that_was_put_away_is_followed_by_another_above_its_numbers(
    folder: Path,
) -> None:
    (folder / "journal.db").rename(folder / "put-away.db")
    hub = RunningHub(folder, TestClock())
    said = hub.give(KIOSK, IssueTicket(("1",)))
    assert isinstance(said, Answer)
    assert said.number == f"1{TICKETS + 1:03}"
    assert len(hub.hub.house.live.tickets) == 1
    hub.close()
