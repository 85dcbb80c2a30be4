"""Bars for the pages, as numbers that a template draws in SVG."""

from collections.abc import Sequence
from typing import NamedTuple

_WIDTH, _HEIGHT = 480.0, 150.0
_WIDEST_STEP = 40.0
_BAR_OF_STEP = 0.7
_STEPS_AT_MOST = 4


class Bar(NamedTuple):
    """One bar: its corner, size and words; no height when there is no value."""

    x: float
    y: float
    width: float
    height: float
    words: str


class Line(NamedTuple):
    """A horizontal line of the scale, with its value."""

    y: float
    value: int


class Mark(NamedTuple):
    """A word below the bars, centred at `x`."""

    x: float
    words: str


class Chart(NamedTuple):
    """A bar chart within `width` by `height`, in units of its own."""

    width: float
    height: float
    bars: list[Bar]
    lines: list[Line]
    marks: list[Mark]


def bar_chart(
    values: Sequence[float | None], words: Sequence[str], marks: Sequence[str | None]
) -> Chart:
    """Lay out one bar for each value, with words for its tooltip and perhaps a mark below; every
    chart is equally wide, so that its words are equally large on every screen."""
    across = min(_WIDEST_STEP, _WIDTH / max(1, len(values)))
    wide = across * _BAR_OF_STEP
    step = _round_step(max((value for value in values if value is not None), default=0))
    top = max((value for value in values if value is not None), default=0)
    most = step * max(1, -int(-top // step))
    bars = []
    for place, (value, said) in enumerate(zip(values, words, strict=True)):
        height = round(_HEIGHT * (value or 0) / most, 2)
        x = place * across + (across - wide) / 2
        bars.append(Bar(round(x, 2), _HEIGHT - height, round(wide, 2), height, said))
    return Chart(
        width=_WIDTH,
        height=_HEIGHT,
        bars=bars,
        lines=[
            Line(round(_HEIGHT * (1 - value / most), 2), value)
            for value in range(0, most + 1, step)
        ],
        marks=[
            Mark(round((place + 0.5) * across, 2), mark)
            for place, mark in enumerate(marks)
            if mark is not None
        ],
    )


def _round_step(top: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 and so on that needs no more than four steps to the
    top."""
    step, magnitude = 1, 1
    while top > step * _STEPS_AT_MOST:
        for factor in (1, 2, 5):
            step = factor * magnitude
            if top <= step * _STEPS_AT_MOST:
                break
        magnitude *= 10
    return step
