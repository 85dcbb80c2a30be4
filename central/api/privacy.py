"""Small counts of answers are hidden, so that nobody's answer can be found out."""

from collections.abc import Sequence

SMALLEST_SHOWN = 5


def hide_small(counts: Sequence[int]) -> list[int | None]:
    """Counts under five become None. A single hidden count could be found by subtraction from a
    sum, so the smallest of the others is then hidden with it."""
    shown: list[int | None] = [n if n >= SMALLEST_SHOWN else None for n in counts]
    if shown.count(None) == 1:
        others = [(n, place) for place, n in enumerate(shown) if n is not None]
        if others:
            shown[min(others)[1]] = None
    return shown
