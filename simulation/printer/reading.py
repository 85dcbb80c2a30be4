"""Reads a character that the host drew, as a person would: which Vietnamese letter is it?

The letters are drawn here once more, large, in another weight and by other means than the ticket's;
the one that a drawing resembles most, stretched to its size, is what it says.
"""

from functools import cache
from typing import NamedTuple

from fontpkg_be_vietnam_pro import ROOT
from PIL import Image, ImageChops, ImageDraw, ImageFont

from simulation.printer.code_pages import TCVN3_CAPITALS, TCVN3_SMALL

_TYPE_SIZE = 160
_GAPS_WEIGH = 0.15
_UNREADABLE = "\ufffd"
_LETTERS = sorted(set(TCVN3_SMALL + TCVN3_CAPITALS) - {_UNREADABLE})


class _Outline(NamedTuple):
    """Ink, and how much of its height hangs below the line."""

    ink: Image.Image
    below: float


@cache
def letter_of(cell: bytes, size: tuple[int, int], baseline: int) -> str:
    """The letter in a cell of `size` dots (mode "1", ink is not 0), standing on row `baseline`.

    Returns U+FFFD for an empty cell.
    """
    drawn = Image.frombytes("1", size, cell)
    if drawn.getbbox() is None:
        return _UNREADABLE
    seen = _outlined(drawn, baseline)
    return min(_LETTERS, key=lambda letter: _difference(seen, _outline(letter)))


def _difference(seen: _Outline, known: _Outline) -> float:
    stretched = known.ink.resize(seen.ink.size, Image.Resampling.BOX)
    apart = ImageChops.difference(seen.ink, stretched).histogram()
    ink = sum(value * value * count for value, count in enumerate(apart))
    rows = zip(_darkest(seen.ink), _darkest(stretched), strict=True)
    gaps = seen.ink.width * sum((here - there) ** 2 for here, there in rows)
    slimmer = abs(seen.ink.width / seen.ink.height - known.ink.width / known.ink.height)
    return (ink + _GAPS_WEIGH * gaps) * (1 + slimmer + abs(seen.below - known.below))


def _darkest(ink: Image.Image) -> list[int]:
    """The darkest dot of each row: where the letter's parts end and its accents begin."""
    dots = ink.tobytes()
    return [max(dots[row : row + ink.width]) for row in range(0, len(dots), ink.width)]


@cache
def _outline(letter: str) -> _Outline:
    font = ImageFont.truetype(ROOT / "files" / "BeVietnamPro-SemiBold.ttf", _TYPE_SIZE)
    paper = Image.new("L", (2 * _TYPE_SIZE, 3 * _TYPE_SIZE))
    line = 2 * _TYPE_SIZE
    ImageDraw.Draw(paper).text((_TYPE_SIZE, line), letter, fill=255, font=font, anchor="ms")
    return _outlined(paper, line)


def _outlined(drawn: Image.Image, baseline: int) -> _Outline:
    left, top, right, bottom = drawn.getbbox() or (0, 0, 1, 1)
    ink = drawn.crop((left, top, right, bottom)).convert("L")
    return _Outline(ink, (bottom - baseline) / ink.height)
