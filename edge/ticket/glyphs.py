"""Letters drawn into the cell of a printer's own characters, for printers that lack them."""

import unicodedata
from functools import cache

from fontpkg_be_vietnam_pro import ROOT
from PIL import Image, ImageDraw, ImageFont

# The usual character of ESC/POS, font A, and the line on which its letters stand.
CELL_DOTS = (12, 24)
_BASELINE_DOTS = 19
_WIDEST_DOTS = 11

_FILE = ROOT / "files" / "BeVietnamPro-Medium.ttf"
_SIZE_DOTS = 20
_DRAWN_LARGER = 8

# Ink above this of 255 is a burnt dot: chosen by eye. Accents are so thin that half of them counts.
_BURN_FROM = 105
_BURN_ACCENTS_FROM = 72


def columns_of(letter: str) -> bytes:
    """`letter` as ESC & takes it: 12 columns from the left, 3 bytes each from the top.

    Accents that would rise above the cell press the letter down, and a wide letter is narrowed, so
    nothing is cut off. Raises KeyError for a letter that the typeface lacks.
    """
    return cell_of(letter).transpose(Image.Transpose.TRANSPOSE).tobytes()


@cache
def cell_of(letter: str) -> Image.Image:
    """`letter` in its cell: mode "1", ink is 255. Raises KeyError as `columns_of` does."""
    font = ImageFont.truetype(
        _FILE, _SIZE_DOTS * _DRAWN_LARGER, layout_engine=ImageFont.Layout.BASIC
    )
    left, top, right, bottom = (round(edge) for edge in font.getbbox(letter, anchor="ls"))
    if letter == " ":
        return Image.new("1", CELL_DOTS)
    if not letter.isprintable() or left == right or top == bottom:
        raise KeyError(letter)
    large = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(large).text((-left, -top), letter, fill=255, font=font, anchor="ls")

    width, height = CELL_DOTS
    across = min(_WIDEST_DOTS, round(large.width / _DRAWN_LARGER))
    above = min(_BASELINE_DOTS, round(-top / _DRAWN_LARGER))
    below = min(height - _BASELINE_DOTS, round(bottom / _DRAWN_LARGER))
    body = unicodedata.normalize("NFD", letter)[0]
    accents = round((above + below) * (font.getbbox(body, anchor="ls")[1] - top) / large.height)
    small = large.resize((across, above + below), Image.Resampling.BOX)
    cell = Image.new("1", CELL_DOTS)
    at = ((width - across) // 2, _BASELINE_DOTS - above)
    cell.paste(small.point(_burnt(_BURN_FROM), "1"), at)
    cell.paste(small.crop((0, 0, across, accents)).point(_burnt(_BURN_ACCENTS_FROM), "1"), at)
    return cell


def _burnt(ink: int) -> list[int]:
    return [0] * ink + [255] * (256 - ink)
