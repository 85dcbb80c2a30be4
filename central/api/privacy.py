"""Small counts of one level are hidden within one answer of the API, so that a table may be passed
on; what several answers could tell together, `central.rollup.answer_batches` sees to."""

from collections.abc import Sequence

from central.rollup.answer_batches import BATCH

SMALLEST_SHOWN = BATCH


def hide_small(counts: Sequence[int]) -> list[int | None]:
    """Counts under five become None, and then the smallest of the others, until two are hidden and
    are five together: so what the shown ones leave of their sum is no small count either.

    Source: complementary cell suppression, Hundepool et al., "Statistical Disclosure Control".
    """
    order = sorted(range(len(counts)), key=lambda place: counts[place])
    hidden = [place for place in order if counts[place] < SMALLEST_SHOWN]
    for place in order[len(hidden) :] if hidden else []:
        if len(hidden) > 1 and sum(counts[other] for other in hidden) >= SMALLEST_SHOWN:
            break
        hidden.append(place)
    return [None if place in hidden else n for place, n in enumerate(counts)]
