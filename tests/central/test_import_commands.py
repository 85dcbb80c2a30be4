"""`thutu-central import` beside a running centre: no file is lost, and what the operator
reads is true."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.__main__ import main
from central.ingest.committer import Committer
from central.ingest.intake import Committed, Intake, Received
from central.recovery import commands
from central.recovery.exports import register_key
from central.recovery.spool import Spool
from central.rollup.folder import Folder
from central.rounds import Rounds
from central.store.database import database_of, open_for_writing, reading
from central.store.ingest import SqlIngestStore
from central.store.node_journals import watermarks
from central.store.protocol import StoreError
from central.store.rollup import SqlRollupStore
from contract.events import TicketIssued
from contract.wire import VERSION, Export, Receipt
from runtime.clock import SystemClock
from runtime.sealed import seal, unseal
from tests.central.journal import NODE, Journal
from tests.waiting import until


class Bench:
    """A centre's folder with the threads that take files in, and a hub's stick."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.fails = threading.Event()
        self.trips = False
        self.folder = folder / "centre"
        self.folder.mkdir()
        self.stick = folder / "stick"
        self.stick.mkdir()
        self.config = folder / "central.toml"
        self.config.write_text('[store]\nfolder = "centre"\n[embedded_broker]\n', "utf-8")
        self.key = Ed25519PrivateKey.generate()
        register_key(self.folder, NODE, self.key.public_key().public_bytes_raw().hex())
        self.journal = Journal()
        self.journal.open_day()
        for place in range(1, 150):
            self.journal.add(TicketIssued(f"1{place:03d}", ("1",)), place)
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def file(self, first: int, last: int, journal: Journal | None = None) -> Path:
        """A file with a message for each of these rows."""
        made = journal or self.journal
        batches = tuple(made.batch(row, row) for row in range(first, last + 1))
        export = Export(VERSION, NODE, made.epoch, first, last, batches)
        path = self.stick / f"{first}-{last}.thutu"
        path.write_bytes(seal(self.key, export))
        return path

    def does(self, *words: str) -> str:
        """What the operator reads after a command."""
        command = ["thutu-central", "--config", str(self.config), *words]
        self._monkeypatch.setattr("sys.argv", command)
        main()
        return self._capsys.readouterr().out

    @property
    def waits(self) -> bool:
        """Whether a file waits to be taken in."""
        return any((self.folder / "imports").glob("*.thutu"))

    @property
    def receipt(self) -> Path:
        """Where the receipt is written."""
        return self.stick / f"thutu-receipt-{NODE}.thutu"

    @property
    def committed(self) -> dict[str, int]:
        """Up to which row each journal is held."""
        with reading(database_of(self.folder)) as conn:
            return watermarks(conn, NODE)

    def prepare(self) -> None:
        """Nothing can be stored while it `fails`."""
        if self.fails.is_set():
            raise StoreError("the database is away")


class TrippingIntake(Intake):
    """Meets what nobody thought of at row 7 while its bench `trips`."""

    def __init__(self, store: SqlIngestStore, bench: Bench) -> None:
        super().__init__(store)
        self._bench = bench

    def commit(self, messages: Sequence[Received]) -> list[Committed]:
        if self._bench.trips and self._bench.journal.batch(7, 7) in {m.payload for m in messages}:
            raise OverflowError("too large to convert")
        return super().commit(messages)


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setattr("central.ingest.committer._AFTER_ERROR_S", 0.01)
    made, clock = Bench(tmp_path, capsys, monkeypatch), SystemClock()
    with closing(open_for_writing(database_of(made.folder), alone=True)) as db:
        intake = TrippingIntake(SqlIngestStore(db), made)
        committer = Committer(
            intake,
            Folder(SqlRollupStore(db), intake.recent),
            clock,
            lambda _topic, _payload: True,
            prepare=made.prepare,
        )
        rounds = Rounds("files from hubs", Spool(made.folder, committer.put).turn, 0.01, clock)
        committer.start()
        rounds.start()
        yield made
        rounds.stop()
        committer.stop()


def test_a_file_waits_while_the_store_fails_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bench.file(1, 150)
    monkeypatch.setattr(commands, "_TAKEN_WITHIN_S", 0.5)
    bench.fails.set()
    assert "is not all taken in yet" in bench.does("import", str(file))
    assert bench.waits
    assert not bench.receipt.exists()
    assert bench.committed == {}
    bench.fails.clear()
    until(lambda: not bench.waits)
    assert bench.committed == {bench.journal.epoch: 150}
    with reading(database_of(bench.folder)) as conn:
        assert conn.execute("SELECT duplicates FROM journals").fetchone() == (0,)


def test_the_receipt_comes_at_once_for_what_is_here(bench: Bench) -> None:
    file = str(bench.file(1, 150))
    first = bench.does("import", file)
    assert "everything up to row 150 is here" in first
    bench.fails.set()
    assert bench.does("import", file) == first
    receipt, _ = unseal(bench.receipt.read_bytes(), Receipt)
    assert [(ack.epoch, ack.committed) for ack in receipt.acks] == [(bench.journal.epoch, 150)]


def test_rows_beyond_a_gap_are_here_and_the_gap_is_named(bench: Bench) -> None:
    bench.does("import", str(bench.file(1, 20)))
    said = bench.does("import", str(bench.file(100, 150)))
    assert "everything up to row 20 is here" in said
    assert "Rows 100 to 150 of this file are here too, but some before them are missing" in said
    assert "quarantine" not in said
    assert not bench.waits
    assert "everything up to row 150 is here" in bench.does("import", str(bench.file(21, 99)))


def test_what_is_refused_has_no_receipt_and_is_found_in_quarantine(bench: Bench) -> None:
    bench.does("import", str(bench.file(1, 20)))
    bench.receipt.unlink()
    other = Journal()
    other.open_day("2026-11-19")
    other.add(TicketIssued("2001", ("2",)))
    for place in range(28):
        other.add(TicketIssued(f"2{place + 2:03d}", ("2",)))
    said = bench.does("import", str(bench.file(1, 30, other)))
    assert "rows 1 to 30 are not all here" in said
    assert "Messages of it that were refused: 21. Why, the table quarantine says." in said
    assert not bench.receipt.exists()
    assert not bench.waits


def test_a_file_that_somebody_took_away_is_not_called_taken_in(bench: Bench) -> None:
    bench.fails.set()
    file = bench.file(1, 150)

    def take_away() -> None:
        until(lambda: bench.waits)
        for path in (bench.folder / "imports").iterdir():
            path.unlink()

    thief = threading.Thread(target=take_away)
    thief.start()
    said = bench.does("import", str(file))
    thief.join()
    assert "are not all here, so there is no receipt" in said
    assert "Nothing of it was refused" in said
    assert not bench.receipt.exists()


def test_a_file_that_meets_what_nobody_thought_of_is_kept_and_the_centre_goes_on(
    bench: Bench,
) -> None:
    bench.trips = True
    file = bench.file(1, 150)
    said = bench.does("import", str(file))
    (kept,) = (bench.folder / "imports/refused").glob("*.thutu")
    assert "rows 1 to 150 are not all here, so there is no receipt" in said
    assert f"OverflowError: too large to convert. It is kept whole as {kept}" in said
    assert kept.read_bytes() == file.read_bytes()
    assert not bench.receipt.exists()
    assert bench.committed == {bench.journal.epoch: 6}
    assert "everything up to row 6" in bench.does("import", str(bench.file(1, 6))), "it runs on"
    bench.trips = False
    assert "everything up to row 150 is here" in bench.does("import", str(file))
    assert not kept.exists()
