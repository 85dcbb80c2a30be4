from pathlib import Path

import pytest

from edge.store.high_water import HighWater, Mark
from edge.store.journal import StoreError

SLOT_BYTES = 4096


def mark(seq: int) -> Mark:
    return Mark("epoch-1", seq, bytes([seq % 256]) * 32, "2026-11-23", {"1": seq, "5": 2})


def written(path: Path, *seqs: int) -> Path:
    high_water = HighWater(path)
    for seq in seqs:
        high_water.write(mark(seq))
    high_water.close()
    return path


def read(path: Path) -> Mark | None:
    high_water = HighWater(path)
    high_water.close()
    return high_water.mark


def test_a_new_file_knows_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "mark")
    assert read(path) is None
    assert path.stat().st_size == 2 * SLOT_BYTES
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_the_last_mark_is_read_back(tmp_path: Path, count: int) -> None:
    path = written(tmp_path / "mark", *range(1, count + 1))
    assert read(path) == mark(count)


@pytest.mark.parametrize("torn_at", [0, 1, 31, 32, 35, 36, 60])
def test_a_torn_write_leaves_the_mark_before(tmp_path: Path, torn_at: int) -> None:
    path = written(tmp_path / "mark", 1, 2)
    before = path.read_bytes()
    written(path, 3)
    after = path.read_bytes()
    cut = SLOT_BYTES + torn_at  # the third write goes to the second slot
    path.write_bytes(after[:cut] + before[cut:])
    assert read(path) == mark(2)
    written(path, 4)
    assert read(path) == mark(4)


@pytest.mark.parametrize("offset", [*range(0, 120, 7), SLOT_BYTES, SLOT_BYTES + 50])
def test_a_flipped_bit_never_makes_a_mark_of_its_own(tmp_path: Path, offset: int) -> None:
    path = written(tmp_path / "mark", 1, 2)
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)
    assert read(path) in (mark(1), mark(2))


def test_a_file_cut_short_keeps_its_intact_slot(tmp_path: Path) -> None:
    path = written(tmp_path / "mark", 1, 2)
    path.write_bytes(path.read_bytes()[: SLOT_BYTES + 10])
    assert read(path) == mark(2)
    assert path.stat().st_size == 2 * SLOT_BYTES


def test_a_mark_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    high_water = HighWater(tmp_path / "mark")
    too_long = Mark("e" * SLOT_BYTES, 1, bytes(32), "2026-11-23", {})
    with pytest.raises(StoreError, match="does not fit"):
        high_water.write(too_long)
    high_water.write(mark(1))
    high_water.close()
    assert read(tmp_path / "mark") == mark(1)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        HighWater(tmp_path / "nowhere" / "mark")
