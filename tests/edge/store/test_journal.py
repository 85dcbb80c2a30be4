"""The journal: all or none, durable, chained, and readable by anyone meanwhile."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from contract.codec import CHAIN_START, chain
from edge.store.journal import Journal, NewRow, StoreError, create
from tests.edge.journals import (
    BODIES,
    edit,
    fill,
    intact_rows,
    new_rows,
)


@pytest.fixture
def filled(path: Path) -> Path:
    return fill(path)


# --- writing and reading ----------------------------------------------------------------------


def test_a_new_journal_is_empty_and_has_a_name(journal: Journal) -> None:
    assert (journal.last_seq, journal.last_hash, journal.cursor) == (0, CHAIN_START, 0)
    assert len(journal.epoch) == 16
    assert journal.read(after=0, limit=10) == []
    assert list(journal.checked_rows()) == []


def test_every_row_is_synced_to_the_disk(journal: Journal) -> None:
    for connection in (journal._writer, journal._reader):
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_rows_come_back_in_order_with_their_chain(journal: Journal) -> None:
    journal.append(new_rows(*BODIES[:2]))
    journal.append(new_rows(BODIES[2]))

    rows = journal.read(after=0, limit=10)

    assert [(row.seq, row.body) for row in rows] == list(enumerate(BODIES[:3], start=1))
    assert rows[-1].hash == chain(CHAIN_START, BODIES[:3]) == journal.last_hash
    assert journal.read(after=1, limit=1) == rows[1:2]
    assert list(journal.rows(after=1, chunk=1)) == rows[1:]
    assert list(journal.checked_rows(after=1)) == rows[1:]
    assert journal.hash_at(0) == CHAIN_START
    assert journal.hash_at(2) == chain(CHAIN_START, BODIES[:2])
    with pytest.raises(KeyError):
        journal.hash_at(4)


def test_a_journal_goes_on_where_it_ended(path: Path, journal: Journal) -> None:
    journal.append(new_rows(*BODIES[:3]))
    epoch = journal.epoch
    journal.close()

    again = Journal(path)
    assert (again.epoch, again.last_seq) == (epoch, 3)
    again.append(new_rows(BODIES[3]))
    assert again.last_hash == chain(CHAIN_START, BODIES[:4])
    assert len(list(again.checked_rows())) == 4
    again.reopen()
    assert (again.epoch, again.last_seq) == (epoch, 4)
    again.close()


def test_two_journals_have_two_names(tmp_path: Path) -> None:
    journals = [Journal(tmp_path / f"{number}.db") for number in range(2)]
    assert journals[0].epoch != journals[1].epoch
    for journal in journals:
        journal.close()


def test_a_command_is_found_by_its_id(journal: Journal) -> None:
    command_id = bytes(range(16))
    journal.append([NewRow(BODIES[0], b""), NewRow(BODIES[1], command_id), *new_rows(BODIES[2])])
    found = journal.find_command(command_id)
    assert found is not None
    assert (found.seq, found.body) == (2, BODIES[1])
    assert journal.find_command(bytes(16)) is None


def test_a_command_is_found_after_a_restart_until_enough_others_have_come(
    path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.store.journal._COMMANDS_KNOWN", 5)
    ids = [bytes([number]) * 16 for number in range(12)]

    def known(journal: Journal) -> list[int]:
        rows = [journal.find_command(id_) for id_ in ids]
        return [row.seq for row in rows if row is not None]

    for body, id_ in zip(BODIES[:8], ids, strict=False):
        journal.append([NewRow(body, id_)])
    assert known(journal) == [4, 5, 6, 7, 8]
    journal.close()

    again = Journal(path)
    assert known(again) == [4, 5, 6, 7, 8]
    again.reopen()
    again.append([NewRow(BODIES[8], ids[8])])
    assert known(again) == [5, 6, 7, 8, 9]
    again.close()


def test_a_command_that_the_disk_has_lost_is_not_found_in_what_follows(
    path: Path, journal: Journal
) -> None:
    kept, lost = bytes([1]) * 16, bytes([2]) * 16
    journal.append([NewRow(BODIES[0], kept)])
    journal.append([NewRow(BODIES[1], lost)])
    edit(path, "DELETE FROM entries WHERE seq = 2")
    journal.reopen()
    journal.append([NewRow(BODIES[2], b"")])
    assert journal.find_command(lost) is None
    assert journal.find_command(kept) == journal.read(after=0, limit=1)[0]


def test_a_command_that_was_stored_though_nobody_was_told_is_found(
    path: Path, journal: Journal
) -> None:
    with closing(Journal(path)) as other:
        other.append([NewRow(BODIES[0], bytes(16))])
    assert journal.find_command(bytes(16)) is None
    journal.reopen()
    assert journal.find_command(bytes(16)) is not None


def test_a_row_changes_one_small_page(path: Path, journal: Journal) -> None:
    log = path.with_name(f"{path.name}-wal")
    journal.append([NewRow(BODIES[0], bytes(16))])
    before = log.stat().st_size
    for number in range(1, 201):
        journal.append([NewRow(os.urandom(150), number.to_bytes(16))])
    # With its header, and now and then the page before and what points to both.
    assert log.stat().st_size - before < 200 * 1.6 * (1024 + 24)


def test_a_journal_of_the_first_form_goes_on(path: Path) -> None:
    """With large pages, and an index of the commands."""
    row = (1, BODIES[0], chain(CHAIN_START, BODIES[:1]), bytes(16))
    first_form = Migrations("journal")
    first_form()(create)
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("PRAGMA page_size=4096")
        old.execute("PRAGMA journal_mode=WAL")
        first_form.apply(Database(old))
        old.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)
    with closing(Journal(path)) as journal:
        assert journal.find_command(bytes(16)) == row[:3]
        journal.append([NewRow(BODIES[1], b"")])
        assert len(list(journal.checked_rows())) == 2
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert now.execute("PRAGMA page_size").fetchone() == (4096,)
        assert now.execute("SELECT * FROM pragma_index_list('entries')").fetchall() == []


def test_rows_are_appended_all_or_none(path: Path, journal: Journal) -> None:
    command_id = bytes(16)
    journal.append([NewRow(BODIES[0], b"")])
    full = "BEGIN SELECT RAISE(ABORT, 'full'); END"
    edit(path, f"CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.seq = 3 {full}")
    with pytest.raises(StoreError, match="cannot be written"):
        journal.append([NewRow(BODIES[1], command_id), NewRow(BODIES[2], b"")])
    assert [row.body for row in journal.rows()] == [BODIES[0]]
    assert journal.last_seq == 1
    assert journal.find_command(command_id) is None
    journal.advance(1)
    journal.reopen()
    journal.append(new_rows(BODIES[1]))
    assert [row.body for row in journal.checked_rows()] == list(BODIES[:2])


# --- the checkpoint --------------------------------------------------------------------------


def test_a_checkpoint_is_for_the_version_that_kept_it(filled: Path) -> None:
    journal = Journal(filled)
    assert journal.checkpoint("v1") == (9, b"state after row 9")
    assert journal.checkpoint("v2") is None
    journal.save_checkpoint(12, "v2", b"newer")
    assert journal.checkpoint("v2") == (12, b"newer")
    assert journal.checkpoint("v1") is None
    journal.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE checkpoints SET seq = 8",
        "UPDATE checkpoints SET state = substr(state, 1, length(state) - 1)",
        "UPDATE checkpoints SET state = CAST(state || 'x' AS BLOB)",
    ],
)
def test_a_checkpoint_that_was_altered_is_not_used(filled: Path, damage: str) -> None:
    edit(filled, damage)
    journal = Journal(filled)
    assert journal.checkpoint("v1") is None
    journal.close()


# --- threads ----------------------------------------------------------------------------------


def test_others_read_and_move_the_cursor_while_rows_are_written(journal: Journal) -> None:
    done = threading.Event()
    broken: list[BaseException] = []

    def watch(look: Callable[[], None]) -> None:
        try:
            while not done.is_set():
                look()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            broken.append(error)

    def read_all() -> None:
        seqs = [row.seq for row in journal.checked_rows()]
        assert seqs == list(range(1, len(seqs) + 1))

    def confirm() -> None:
        end = journal.last_seq
        journal.advance(end)
        assert journal.cursor >= end

    watchers = [threading.Thread(target=watch, args=(look,)) for look in (read_all, confirm)]
    for watcher in watchers:
        watcher.start()
    for number in range(150):
        journal.append(new_rows(b"%d" % number, b"and more"))
    done.set()
    for watcher in watchers:
        watcher.join()
    assert broken == []
    assert len(list(journal.checked_rows())) == 300


# --- full disks and power cuts ----------------------------------------------------------------


def test_a_full_disk_refuses_and_loses_nothing(journal: Journal) -> None:
    journal.append(new_rows(*BODIES))
    pages = journal._writer.execute("PRAGMA page_count").fetchone()[0]
    journal._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        append_for_ever(journal)
    written = journal.last_seq
    with pytest.raises(StoreError, match="full"):
        journal.save_checkpoint(written, "v1", b"y" * 100_000)
    journal.advance(written)

    journal.reopen()

    assert journal.last_seq == written == len(list(journal.checked_rows()))
    journal.append(new_rows(b"there is room again"))


def append_for_ever(journal: Journal) -> None:
    while True:
        journal.append(new_rows(b"x" * 1000))


APPENDING = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    from edge.store.journal import Journal, NewRow, StoreError
    path, most_bytes = Path(sys.argv[1]), int(sys.argv[2])
    journal = Journal(path)
    if most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        while True:
            rows = [NewRow(b"%d" % (journal.last_seq + more), b"") for more in (1, 2, 3)]
            journal.append(rows)
            print(journal.last_seq, flush=True)
    except StoreError as error:
        print("StoreError", error)
    """
)


def appending(path: Path, most_bytes: int = 0) -> "subprocess.Popen[str]":
    """A process that appends rows and prints the number of each that it holds for durable."""
    return subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(path), str(most_bytes)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_file_that_cannot_grow_refuses_and_loses_nothing(path: Path) -> None:
    process = appending(path, most_bytes=200_000)
    told, _ = process.communicate(timeout=60)
    *numbers, error = told.splitlines()
    assert process.returncode == 0
    assert error.startswith("StoreError")
    assert "cannot be written" in error
    acknowledged = int(numbers[-1])
    bodies = [row.body for row in intact_rows(path)]
    assert bodies[:acknowledged] == [b"%d" % number for number in range(1, acknowledged + 1)]
    assert len(bodies) in (acknowledged, acknowledged + 3)


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged = 0
    for kill_after in (1, 7, 23, 60):
        process = appending(path)
        assert process.stdout is not None
        for lines in count(1):
            acknowledged = int(process.stdout.readline())
            if lines == kill_after:
                process.send_signal(signal.SIGKILL)
                break
        for line in process.stdout:
            acknowledged = int(line) if line.endswith("\n") else acknowledged
        process.stdout.close()
        assert process.wait(timeout=10) == -signal.SIGKILL
        bodies = [row.body for row in intact_rows(path)]
        assert bodies == [b"%d" % number for number in range(1, len(bodies) + 1)]
        assert len(bodies) >= acknowledged
        assert len(bodies) % 3 == 0, "all or none of each append"
