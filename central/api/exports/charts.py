"""The program that draws a report's charts, by Matplotlib with the letters of Be Vietnam Pro."""

import io
import sys
from collections.abc import Sequence

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import MaxNLocator

from central.api.exports.drawing import Bars, Lines
from central.api.exports.fonts import REGULAR
from contract.decoders import from_msgpack

_DOTS_PER_INCH = 200
_INK, _QUIET, _LINE, _BAR, _DARK = "#16262b", "#51646a", "#dde3e1", "#2f7f86", "#0f5257"
_LETTERS = FontProperties(fname=str(REGULAR), size=8)


def main() -> None:
    """Draw what comes in, as `central.api.exports.drawing` sends it, and give it out."""
    asked = from_msgpack(sys.stdin.buffer.read(), list[Bars | Lines])
    sys.stdout.buffer.write(msgspec.msgpack.encode([picture(chart) for chart in asked]))


def picture(chart: Bars | Lines) -> bytes:
    """One chart as PNG."""
    file = io.BytesIO()
    figure_of(chart).savefig(file, format="png")
    return file.getvalue()


def figure_of(chart: Bars | Lines) -> Figure:
    """One chart. Lines are told apart by dashes and marks as well as by colour; heights are marked
    by whole numbers, so no language's decimal mark is needed."""
    figure, axes = _empty(chart.title, chart.size_mm)
    if isinstance(chart, Bars):
        heights = [value or 0 for value in chart.values]
        axes.bar(range(len(chart.days)), heights, color=_BAR, width=0.7)
    else:
        looks = ((_DARK, "-", "o"), (_BAR, "--", "s"))
        for (name, values), (colour, dashes, mark) in zip(chart.series, looks, strict=False):
            points = [float("nan") if value is None else value for value in values]
            axes.plot(points, label=name, color=colour, linestyle=dashes, marker=mark, markersize=3)
        axes.legend(prop=_LETTERS, frameon=False, loc="upper right", ncols=len(chart.series))
    _finish(figure, axes, chart.days)
    return figure


def _empty(title: str, size_mm: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(size_mm[0] / 25.4, size_mm[1] / 25.4), dpi=_DOTS_PER_INCH)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontproperties=_LETTERS, color=_QUIET)
    return figure, axes


def _finish(figure: Figure, axes: Axes, days: Sequence[str]) -> None:
    axes.margins(y=0.15)
    axes.autoscale_view()
    axes.set_ylim(0, max(1, axes.get_ylim()[1]))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter("{x:.0f}")
    axes.set_xlim(-0.6, len(days) - 0.4)
    axes.set_xticks(range(len(days)), days)
    axes.grid(axis="y", color=_LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(length=0, colors=_INK)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(_LETTERS)
    figure.tight_layout(pad=0.4)


if __name__ == "__main__":
    main()
