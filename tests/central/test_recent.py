"""The shortcut between intake and fold."""

import pytest

from central.rollup import recent
from central.rollup.recent import Recent
from central.store.rows import Rows
from tests.central.journal import Journal
from tests.central.test_fold import visit


def rows(made: Journal, first: int, last: int) -> Rows:
    return Rows(1, made.rows, made.entries).cut(first, last)


def test_runs_that_continue_are_taken_as_one() -> None:
    made, held = visit(), Recent()
    held.put(1, rows(made, 1, 3))
    held.put(1, rows(made, 4, 6))
    assert held.take(1, 1, 4) == made.entries[:4]
    assert held.take(1, 1, 4) is None
    assert held.take(1, 5, 7) is None
    assert held.take(1, 5, 6) == made.entries[4:6]
    assert held.held == 0


def test_rows_that_do_not_continue_replace_what_was_there() -> None:
    made, held = visit(), Recent()
    held.put(1, rows(made, 5, 8))
    held.put(1, rows(made, 1, 4))
    assert held.take(1, 1, 8) is None
    assert held.held == 4
    held.forget(1)
    assert (held.take(1, 1, 4), held.held) == (None, 0)


def test_the_number_of_entries_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_MOST_ENTRIES", 5)
    made, held = visit(), Recent()
    held.put(1, rows(made, 1, 4))
    held.put(2, rows(made, 1, 3))
    assert (held.take(1, 1, 4), held.held) == (None, 3)
