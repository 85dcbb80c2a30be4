from pathlib import Path

import pytest

from contract.commands import ReportPrint
from contract.slips import SlipView
from edge.satellite.paper_memory import PaperMemory, SlipKey, key_of
from edge.store.journal import StoreError


def slip(number: str = "1001", copy: int = 1, day: str = "monday") -> SlipView:
    return SlipView(f"{number}.{day}", number, copy, "Hồng Hà", "Hộ tịch", ("1",), 0, None, 0, True)


PRINTED = ReportPrint("1001", 1, "printed", "confirmed")


def test_what_was_begun_and_what_became_of_it_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "data" / "printer-2.slips"
    memory = PaperMemory(path)
    assert memory.is_new
    begun, ended = memory.begin(slip("1002")), memory.begin(slip())
    memory.end(ended, PRINTED)

    later = PaperMemory(path)
    assert not later.is_new
    assert [(s.key, s.report is None) for s in later.untold] == [(begun, True), (ended, False)]
    assert later.untold == memory.untold
    told = later[ended].report
    assert told is not None
    assert told.ticket == "1001.monday"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_told_slip_is_forgotten_once_the_hub_asks_for_it_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "slips"
    memory = PaperMemory(path)
    key = memory.begin(slip())
    memory.end(key, PRINTED)
    memory.keep(frozenset())
    assert key in memory  # not told yet
    memory.settle(key)
    memory.keep(frozenset({key}))  # a list that was on its way when the hub answered
    assert key in PaperMemory(path)
    memory.keep(frozenset())
    assert key not in memory
    assert key not in PaperMemory(path)


def test_a_number_of_another_day_and_another_copy_are_other_slips(tmp_path: Path) -> None:
    memory = PaperMemory(tmp_path / "slips")
    memory.begin(slip())
    assert key_of(slip()) in memory
    assert key_of(slip(copy=2)) not in memory
    assert key_of(slip(day="tuesday")) not in memory


@pytest.mark.parametrize("data", [b"\x00", b"", b"[1]", b'[{"key": ["a", 1]}]', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "slips"
    path.write_bytes(data)
    memory = PaperMemory(path)
    assert memory.is_new
    assert memory.untold == ()
    memory.keep(frozenset())
    assert not PaperMemory(path).is_new


def test_what_cannot_be_written_is_refused_and_known_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "data" / "slips"
    memory = PaperMemory(path)
    path.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        memory.begin(slip())
    assert SlipKey("1001.monday", 1) in memory


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match="cannot be read"):
        PaperMemory(tmp_path / "data" / "slips")
