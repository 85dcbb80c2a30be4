"""Which releases go: by rule, by what hubs said, and by the command, with their wheels."""

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from central.access.audit import first_broken
from central.store.access import AccessStore
from central.store.connection import Database
from central.store.database import database_of, reading, transaction, writing
from central.store.ingest import SqlIngestStore
from central.store.updates import UpdateBook
from central.updates.pruning import superfluous
from central.updates.releases import ReleaseShelf
from central.updates.rollout import Rollout, RolloutState
from contract.wire import VERSION, Phase, Release, ReleaseFile, UpdateState
from tests.central.journal import DAY
from tests.central.updates.test_rollout import ROLLOUT
from tests.provision.update.wheelhouses import PUBLISHER, publish, wheel
from tests.system.lost_line import central

FIRST, SECOND, THIRD = (f"01-{unit:05}-01-h1" for unit in (1, 2, 3))
FILE = ReleaseFile("a-1-py3-none-any.whl", bytes(32), 1, 1, ("cp311-aarch64",))
STOPPED, PAUSED, HALTED = RolloutState.STOPPED, RolloutState.PAUSED, RolloutState.HALTED


def release(number: int, updates_from: int = 0) -> Release:
    return Release(VERSION, number, f"{number}.0", updates_from, 1, 1, (FILE,))


def rollout(number: int, of: int, **changes: object) -> Rollout:
    given = msgspec.structs.replace(ROLLOUT, rollout=number, release=of, software=f"{of}.0")
    return msgspec.structs.replace(given, **changes)


RELEASES = [release(number) for number in range(9, 0, -1)]


def gone(
    *rollouts: Rollout, software: tuple[str, ...] = (), numbers: tuple[int, ...] = ()
) -> list[int]:
    newest_first = sorted(rollouts, key=lambda one: one.rollout, reverse=True)
    found = superfluous(RELEASES, newest_first, software=software, numbers=numbers)
    return sorted(one.number for one in found)


# --- the rule ---------------------------------------------------------------------------------


def test_what_was_never_rolled_out_is_new_and_stays() -> None:
    assert gone() == []
    assert gone(rollout(1, 7, state=STOPPED)) == [1, 2, 3, 4, 5, 6, 7]


def test_what_hubs_run_or_are_at_stays() -> None:
    given_up = rollout(1, 9, state=HALTED)
    assert gone(given_up, software=("4.0", "own"), numbers=(6,)) == [1, 2, 3, 5, 7, 8, 9]


@pytest.mark.parametrize(
    ("older", "newer", "stays"),
    [
        ({}, {}, False),
        ({}, {"percent": 50}, True),
        ({}, {"state": PAUSED}, True),
        ({"state": PAUSED}, {"state": STOPPED}, True),
        ({"state": STOPPED}, {"percent": 50}, False),
        ({}, {"places": ("01",)}, True),
        ({"places": ("01-00001", "01")}, {"places": ("01",)}, False),
        ({"places": ("01", "02")}, {"places": ("01",)}, True),
        ({"places": ("011",)}, {"places": ("01",)}, True),
    ],
)
def test_what_a_rollout_can_still_give_stays(
    older: dict[str, object], newer: dict[str, object], stays: bool
) -> None:
    assert (8 not in gone(rollout(1, 8, **older), rollout(2, 9, **newer))) is stays


def test_what_lies_on_the_way_from_an_old_release_stays() -> None:
    releases = [release(9, updates_from=7), *RELEASES[1:]]
    going = superfluous(releases, [rollout(1, 9)], software=("5.0",), numbers=())
    assert sorted(one.number for one in going) == [1, 2, 3, 4, 8]


# --- what hubs said -----------------------------------------------------------------------------


def test_hubs_hold_what_they_fetch_run_and_may_go_back_to(each_db: Database) -> None:
    said: list[tuple[str, int, Phase]] = [
        *((FIRST, number, "done") for number in (3, 4, 5)),
        (SECOND, 6, "preparing"),  # overtaken by the next
        (SECOND, 7, "trying"),
        (THIRD, 8, "done"),
        (THIRD, 9, "refused"),
    ]
    store = SqlIngestStore(each_db)
    with store.transaction():
        for node in (FIRST, SECOND, THIRD):
            store.journal(node, "00000000000000aa")
    book = UpdateBook(each_db.conn)
    with transaction(each_db.conn):
        for node, number, phase in said:
            assert book.note_said(node, UpdateState(2 * number, number, phase), 1)
    assert book.releases_held(DAY) == {4, 5, 7, 8}
    with transaction(each_db.conn):
        assert book.note_said(FIRST, UpdateState(12, 6, "waiting"), 1)
        book.note_told(SECOND, 15, 0, 2)
    assert book.releases_held(DAY) == {4, 5, 6, 8}
    each_db.execute("UPDATE nodes SET software = '4.0' WHERE code = ?", (FIRST,))
    assert book.software_run(DAY) == {"4.0"}
    each_db.execute("UPDATE sites SET valid_to = ? WHERE code = ?", (DAY, FIRST[:11]))
    assert (book.releases_held(DAY), book.software_run(DAY)) == ({4, 5, 6, 8}, {"4.0"})
    assert (book.releases_held("2026-11-21"), book.software_run("2026-11-21")) == ({8}, set())


# --- the command ------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A centre with releases 1 to 3, of which 2 is everywhere and 3 is new."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    publisher = PUBLISHER.public_key().public_bytes_raw()
    shared = wheel(tmp_path / "made", "0.1")
    for number in (1, 2, 3):
        publish(tmp_path / "house", number, [wheel(tmp_path / "made", f"{number}.0"), shared])
    ReleaseShelf(tmp_path / "centre", [publisher]).add(tmp_path / "house")
    with writing(database_of(tmp_path / "centre")) as db, transaction(db.conn):
        UpdateBook(db.conn).add(rollout(1, 2))
    file = tmp_path / "central.toml"
    file.write_text(
        f"""
        [store]
        folder = "{tmp_path / "centre"}"
        [embedded_broker]
        [updates]
        publisher_keys = ["{publisher.hex()}"]
        """
    )
    logging.disable(logging.CRITICAL)
    yield file
    logging.disable(logging.NOTSET)


def test_the_command_removes_what_it_named_and_wheels_that_nobody_shares(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config.parent / "centre" / "releases"
    before = files_in(folder)
    central(monkeypatch, str(config), "release", "prune", "--dry-run")
    assert capsys.readouterr().out == "Release 1 (1.0) would be removed.\n"
    assert files_in(folder) == before
    central(monkeypatch, str(config), "release", "prune")
    assert capsys.readouterr().out == "Release 1 (1.0) was removed.\n"
    removed = {path.rpartition("/")[2] for path in before - files_in(folder)}
    assert removed == {"release-1.thutu", "sample_hub-1.0-py3-none-any.whl"}
    assert all(any(one.iterdir()) for one in (folder / "wheels").iterdir())
    central(monkeypatch, str(config), "release", "prune")
    assert "still needed" in capsys.readouterr().out
    with reading(database_of(config.parent / "centre")) as conn:
        lines = [(row.action, row.subject) for row, _ in AccessStore(conn).audit(0, 10)]
        assert first_broken(conn) is None
    assert lines == [("release-removed", "1 (1.0)")]


def files_in(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}
