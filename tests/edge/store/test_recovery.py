"""A card that loses or changes bytes: noticed, set aside, and no number comes twice."""

import logging
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from contract.commands import Answer, IssueTicket, ReportDevice, SignIn
from edge.store import recovery
from edge.store.journal import StoreError
from edge.store.recovery import open_stores
from tests.edge.running_site import CLERK, HUB, KIOSK, RunningHub, TestClock

PAGE_BYTES = 1024
TICKETS = 60
SERVICES = ("1", "2", "5")
_ALTER_ROW_5 = "UPDATE entries SET body = CAST(body || x'00' AS BLOB) WHERE seq = 5"


class Image(NamedTuple):
    """A hub's folder as a power cut left it, and the numbers that people have in their hands."""

    folder: Path
    numbers: frozenset[str]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def cut_while_open(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The write-ahead log holds everything since the start."""
    return _image(tmp_path_factory.mktemp("open"), closed=False)


@pytest.fixture(scope="module")
def cut_after_close(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The database holds everything, and a checkpoint."""
    return _image(tmp_path_factory.mktemp("closed"), closed=True)


def _image(folder: Path, *, closed: bool) -> Image:
    running = RunningHub(folder / "hub", TestClock())
    for turn in range(TICKETS):
        running.give(KIOSK, IssueTicket((SERVICES[turn % 3],)))
        running.give(HUB, ReportDevice("printer-1", "paper-low" if turn % 2 else "ready"))
    if not closed:
        shutil.copytree(folder / "hub", folder / "image")
    numbers = frozenset(running.hub.house.live.tickets)
    running.close()
    if closed:
        shutil.copytree(folder / "hub", folder / "image")
    (folder / "image" / "journal.db-shm").unlink(missing_ok=True)  # memory of a power that is off
    return Image(folder / "image", numbers)


class Outcome(NamedTuple):
    """What a hub made of a damaged image."""

    noticed: bool
    kept: frozenset[str]
    issued: list[str]


def begun_on(image: Image, folder: Path, name: str, data: bytes) -> Outcome:
    """Start a hub on `image` with `data` in file `name`, and issue a few numbers."""
    shutil.copytree(image.folder, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(data)
    running = RunningHub(folder, TestClock())
    kept = frozenset(running.hub.house.live.tickets)
    said = [running.give(KIOSK, IssueTicket((service,))) for service in SERVICES * 2]
    running.close()
    issued = [answer.number for answer in said if isinstance(answer, Answer) and answer.number]
    return Outcome(any(folder.glob("journal-damaged-*.db")), kept, issued)


def assert_safe(image: Image, outcome: Outcome) -> None:
    assert len(set(outcome.issued)) == 2 * len(SERVICES)
    assert not set(outcome.issued) & image.numbers
    assert outcome.kept <= image.numbers
    assert outcome.noticed or outcome.kept == image.numbers


def flipped(data: bytes, offset: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[offset] ^= 1 << bit
    return bytes(changed)


def places(length: int, count: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(length), count))


def test_an_undamaged_image_goes_on_where_it_was(cut_while_open: Image, tmp_path: Path) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    outcome = begun_on(cut_while_open, tmp_path, "journal.db-wal", log)
    assert outcome == (False, cut_while_open.numbers, [*_next(21), *_next(22)])


def test_any_flipped_bit_of_the_log_is_noticed(cut_while_open: Image, tmp_path: Path) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    offsets = [*range(32), *places(len(log), 60, seed=1)]
    for turn, offset in enumerate(offsets):
        folder = tmp_path / str(turn)
        damaged = flipped(log, offset, turn % 8)
        outcome = begun_on(cut_while_open, folder, "journal.db-wal", damaged)
        assert_safe(cut_while_open, outcome)
        assert outcome.noticed or offset < 32, offset
        shutil.rmtree(folder)


def test_a_late_flip_in_the_log_costs_only_what_follows(
    cut_while_open: Image, tmp_path: Path
) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    damaged = flipped(log, len(log) - PAGE_BYTES, 3)
    outcome = begun_on(cut_while_open, tmp_path, "journal.db-wal", damaged)
    assert_safe(cut_while_open, outcome)
    assert outcome.noticed
    assert len(outcome.kept) >= TICKETS - 2


def test_any_cut_of_the_log_is_noticed(cut_while_open: Image, tmp_path: Path) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    for turn, length in enumerate([0, 16, *places(len(log), 20, seed=2)]):
        folder = tmp_path / str(turn)
        outcome = begun_on(cut_while_open, folder, "journal.db-wal", log[:length])
        assert_safe(cut_while_open, outcome)
        assert outcome.noticed, length
        shutil.rmtree(folder)


def test_any_flipped_bit_of_the_database_is_noticed_or_harmless(
    cut_after_close: Image, tmp_path: Path
) -> None:
    data = (cut_after_close.folder / "journal.db").read_bytes()
    offsets = [*range(0, 100, 2), *places(len(data), 60, seed=3)]
    noticed = 0
    for turn, offset in enumerate(offsets):
        folder = tmp_path / str(turn)
        damaged = flipped(data, offset, turn % 8)
        try:
            outcome = begun_on(cut_after_close, folder, "journal.db", damaged)
        except StoreError:
            assert offset in FORMAT_VERSIONS  # it may be a newer SQLite's: nobody may write it
            continue
        assert_safe(cut_after_close, outcome)
        noticed += outcome.noticed
        shutil.rmtree(folder)
    assert noticed > 10


FORMAT_VERSIONS = (18, 19, 44, 45, 46, 47)


def test_pages_full_of_noise_and_a_cut_database(cut_after_close: Image, tmp_path: Path) -> None:
    data = (cut_after_close.folder / "journal.db").read_bytes()
    noise = random.Random(4).randbytes(PAGE_BYTES)
    damages = [
        data[:start] + noise + data[start + PAGE_BYTES :]
        for start in range(0, len(data), PAGE_BYTES)
    ]
    damages += [data[:length] for length in (1, 99, *places(len(data), 10, seed=5))]
    for turn, damaged in enumerate(damages):
        folder = tmp_path / str(turn)
        assert_safe(cut_after_close, begun_on(cut_after_close, folder, "journal.db", damaged))
        shutil.rmtree(folder)


def test_an_altered_row_is_noticed_even_before_the_checkpoint(
    cut_after_close: Image, tmp_path: Path
) -> None:
    shutil.copytree(cut_after_close.folder, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        db.execute(_ALTER_ROW_5)
    db.close()
    stores = open_stores(tmp_path)
    assert stores.damage is not None
    assert "row 5" in stores.damage
    assert frozenset(stores.house.live.tickets) == cut_after_close.numbers
    stores.journal.close()
    stores.high_water.close()


def test_what_the_centre_confirmed_needs_no_second_look(
    cut_after_close: Image, tmp_path: Path
) -> None:
    shutil.copytree(cut_after_close.folder, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        db.execute(_ALTER_ROW_5)
        db.execute("UPDATE state SET value = '50' WHERE key = 'cursor'")
    db.close()
    stores = open_stores(tmp_path)
    assert stores.damage is None
    stores.journal.close()
    stores.high_water.close()


def test_an_altered_checkpoint_is_not_believed(cut_after_close: Image, tmp_path: Path) -> None:
    shutil.copytree(cut_after_close.folder, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
        (state,) = db.execute("SELECT state FROM checkpoints").fetchone()
        where = state.index(b"\xa11\x14")  # series 1 has come to order 20
        db.execute("UPDATE checkpoints SET state = ?", (flipped(state, where + 2, 4),))
    db.close()
    outcome = begun_on(cut_after_close, tmp_path, "none", b"")
    assert outcome == (False, cut_after_close.numbers, [*_next(21), *_next(22)])


@pytest.mark.parametrize("lost", ["journal.db-wal", "journal.db", "everything"])
def test_a_journal_that_is_gone_uses_no_number_again(
    cut_while_open: Image, tmp_path: Path, lost: str
) -> None:
    shutil.copytree(cut_while_open.folder, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("journal.db*"):
        if lost in (path.name, "everything"):
            path.unlink()
    running = RunningHub(tmp_path, TestClock())
    assert running.give(KIOSK, IssueTicket(("1",))).number == "1021"  # type: ignore[union-attr]  # not refused
    running.close()


def test_a_mark_that_is_gone_costs_nothing(cut_while_open: Image, tmp_path: Path) -> None:
    outcome = begun_on(cut_while_open, tmp_path, "high-water", b"")
    assert outcome == (False, cut_while_open.numbers, [*_next(21), *_next(22)])


def test_an_older_journal_put_back_is_noticed(tmp_path: Path) -> None:
    running = RunningHub(tmp_path / "hub", TestClock())
    running.give(KIOSK, IssueTicket(("1",)))
    running.close()
    shutil.copy(tmp_path / "hub" / "journal.db", tmp_path / "older.db")
    running = RunningHub(tmp_path / "hub", TestClock())
    running.give(KIOSK, IssueTicket(("1",)))
    running.close()
    shutil.copy(tmp_path / "older.db", tmp_path / "hub" / "journal.db")
    running = RunningHub(tmp_path / "hub", TestClock())
    assert running.give(KIOSK, IssueTicket(("1",))).number == "1003"  # type: ignore[union-attr]  # not refused
    running.close()


def test_the_queue_goes_on_in_a_new_epoch(cut_while_open: Image, tmp_path: Path) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    shutil.copytree(cut_while_open.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "journal.db-wal").write_bytes(flipped(log, len(log) - PAGE_BYTES, 3))
    running = RunningHub(tmp_path, TestClock())
    epoch = running.hub.journal.epoch
    assert running.hub.journal.read(after=0, limit=1)[0].seq == 1
    running.give(CLERK, SignIn("1"))
    running.restart()
    assert running.hub.journal.epoch == epoch
    assert running.hub.house.live.counters["1"].staff == "nv01"
    assert len(running.hub.house.live.tickets) >= TICKETS - 2
    assert len(list(tmp_path.glob("journal-damaged-*.db"))) == 1
    running.close()


def _no_room(*_: object) -> None:
    raise StoreError("database or disk is full")


def _cut_at(rename: int) -> Callable[[Path, Path | str], Path]:
    """What renames until the power goes, instead of the rename with this number."""
    renamed, left = Path.rename, iter(range(rename))

    def cut(path: Path, target: Path | str) -> Path:
        if next(left, None) is None:
            raise OSError("no power")
        return renamed(path, target)

    return cut


@pytest.mark.parametrize("cut", ["room", *range(3)])
def test_a_new_journal_that_cannot_be_begun_or_is_cut_off_costs_nobody_a_place(
    cut_while_open: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int | str
) -> None:
    log = (cut_while_open.folder / "journal.db-wal").read_bytes()
    shutil.copytree(cut_while_open.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "journal.db-wal").write_bytes(flipped(log, len(log) - PAGE_BYTES, 3))
    with monkeypatch.context() as failing:
        if isinstance(cut, int):
            failing.setattr(Path, "rename", _cut_at(cut))
        else:
            failing.setattr(recovery, "keep_checkpoint", _no_room)
        with pytest.raises((StoreError, OSError)):
            open_stores(tmp_path)

    running = RunningHub(tmp_path, TestClock())
    assert len(running.hub.house.live.tickets) >= TICKETS - 2
    running.close()
    assert (tmp_path / "journal-damaged-1.db").exists()
    assert not [*tmp_path.glob("journal-new*"), *tmp_path.glob("journal-next*")]


def test_a_journal_that_was_set_aside_before_is_kept(
    cut_after_close: Image, tmp_path: Path
) -> None:
    shutil.copytree(cut_after_close.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "journal-damaged-2.db").write_bytes(b"for the technician, who has taken the first")
    for _ in range(2):
        (tmp_path / "journal.db").write_bytes(b"cannot be read" * 1000)
        RunningHub(tmp_path, TestClock()).close()
    assert len(list(tmp_path.glob("journal-damaged-*.db"))) == 3
    kept = (tmp_path / "journal-damaged-2.db").read_bytes()
    assert kept == b"for the technician, who has taken the first"


@pytest.mark.parametrize("renamed", [1, 2])
def test_a_cut_while_a_journal_is_set_aside_does_not_part_it_from_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    parts = ("journal.db", "journal.db-wal", "journal.db-shm")
    for name in parts:
        (tmp_path / name).write_text(name)
    rename, left = Path.rename, iter(range(renamed))

    def cut(path: Path, target: Path | str) -> Path:
        next(left)
        return rename(path, target)

    with monkeypatch.context() as cutting:
        cutting.setattr(Path, "rename", cut)
        with pytest.raises(StopIteration):
            recovery._set_aside(tmp_path)
    assert (tmp_path / "journal.db").exists()
    recovery._set_aside(tmp_path)
    aside = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert aside == {name.replace("journal", "journal-damaged-1"): name for name in parts}


def test_a_log_that_was_set_aside_before_a_cut_is_not_overwritten_by_that_of_the_next_start(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "journal-damaged-1.db-wal"
    kept.write_text("rows that are nowhere else")
    (tmp_path / "journal.db").write_text("journal")
    (tmp_path / "journal.db-wal").write_text("the next start's")
    assert recovery._set_aside(tmp_path).name == "journal-damaged-2.db"
    assert kept.read_text() == "rows that are nowhere else"
    assert (tmp_path / "journal-damaged-2.db-wal").read_text() == "the next start's"


def test_the_next_day_begins_at_one_again(tmp_path: Path) -> None:
    clock = TestClock()
    running = RunningHub(tmp_path, clock)
    running.give(KIOSK, IssueTicket(("1",)))
    clock.later(86_400)
    assert running.give(KIOSK, IssueTicket(("1",))).number == "1001"  # type: ignore[union-attr]  # not refused
    running.close()


def _next(order: int) -> list[str]:
    return [f"{series}{order:03d}" for series in SERVICES]


def test_a_hub_whose_power_is_cut_every_evening_does_not_read_more_each_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.hub._ROWS_PER_CHECKPOINT", 50)
    replayed = []
    for day in range(8):
        hub = RunningHub(tmp_path / f"day-{day}", TestClock())
        replayed.append(hub.hub._stores.replayed)
        for _ in range(20):
            hub.give(KIOSK, IssueTicket(("1",)))
        shutil.copytree(tmp_path / f"day-{day}", tmp_path / f"day-{day + 1}")
        (tmp_path / f"day-{day + 1}" / "journal.db-shm").unlink()
        hub.close()
    assert max(replayed) < 2 * 50
