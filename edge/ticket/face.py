"""The typeface of tickets: Be Vietnam Pro, drawn for Vietnamese, at the sizes a ticket needs."""

from functools import lru_cache
from math import ceil

from fontpkg_be_vietnam_pro import ROOT
from PIL import Image, ImageDraw, ImageFont

from edge.ticket.layout import ASCENT_EM, DESCENT_EM, Measure, Weight

_WIDTHS_REMEMBERED = 4096

# Ink above this of 255 is a burnt dot: chosen by eye, so that stems stay even at 22 dots.
_BURN_FROM = 110
_BURN = [0] * _BURN_FROM + [255] * (256 - _BURN_FROM)


class Face:
    """Measures and draws lines of text; remembers the sizes it opened and the widths it measured.

    `width_dots(text, size_dots, weight)` is how wide `text` is, from its first dot to its last.
    """

    def __init__(self) -> None:
        self._fonts: dict[tuple[Weight, int], ImageFont.FreeTypeFont] = {}
        self.width_dots: Measure = lru_cache(_WIDTHS_REMEMBERED)(self._width_dots)

    def draw(self, text: str, size_dots: int, weight: Weight) -> tuple[Image.Image, int]:
        """`text` in one line (mode "1", ink is 255), and how far its baseline is below the top."""
        font = self._font(size_dots, weight)
        left = min(0, font.getbbox(text, anchor="ls")[0])
        baseline = round(ASCENT_EM * size_dots)
        size = (self.width_dots(text, size_dots, weight), baseline + round(DESCENT_EM * size_dots))
        grey = Image.new("L", size)
        ImageDraw.Draw(grey).text((-left, baseline), text, fill=255, font=font, anchor="ls")
        return grey.point(_BURN, "1"), baseline

    def _width_dots(self, text: str, size_dots: int, weight: Weight) -> int:
        left, _, right, _ = self._font(size_dots, weight).getbbox(text, anchor="ls")
        return ceil(right - min(0, left))

    def _font(self, size_dots: int, weight: Weight) -> ImageFont.FreeTypeFont:
        key = (weight, size_dots)
        if key not in self._fonts:
            file = ROOT / "files" / f"BeVietnamPro-{weight}.ttf"
            self._fonts[key] = ImageFont.truetype(
                file, size_dots, layout_engine=ImageFont.Layout.BASIC
            )
        return self._fonts[key]
