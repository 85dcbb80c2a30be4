"""Charts are drawn in a process of their own."""

import subprocess
import sys

import pytest

from central.api.exports import drawing
from central.api.exports.charts import figure_of
from central.api.exports.drawing import Bars, DrawingError, Lines, draw

SIZE_MM = (180.0, 60.0)


def test_each_chart_is_a_picture_of_its_size() -> None:
    days = ("1", "2", "3")
    pictures = draw(
        [
            Bars("Đã cấp số", SIZE_MM, days, (1.0, None, 3.0)),
            Lines("Chờ", SIZE_MM, days, (("Trung vị", (1.0, None, 2.0)), ("P90", (3.0, 2.0, 4.0)))),
        ]
    )
    for picture in pictures:
        assert picture.startswith(b"\x89PNG")
        width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
        assert width / height == pytest.approx(3.0, rel=0.01)


@pytest.mark.parametrize(
    ("highest", "marks"),
    [
        (None, ["0", "1"]),
        (0.4, ["0", "1"]),
        (3.2, ["0", "1", "2", "3"]),
        (61234.5, ["0", "15000", "30000", "45000", "60000", "75000"]),
    ],
)
def test_heights_are_marked_by_whole_numbers(highest: float | None, marks: list[str]) -> None:
    days = ("1", "2")
    for chart in (
        Bars("Đã cấp số", SIZE_MM, days, (highest, None)),
        Lines("Chờ", SIZE_MM, days, (("Trung vị", (highest, None)),)),
    ):
        (axes,) = figure_of(chart).axes
        top = axes.get_ylim()[1]
        shown = [
            label.get_text()
            for label, at in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)
            if 0 <= at <= top
        ]
        assert shown[: len(marks)] == marks[: len(shown)]
        assert len(shown) >= 2


def test_a_drawing_that_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_PROGRAM", "no.such.program")
    with pytest.raises(DrawingError, match="could not be drawn"):
        draw([Bars("", SIZE_MM, ("1",), (1.0,))])


def test_the_centres_commands_do_not_load_what_draws() -> None:
    asked = "import sys, central.__main__; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
