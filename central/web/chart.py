"""Bars for the pages, as numbers that a template draws in SVG."""

from collections.abc import Sequence
from typing import NamedTuple

_HEIGHT = 120.0
_STEP = 20.0
_BAR = 14.0
_STEPS_AT_MOST = 4
_LEAST_BARS = 20


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
    """Lay out one bar for each value, with words for its tooltip and perhaps a mark below."""
    step = _round_step(max((value for value in values if value is not None), default=0))
    top = max((value for value in values if value is not None), default=0)
    most = step * max(1, -int(-top // step))
    bars = []
    for place, (value, said) in enumerate(zip(values, words, strict=True)):
        height = round(_HEIGHT * (value or 0) / most, 2)
        bars.append(Bar(place * _STEP + (_STEP - _BAR) / 2, _HEIGHT - height, _BAR, height, said))
    return Chart(
        width=_STEP * max(len(values), _LEAST_BARS),
        height=_HEIGHT,
        bars=bars,
        lines=[
            Line(round(_HEIGHT * (1 - value / most), 2), value)
            for value in range(0, most + 1, step)
        ],
        marks=[
            Mark((place + 0.5) * _STEP, mark)
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
