"""How far the centre has confirmed: in memory, and now and then on the disk."""

from pathlib import Path

import pytest

from edge.store.journal import Journal
from tests.edge.journals import BODIES, cursor_on_disk, fill, new_rows


def test_the_cursor_goes_forward_only_and_never_beyond_the_last_row(journal: Journal) -> None:
    journal.append(new_rows(*BODIES[:10]))
    for committed, cursor in ((3, 3), (9, 9), (2, 9), (10, 10), (9, 10)):
        journal.advance(committed)
        assert journal.cursor == cursor
    with pytest.raises(ValueError, match="row 11 is beyond the last row 10"):
        journal.advance(11)
    assert journal.cursor == 10


def test_a_cursor_reaches_the_disk_once_in_64_rows_and_at_the_end(path: Path) -> None:
    journal = Journal(path)
    journal.append(new_rows(*(b"%d" % number for number in range(200))))
    told = []
    for committed in (1, 63, 64, 65, 127, 128, 150):
        journal.advance(committed)
        assert journal.cursor == committed
        told.append(cursor_on_disk(path))
    assert told == [0, 0, 64, 64, 64, 128, 128]

    journal.go_back(130)
    assert (journal.cursor, cursor_on_disk(path)) == (130, 128)
    journal.go_back(100)
    assert (journal.cursor, cursor_on_disk(path)) == (100, 100)
    journal.advance(140)
    journal.go_back(140)  # as whoever brings the centre's word by hand
    journal.close()
    assert cursor_on_disk(path) == 140


def test_a_cursor_that_another_program_moved_is_followed(journal: Journal) -> None:
    journal.append(new_rows(*BODIES[:10]))
    journal.advance(3)
    other = Journal(journal.path)
    other.advance(8)
    other.close()
    assert journal.cursor == 8
    journal.advance(9)
    assert journal.cursor == 9

    restored = Journal(journal.path)
    restored.go_back(2)  # all that a restored centre holds
    restored.close()
    journal.close()
    assert cursor_on_disk(journal.path) == 2


def test_the_cursor_survives(path: Path) -> None:
    journal = Journal(fill(path))
    assert journal.cursor == 5
    journal.close()
