"""Damage to a journal: it is noticed, and never taken for rows."""

from pathlib import Path

import pytest

from edge.store.journal import Journal, JournalDamagedError, StoreError
from tests.edge.journals import edit, fill, intact_rows


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    return fill(tmp_path / "journal.db")


def test_every_altered_byte_of_every_row_is_noticed(filled: Path) -> None:
    for row in intact_rows(filled)[:4]:
        for column, value in (("body", row.body), ("hash", row.hash)):
            for place in range(len(value)):
                altered = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
                statement = f"UPDATE entries SET {column} = ? WHERE seq = ?"  # noqa: S608 - ours
                edit(filled, statement, (altered, row.seq))
                with pytest.raises(JournalDamagedError) as caught:
                    intact_rows(filled)
                assert caught.value.intact == row.seq - 1
                edit(filled, statement, (value, row.seq))
    assert len(intact_rows(filled)) == 12


@pytest.mark.parametrize(
    ("statement", "intact"),
    [
        ("DELETE FROM entries WHERE seq = 7", 6),
        ("DELETE FROM entries WHERE seq = 1", 0),
        ("UPDATE entries SET seq = 99 WHERE seq = 7", 6),
        ("UPDATE entries SET body = CAST(body AS TEXT) WHERE seq = 3", 0),
        ("UPDATE entries SET body = 7 WHERE seq = 3", 0),
        ("UPDATE entries SET hash = zeroblob(32) WHERE seq = 12", 11),
        ("INSERT INTO entries VALUES (13, x'00', zeroblob(32), NULL)", 12),
    ],
)
def test_rows_taken_out_put_in_or_turned_into_something_else_are_noticed(
    filled: Path, statement: str, intact: int
) -> None:
    edit(filled, statement)
    with pytest.raises(JournalDamagedError, match=f"rows up to {intact} are intact"):
        intact_rows(filled)


def test_two_rows_that_changed_places_are_noticed(filled: Path) -> None:
    for statement in (
        "UPDATE entries SET seq = 100 WHERE seq = 4",
        "UPDATE entries SET seq = 4 WHERE seq = 5",
        "UPDATE entries SET seq = 5 WHERE seq = 100",
    ):
        edit(filled, statement)
    with pytest.raises(JournalDamagedError) as caught:
        intact_rows(filled)
    assert caught.value.intact == 3


@pytest.mark.parametrize("bit", [0, 3, 6])
def test_no_flipped_bit_of_the_file_is_taken_for_a_row(filled: Path, bit: int) -> None:
    """Of every byte: the damage is noticed, or what is read is as it was. At worst the last rows
    are gone, which a chain cannot show; the high-water mark beside the journal does."""
    rows = intact_rows(filled)
    whole = filled.read_bytes()
    damaged = filled.with_name("damaged.db")
    noticed = 0
    for place in (place for place, byte in enumerate(whole) if byte):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        try:
            found = intact_rows(damaged)
            assert found == rows[: len(found)]
        except StoreError:
            noticed += 1
        for part in damaged.parent.glob("damaged.db*"):
            part.unlink()
    assert noticed > sum(len(row.body) + len(row.hash) for row in rows)


def test_a_truncated_file_is_noticed(filled: Path) -> None:
    whole = filled.read_bytes()
    for size in range(512, len(whole), 4096 + 512):
        filled.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            intact_rows(filled)


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_journal_is_damage(filled: Path, content: bytes) -> None:
    filled.write_bytes(content)
    with pytest.raises(JournalDamagedError):
        Journal(filled)


def test_a_journal_that_lost_its_name_is_damage(filled: Path) -> None:
    edit(filled, "UPDATE state SET value = 'x' WHERE key = 'epoch'")
    with pytest.raises(JournalDamagedError, match="has lost its name"):
        Journal(filled)


def test_a_cursor_that_is_nonsense_means_to_send_again(filled: Path) -> None:
    for value, cursor in (("", 0), ("x7", 0), ("999", 12)):
        edit(filled, "UPDATE state SET value = ? WHERE key = 'cursor'", (value,))
        journal = Journal(filled)
        assert journal.cursor == cursor
        journal.close()


def test_a_place_where_no_journal_can_be_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "journal.db"):
        with pytest.raises(StoreError, match="cannot be opened") as caught:
            Journal(path)
        assert not isinstance(caught.value, JournalDamagedError)
