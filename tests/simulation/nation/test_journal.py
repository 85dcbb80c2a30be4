"""A journal in memory is a journal."""

from pathlib import Path

from edge.store.journal import Journal, NewRow
from simulation.nation.journal import MemoryJournal

BODIES = [b"one", b"two", b"three", b"four"]


def test_it_holds_the_rows_and_hashes_that_a_card_would(tmp_path: Path) -> None:
    card = Journal(tmp_path / "journal.db")
    card.append([NewRow(body, b"") for body in BODIES])
    memory = MemoryJournal("00000000000000aa", lambda: 0)
    memory.append(BODIES[:1], line_up=True)
    memory.append(BODIES[1:], line_up=True)
    assert memory.read(0, 10) == card.read(0, 10)
    assert memory.read(1, 2) == card.read(1, 2)
    assert [memory.hash_at(seq) for seq in range(5)] == [card.hash_at(seq) for seq in range(5)]
    assert (memory.last_seq, memory.last_hash) == (card.last_seq, card.last_hash)
    card.close()


def test_the_cursor_never_goes_back() -> None:
    journal = MemoryJournal("00000000000000aa", lambda: 0)
    journal.append(BODIES, line_up=True)
    journal.advance(3)
    journal.advance(1)
    assert journal.cursor == 3


def test_lag_counts_only_rows_that_were_written_with_the_line_up() -> None:
    now_ms = [1_000]
    journal = MemoryJournal("00000000000000aa", lambda: now_ms[0])
    journal.append(BODIES[:2], line_up=True)
    now_ms[0] = 1_400
    journal.append(BODIES[2:3], line_up=False)
    journal.append(BODIES[3:], line_up=True)
    now_ms[0] = 1_500
    journal.advance(4)
    assert journal.lags_ms == [500, 500, 100]
